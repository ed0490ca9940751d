"""Other people's clients ask faulty-dnsd: dig (BIND), drill (ldns), kdig (Knot), unbound-host, and
getdns_query (getdns).

Their words differ from one to the other and from version to version; what is read of them is what
all of them say: response code, flags, EDNS, records.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dnsd import Dnsd, running

from staplelab.waiting import BOUND_SECONDS

HOST, ALIAS, MANY = "ocsp.staplelab.test", "www.staplelab.test", "many.staplelab.test"
OWN, OWN6 = "127.0.0.5", "::1"
ADDRESSES = [f"10.0.0.{number}" for number in range(1, 121)]

#: a query without EDNS, what asks for DNSSEC's records too, and what asks over TCP alone
CLIENTS = {
    "dig": (["+noedns"], ["+dnssec"], ["+tcp"]),
    "drill": ([], ["-D"], ["-t"]),
    "kdig": (["+noedns"], ["+dnssec"], ["+tcp"]),
}
_RCODE = re.compile(r"\b(?:status|rcode): ([A-Z]+)")
_FLAGS = re.compile(r"^;; flags: ([a-z ]+?) ?;", re.MULTILINE | re.IGNORECASE)
_EDNS = re.compile(r"version:? 0[,;] flags:([ a-z]*); udp(?: size)?: (\d+)", re.IGNORECASE)
#: unbound-host takes .test for a zone that it knows itself, and asks nobody on loopback
_UNBOUND = """server:
    do-not-query-localhost: no
    local-zone: "test." nodefault
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{port}
"""


@dataclass
class Answer:
    """What a client has understood."""

    rcode: str
    flags: set[str]
    #: None: no EDNS in the response; else its flags and the size that it tells
    edns: tuple[str, int] | None
    #: the lines of all sections, without TTL and class
    records: list[str]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dnsd]:
    arguments = ["--listen", "127.0.0.1:0"]
    for record in (f"{HOST}/A={OWN}", f"{HOST}/AAAA={OWN6}", f"{ALIAS}/CNAME={HOST}"):
        arguments += ["--record", record]
    arguments += ["--record", f"{MANY}/A={','.join(ADDRESSES)}"]
    with running(tmp_path_factory.mktemp("dnsd"), *arguments) as started:
        yield started


@pytest.fixture
def dnsd(program: Dnsd) -> Iterator[Dnsd]:
    program.reset()
    yield program
    program.reset()


def run(*command: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=3 * BOUND_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ask(dnsd: Dnsd, client: str, name: str, rrtype: str, *options: str) -> Answer:
    port = str(dnsd.ready["listeners"][0]["port"])
    said = run(client, *options, "-p", port, "@127.0.0.1", name, rrtype)
    rcode, flags, edns = _RCODE.search(said), _FLAGS.search(said), _EDNS.search(said)
    assert rcode is not None and flags is not None, said
    lines = [line.split() for line in said.splitlines() if line and not line.startswith(";")]
    return Answer(
        rcode[1],
        set(flags[1].split()),
        None if edns is None else (edns[1].strip(), int(edns[2])),
        [" ".join((words[0], *words[3:])) for words in lines],
    )


def transports(dnsd: Dnsd) -> list[str]:
    return [event["transport"] for event in dnsd.events("response")]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize(
    ("name", "rrtype", "records"),
    [
        (HOST, "A", [f"{HOST}. A {OWN}"]),
        (HOST, "AAAA", [f"{HOST}. AAAA {OWN6}"]),
        (ALIAS, "A", [f"{ALIAS}. CNAME {HOST}.", f"{HOST}. A {OWN}"]),
        (ALIAS, "CNAME", [f"{ALIAS}. CNAME {HOST}."]),
    ],
)
def test_records(
    dnsd: Dnsd, client: str, tcp: bool, name: str, rrtype: str, records: list[str]
) -> None:
    options = CLIENTS[client][2] if tcp else []
    answer = ask(dnsd, client, name, rrtype, *options)
    assert (answer.rcode, answer.records) == ("NOERROR", records)
    assert answer.flags == {"qr", "aa", "rd", "ra"}
    assert transports(dnsd) == ["tcp" if tcp else "udp"]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("name", "rrtype", "rcode"),
    [
        (f"nowhere.{HOST}", "A", "NXDOMAIN"),
        ("nowhere.staplelab.test", "A", "NXDOMAIN"),
        (HOST, "TXT", "NOERROR"),
        ("staplelab.test", "A", "NOERROR"),
    ],
)
def test_no_records(dnsd: Dnsd, client: str, name: str, rrtype: str, rcode: str) -> None:
    answer = ask(dnsd, client, name, rrtype)
    assert answer.rcode == rcode
    assert len(answer.records) == 1 and " SOA " in answer.records[0]


@pytest.mark.parametrize("client", CLIENTS)
def test_edns(dnsd: Dnsd, client: str) -> None:
    """Only who says EDNS hears of it, and DO comes back as it was sent (RFC 3225, 3)."""
    without, dnssec, _ = CLIENTS[client]
    assert ask(dnsd, client, HOST, "A", *without).edns is None
    assert ask(dnsd, client, HOST, "A", *dnssec).edns == ("do", 1232)
    assert ask(dnsd, client, "nowhere.staplelab.test", "A", *dnssec).edns == ("do", 1232)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_truncated_response(dnsd: Dnsd, client: str) -> None:
    """dig and kdig ask again over TCP by themselves, drill when it is told to."""
    without, _, tcp = CLIENTS[client]
    answer = ask(dnsd, client, MANY, "A", *without)
    if client == "drill":
        assert "tc" in answer.flags and answer.records == []
        answer = ask(dnsd, client, MANY, "A", *tcp)
    assert "tc" not in answer.flags
    assert answer.records == [f"{MANY}. A {address}" for address in ADDRESSES]
    assert transports(dnsd) == ["udp", "tcp"]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", ["servfail", "nxdomain", "refused"])
def test_a_fault_is_understood(dnsd: Dnsd, client: str, fault: str) -> None:
    dnsd.fault(fault)
    assert ask(dnsd, client, HOST, "A").rcode == fault.upper()


def unbound(dnsd: Dnsd, folder: Path, name: str, rrtype: str) -> str:
    (folder / "conf").write_text(_UNBOUND.format(port=dnsd.ready["listeners"][0]["port"]))
    return run("unbound-host", "-C", str(folder / "conf"), "-t", rrtype, name)


@pytest.mark.parametrize(
    ("name", "rrtype", "seen"),
    [
        (HOST, "A", [OWN]),
        (HOST, "AAAA", [OWN6]),
        (ALIAS, "A", [OWN]),
        (MANY, "A", ADDRESSES),
        (HOST, "MX", []),
    ],
)
def test_a_resolver(dnsd: Dnsd, tmp_path: Path, name: str, rrtype: str, seen: list[str]) -> None:
    """unbound, as a library: it follows the alias and goes over to TCP itself."""
    said = unbound(dnsd, tmp_path, name, rrtype)
    assert "NXDOMAIN" not in said
    found = re.findall(r" address (\S+)", said)
    assert sorted(found) == sorted(seen), said
    assert ("tcp" in transports(dnsd)) is (name == MANY)


def test_a_resolver_and_no_such_name(dnsd: Dnsd, tmp_path: Path) -> None:
    assert "NXDOMAIN" in unbound(dnsd, tmp_path, "nowhere.staplelab.test", "A")


# ----- getdns: another stub resolver, whose words are JSON -----


def getdns(dnsd: Dnsd, name: str, rrtype: str, *options: str) -> dict[str, Any]:
    """What it has understood of the last response."""
    at = f"@127.0.0.1@{dnsd.ready['listeners'][0]['port']}"
    told = json.loads(run("getdns_query", "-s", "-j", *options, at, name, rrtype))
    reply: dict[str, Any] = told["replies_tree"][-1]
    return reply


def addresses_in(reply: dict[str, Any]) -> list[str]:
    found = (record["rdata"] for record in reply["answer"])
    return [value for rdata in found for key, value in rdata.items() if key.startswith("ipv")]


@pytest.mark.parametrize(("option", "transport"), [("-U", "udp"), ("-T", "tcp")])
@pytest.mark.parametrize(
    ("name", "rrtype", "seen"),
    [(HOST, "A", [OWN]), (HOST, "AAAA", [OWN6]), (ALIAS, "A", [OWN])],
)
def test_getdns(
    dnsd: Dnsd, option: str, transport: str, name: str, rrtype: str, seen: list[str]
) -> None:
    reply = getdns(dnsd, name, rrtype, option)
    assert addresses_in(reply) == seen
    assert reply["canonical_name"] == f"{HOST}."
    header = reply["header"]
    assert [header[flag] for flag in ("qr", "aa", "rd", "ra", "tc")] == [1, 1, 1, 1, 0]
    assert transports(dnsd) == [transport]


def test_getdns_goes_over_to_tcp(dnsd: Dnsd) -> None:
    assert addresses_in(getdns(dnsd, MANY, "A")) == ADDRESSES
    assert transports(dnsd) == ["udp", "tcp"]


@pytest.mark.parametrize(
    ("name", "rrtype", "rcode"),
    [(f"nowhere.{HOST}", "A", 3), (HOST, "TXT", 0), ("staplelab.test", "A", 0)],
)
def test_getdns_and_no_records(dnsd: Dnsd, name: str, rrtype: str, rcode: int) -> None:
    reply = getdns(dnsd, name, rrtype)
    assert (reply["header"]["rcode"], reply["answer"]) == (rcode, [])
    (authority,) = reply["authority"]
    assert authority["rdata"]["mname"] == "ns.invalid."


def test_getdns_and_dnssec(dnsd: Dnsd) -> None:
    """DO comes back as it was sent (RFC 3225, 3)."""
    for option, flag in (("-d", 0), ("-D", 1)):
        (edns,) = getdns(dnsd, HOST, "A", option)["additional"]
        assert (edns["do"], edns["udp_payload_size"], edns["version"]) == (flag, 1232, 0)
