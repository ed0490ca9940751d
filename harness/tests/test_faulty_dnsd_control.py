"""faulty-dnsd's events, rules, records and command line."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dns_wire import AAAA, HEALTHY_FLAGS, address, header, query, question
from dnsd import Dnsd, fails, running
from dnsd_messages import ARGUMENTS, HEALTHY, HOST, OWN, TRUNCATED, error

from staplelab.parts.control import ControlError


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dnsd]:
    with running(tmp_path_factory.mktemp("dnsd"), *ARGUMENTS) as started:
        yield started


@pytest.fixture
def dnsd(program: Dnsd) -> Iterator[Dnsd]:
    program.reset()
    yield program
    program.reset()


# ----- events and waiting -----


def test_a_query_and_its_response_are_told(dnsd: Dnsd) -> None:
    client = dnsd.udp()
    client.ask(query(HOST))
    seen = dnsd.events("query")[0]
    port = client.socket.getsockname()[1]
    wanted = {
        "listener": "0",
        "client": "127.0.0.1",
        "client_port": port,
        "transport": "udp",
        "qname": HOST,
        "qtype": "A",
        "id": 0x1234,
        "flags": 0x0100,
        "octets": len(query(HOST)),
        "edns": False,
        "planned": [],
    }
    assert {key: seen[key] for key in wanted} == wanted
    told = dnsd.events("response")[0]
    wanted = {
        "qname": HOST,
        "qtype": "A",
        "rcode": 0,
        "answers": [f"{HOST} 300 A {OWN}"],
        "octets": len(HEALTHY),
        "truncated": False,
        "transport": "udp",
        "faults": [],
    }
    assert {key: told[key] for key in wanted} == wanted


def test_types_without_a_name_go_by_number(dnsd: Dnsd) -> None:
    dnsd.ask(query(HOST, 65280))
    assert dnsd.wait("query")["qtype"] == "TYPE65280"


def test_a_connection_without_a_query_is_owed(dnsd: Dnsd) -> None:
    stream = dnsd.tcp()
    dnsd.wait("accept")
    with pytest.raises(ControlError) as refusal:
        dnsd.quiet(bound_ms=20)
    assert refusal.value.status == 408
    assert stream.ask(query(HOST)) == HEALTHY
    dnsd.quiet()


def test_quiet_comes_after_all_that_was_sent_before(dnsd: Dnsd) -> None:
    """Nothing looks into the sockets: quiet is judged after all that was there to be read."""
    datagrams, stream = dnsd.udp(), dnsd.tcp()
    stream.ask(query(HOST))
    for ident in range(100):
        datagrams.send(query(HOST, ident=ident))
        stream.send(query(HOST, ident=ident))
    dnsd.quiet()
    assert len(dnsd.events("response")) == 201


# ----- rules -----


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({"qname": "OCSP.staplelab.TEST."}, True),
        ({"qname": "staplelab.test"}, False),
        ({"qtype": "a"}, True),
        ({"qtype": "TYPE1"}, True),
        ({"qtype": "AAAA"}, False),
        ({"transport": "UDP"}, True),
        ({"transport": "tcp"}, False),
        ({"listener": "0"}, True),
        ({"listener": "other"}, False),
        ({"client": "127.0.0.1"}, True),
        ({"client": "127.0.0.2"}, False),
    ],
    ids=str,
)
def test_match_keys(dnsd: Dnsd, match: dict[str, str], hit: bool) -> None:
    dnsd.rules({"match": match, "sequence": [{"do": [{"fault": "refused"}]}]})
    assert dnsd.ask(query(HOST)) == (error(5) if hit else HEALTHY)


def use(fault: str, **params: Any) -> dict[str, Any]:
    return {"id": "mine", "sequence": [{"do": [{"fault": fault, **params}]}]}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (use("wrong-address", values=["127.0.0.1", "localhost"]), "localhost"),
        (use("mixed-addresses", dead=["127.0.0.256"]), "127.0.0.256"),
        (use("cname-single", target="a..b"), "a domain name"),
        (use("servfial"), "servfail"),
        (use("rcode-unassigned", value=5), "6"),
        ({"match": {"qtype": "NONE"}, **use("servfail")}, "qtype"),
        ({"match": {"client": "localhost"}, **use("servfail")}, "client"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_rule_is_refused_and_the_others_stay(
    dnsd: Dnsd, rule: dict[str, Any], words: str
) -> None:
    dnsd.fault("servfail")
    with pytest.raises(ControlError) as refusal:
        dnsd.rules(rule)
    assert refusal.value.status == 400
    assert words in refusal.value.problem["detail"]
    assert dnsd.ask(query(HOST)) == error(2)


# ----- records -----


def test_records_are_put_removed_and_reset(dnsd: Dnsd) -> None:
    before = dnsd.control.call("GET", "/v1/records")
    path = "/v1/records/New.Staplelab.test./aaaa"
    dnsd.control.call("PUT", path, {"values": ["2001:DB8::1"], "ttl": 5})
    wanted = header(0x1234, HEALTHY_FLAGS, an=1) + question("new.staplelab.test", AAAA)
    asked = query("new.staplelab.test", AAAA)
    assert dnsd.ask(asked) == wanted + address("2001:db8::1", 5)
    dnsd.control.call("DELETE", path)
    assert dnsd.ask(asked)[3] & 0x0F == 3

    dnsd.control.call("DELETE", f"/v1/records/{HOST}/A")
    assert dnsd.ask(query(HOST))[6:8] == b"\0\0"
    dnsd.reset()
    assert dnsd.ask(query(HOST)) == HEALTHY
    assert dnsd.control.call("GET", "/v1/records") == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", f"/v1/records/{HOST}/A", {"values": ["::1"]}, 400),
        ("PUT", f"/v1/records/{HOST}/A", None, 400),
        ("PUT", f"/v1/records/{HOST}/TXT", {"values": ["x"]}, 400),
        ("PUT", f"/v1/records/{HOST}/CNAME", {"values": ["x.test"]}, 409),
        ("DELETE", "/v1/records/nowhere.test/A", None, 404),
        ("POST", f"/v1/records/{HOST}/A", {"values": ["127.0.0.1"]}, 405),
        ("PUT", "/v1/records", {"values": ["127.0.0.1"]}, 405),
        ("GET", "/v1/recordz", None, 404),
        ("PUT", f"/v1/records/{HOST}", {"values": ["127.0.0.1"]}, 404),
    ],
)
def test_bad_records_are_refused(
    dnsd: Dnsd, method: str, path: str, body: Any, status: int
) -> None:
    before = dnsd.control.call("GET", "/v1/records")
    with pytest.raises(ControlError) as refusal:
        dnsd.control.call(method, path, body)
    assert refusal.value.status == status
    assert dnsd.control.call("GET", "/v1/records") == before


def test_a_reset_closes_connections_and_forgets_delayed_responses(dnsd: Dnsd) -> None:
    dnsd.fault("answer-delay")
    stream = dnsd.tcp()
    datagrams = dnsd.udp()
    stream.send(query(HOST))
    datagrams.send(query(HOST))
    dnsd.wait("held", 2)
    dnsd.control.call("POST", "/v1/reset", {"seed": 1})
    assert stream.socket.recv(1) == b""
    dnsd.elapse(10)
    assert datagrams.has_nothing()
    assert dnsd.ask(query(HOST)) == HEALTHY


# ----- the program -----


def test_rules_of_a_file_are_there_from_the_first_query(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('[{"sequence": [{"do": [{"fault": "notimp"}]}]}]')
    with running(tmp_path, "--listen", "127.0.0.1:0", "--rules", str(rules)) as started:
        assert started.ask(query(HOST)) == error(4)


def test_an_end_with_everything_under_way_is_clean(tmp_path: Path) -> None:
    """Whether memory is left over is seen in the exit status, under the sanitizers."""
    with running(tmp_path, *ARGUMENTS) as started:
        started.fault("answer-delay")
        for client in (started.udp(), started.tcp()):
            client.send(query(HOST))
        started.wait("held", 2)
        started.fault("tc-then-tcp-fails")
        assert started.ask(query(HOST)) == TRUNCATED


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--listen", "127.0.0.1"], 2, "port"),
        (["--record", "x.test/A=127.0.0.1"], 2, "--listen"),
        (["--listen", "127.0.0.1:0", "--record", "x.test/A=::1"], 2, "IPv4"),
        (["--listen", "127.0.0.1:0", "--record", "x.test=127.0.0.1"], 2, "NAME/TYPE"),
        (["--listen", "127.0.0.1:0", "--recrod", "x"], 2, "recrod"),
        (["--listen", "192.0.2.1:0"], 1, "192.0.2.1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_command_line_is_refused(arguments: list[str], status: int, words: str) -> None:
    code, said = fails(*arguments)
    assert code == status
    assert words in said
    assert len(said.splitlines()) <= 2


def test_a_port_that_is_taken_over_tcp_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = fails("--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert code == 1
    assert "already in use" in said


def test_bad_addresses_in_a_rules_file_are_refused(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(
        '[{"sequence": [{"do": [{"fault": "wrong-address", "values": ["here"]}]}]}]'
    )
    code, said = fails("--listen", "127.0.0.1:0", "--rules", str(rules))
    assert code == 1
    assert '"here"' in said
