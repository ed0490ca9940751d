"""docs/schema/events.json: every event that the programs tell, to the last member.

Every fault of the catalogue is done once, and what no fault brings about is provoked besides.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
from contextlib import suppress
from typing import Any

import pytest
from dns_wire import AAAA, query
from dnsd import Dnsd
from dnsd import running as running_dnsd
from dnsd_messages import ARGUMENTS, HOST
from ocspd import Ocspd, get, mint, ocsp_request, post
from ocspd import running as running_ocspd
from schemas import SCHEMAS, said, without_one_each

from staplelab.catalogue import read
from staplelab.places import build_folder

EVENTS = SCHEMAS["events"]
#: of an RSA key with a modulus of 12 bits, too short to sign anything with
TINY_KEY = bytes.fromhex("301d 020100 02020ca1 020111 02020ac1 02013d 020135 020135 020131 020126")
#: how many connections faulty-dnsd takes at most
CONNECTIONS_MAX = 512
#: what a rule with one of these needs is not a single request
LISTENER = "listener"

Event = dict[str, Any]


def taken(program: Ocspd | Dnsd) -> list[Event]:
    """All events since the last reset, which the schema must know as the API gives them."""
    got = program.control.call("GET", "/v1/events")
    assert said("events", got) == []
    assert got["dropped"] == 0
    events: list[Event] = got["events"]
    return events


def faults_of(program: str) -> list[tuple[str, list[str]]]:
    """The names of all faults, and the stages at which they act."""
    return [(f["name"], f["stages"]) for f in read(build_folder() / "bin" / program)]


def left_alone(client: socket.socket) -> None:
    """Says that nothing more will come, and takes what there is up to the end."""
    with client, suppress(OSError):  # it may have been reset by now
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


# ----- what the programs are made to do -----


def every_fault_of_the_responder(ocspd: Ocspd) -> None:
    for name, stages in faults_of("faulty-ocspd"):
        ocspd.fault(name)
        if LISTENER not in stages:
            for _ in range(2):
                left_alone(ocspd.ask().socket)
    ocspd.rules()
    ocspd.quiet()


def requests_of_all_kinds(ocspd: Ocspd) -> None:
    stranger = ocsp_request(ocspd.pki).replace(b"\x02\x02\x10\x01", b"\x02\x02\x10\xff")
    for octets in (
        *(get(stranger), post(ocsp_request(ocspd.pki, nonce=b"0123456789abcdef"))),
        *(b"no HTTP\r\n\r\n", b"GET /none HTTP/1.0\r\n\r\n", b"GET /\xff HTTP/1.0\r\n\r\n"),
        *(b"DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", post(b"")),
    ):
        ocspd.fetch(octets)
    ocspd.rules({"probability": 0.5, "sequence": [{"do": []}], "scope": "serial"})
    ocspd.fetch()
    ocspd.fault("der-truncated", at=65535)
    ocspd.fetch()
    ocspd.quiet()


def events_that_the_clock_brings(ocspd: Ocspd) -> None:
    ocspd.fault("fixed-latency")
    peer = ocspd.ask()
    ocspd.wait("held")
    ocspd.elapse(2)
    peer.drain()
    ocspd.quiet()


def every_fault_of_the_name_server(dnsd: Dnsd) -> None:
    for count, (name, _) in enumerate(faults_of("faulty-dnsd"), 1):
        dnsd.rules()
        stream = dnsd.tcp()
        dnsd.fault(name)
        stream.send(query(HOST))
        left_alone(stream.socket)
        for rrtype in (1, AAAA):
            dnsd.udp().send(query(HOST, rrtype))
        dnsd.wait("query", 3 * count)
        dnsd.elapse(10)
    dnsd.rules()


def messages_of_all_kinds(dnsd: Dnsd) -> None:
    stream = dnsd.tcp()
    for message in (b"", b"\x12\x34", query(HOST)[:-1], query("none.test"), query(HOST, 65280)):
        dnsd.udp().send(message)
        stream.send(message)
    dnsd.rules({"probability": 0.5, "sequence": [{"do": []}], "scope": "client"})
    dnsd.ask(query(HOST))
    dnsd.fault("cname-chain")
    too_long = query(".".join(["a" * 62] * 4))
    dnsd.ask(too_long)
    dnsd.tcp().ask(too_long)
    dnsd.quiet()


def too_many_connections(dnsd: Dnsd) -> None:
    clients = [dnsd.tcp() for _ in range(CONNECTIONS_MAX + 1)]
    assert clients[-1].socket.recv(1) == b""


# ----- and what they tell of it -----


@pytest.fixture(scope="module")
def of_responder(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    events = []
    pki = mint(tmp_path_factory.mktemp("pki"))
    with running_ocspd(tmp_path_factory.mktemp("o"), pki, "--listen", "127.0.0.1:0") as ocspd:
        for act in (
            every_fault_of_the_responder, requests_of_all_kinds, events_that_the_clock_brings
        ):
            act(ocspd)
            events += taken(ocspd)
            ocspd.reset()
    manifest = json.loads((pki / "manifest.json").read_text())["certificates"]
    unfit = shutil.copytree(pki, tmp_path_factory.mktemp("unfit") / "pki")
    key = base64.encodebytes(TINY_KEY).decode()
    (unfit / manifest[manifest["www"]["issuer"]]["private_key"]).write_text(
        f"-----BEGIN RSA PRIVATE KEY-----\n{key}-----END RSA PRIVATE KEY-----\n"
    )
    with running_ocspd(tmp_path_factory.mktemp("o"), unfit, "--listen", "127.0.0.1:0") as ocspd:
        events += taken(ocspd)
    return events


@pytest.fixture(scope="module")
def of_name_server(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    events = []
    with running_dnsd(tmp_path_factory.mktemp("d"), *ARGUMENTS) as dnsd:
        for act in (every_fault_of_the_name_server, messages_of_all_kinds, too_many_connections):
            act(dnsd)
            events += taken(dnsd)
            dnsd.reset()
    return events


def forms(program: str) -> list[str]:
    """The definitions of the program's events."""
    union = EVENTS["$defs"][f"{program}_event"]["oneOf"]
    return [one["$ref"].removeprefix("#/$defs/") for one in union]


def members(form: str) -> set[str]:
    return set(EVENTS["$defs"][form]["properties"])


def sorted_by_form(program: str, events: list[Event]) -> dict[str, list[Event]]:
    """That an event has one form alone is what `oneOf` holds."""
    found: dict[str, list[Event]] = {form: [] for form in forms(program)}
    for event in events:
        (form,) = [form for form in found if not said("events", event, form)]
        found[form].append(event)
    return found


@pytest.fixture(scope="module")
def all_by_form(of_responder: list[Event], of_name_server: list[Event]) -> Any:
    return {
        "responder": sorted_by_form("responder", of_responder),
        "name_server": sorted_by_form("name_server", of_name_server),
    }


@pytest.fixture
def by_form(all_by_form: Any, program: str) -> dict[str, list[Event]]:
    events: dict[str, list[Event]] = all_by_form[program]
    return events


both = pytest.mark.parametrize("program", ["responder", "name_server"])


@both
def test_every_form_and_member_is_told(by_form: dict[str, list[Event]]) -> None:
    """So none of them stands in the schema in vain."""
    assert [form for form, events in by_form.items() if not events] == []
    for form, events in by_form.items():
        assert {name for event in events for name in event} == members(form), form


@both
def test_a_new_member_must_be_added(program: str, by_form: dict[str, list[Event]]) -> None:
    for events in by_form.values():
        assert said("events", {**events[0], "color": 1}, f"{program}_event") != []


@both
def test_what_is_always_told_cannot_be_left_out(
    program: str, by_form: dict[str, list[Event]]
) -> None:
    """An event with as few members as any of its form, and one less of them."""
    for form, events in by_form.items():
        least = min(events, key=len)
        for one in without_one_each(least):
            assert said("events", one, f"{program}_event") != [], form


@both
def test_a_value_has_the_type_that_is_told(program: str, by_form: dict[str, list[Event]]) -> None:
    """No member takes a value of any type at all."""
    for form, events in by_form.items():
        for name in events[0]:
            odd = {**events[0], name: {"a": 1}}
            assert said("events", odd, f"{program}_event") != [], f"{form}: {name}"


def test_a_connection_is_numbered_over_tcp_alone(of_name_server: list[Event]) -> None:
    for event in of_name_server:
        numbered = {k: v for k, v in event.items() if k != "connection"}
        if "connection" not in event:
            numbered["connection"] = 1
        assert said("events", numbered, "name_server_event") != []


def test_events_of_two_programs_do_not_mix(
    of_responder: list[Event], of_name_server: list[Event]
) -> None:
    def reply(*events: Event) -> dict[str, Any]:
        return {"events": [*events], "last": 2, "dropped": 0}

    request = next(e for e in of_responder if e["kind"] == "request")
    asked = next(e for e in of_name_server if e["kind"] == "query")
    assert said("events", reply(request)) == said("events", reply(asked)) == []
    assert said("events", reply(request, asked)) != []


@pytest.mark.parametrize(
    "reply",
    [
        [],
        {},
        {"events": {}, "last": 0, "dropped": 0},
        {"events": [3], "last": 1, "dropped": 0},
        {"events": [], "last": -1, "dropped": 0},
        {"events": [], "last": 0, "dropped": None},
        {"events": [], "last": 0, "dropped": 0, "color": 1},
    ],
    ids=json.dumps,
)
def test_what_is_no_list_of_events(reply: Any) -> None:
    assert said("events", reply) != []
