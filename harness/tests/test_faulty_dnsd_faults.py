"""Faults of faulty-dnsd where it matters that there are sockets, a clock and another's parser.

That each fault does what it says is held row by row by responders/dns/tests/test_exchange.c.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import dns.exception
import dns.flags
import dns.message
import pytest
from dns_wire import A, AAAA, query
from dnsd import Dnsd, running
from dnsd_messages import ARGUMENTS, HEALTHY, HOST, OWN, TRUNCATED, error

DEAD = "127.255.255.254"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dnsd]:
    with running(tmp_path_factory.mktemp("dnsd"), *ARGUMENTS) as started:
        yield started


@pytest.fixture
def dnsd(program: Dnsd) -> Iterator[Dnsd]:
    program.reset()
    yield program
    program.reset()


def test_without_a_rule_the_response_is_healthy(dnsd: Dnsd) -> None:
    assert dnsd.ask(query(HOST)) == HEALTHY
    assert [event["planned"] for event in dnsd.events("query")] == [[]]
    assert [event["faults"] for event in dnsd.events("response")] == [[]]


# ----- by dnspython's judgement -----

CONTENT: list[tuple[str, dict[str, Any], int, int, list[str]]] = [
    ("servfail", {}, A, 2, []),
    ("nxdomain", {}, A, 3, []),
    ("rcode-unassigned", {"value": 15}, A, 15, []),
    ("nodata", {}, A, 0, []),
    ("rcode-with-answers", {"rcode": 5}, A, 5, [f"{HOST}. 300 IN A {OWN}"]),
    ("per-type-divergence", {}, AAAA, 2, []),
    ("wrong-address", {"values": ["::2"]}, AAAA, 0, [f"{HOST}. 300 IN AAAA ::2"]),
    ("mixed-addresses", {}, A, 0, [f"{HOST}. 300 IN A {DEAD}", f"{HOST}. 300 IN A {OWN}"]),
    (
        "cname-single",
        {"target": "x.test"},
        A,
        0,
        [f"{HOST}. 300 IN CNAME x.test.", f"x.test. 300 IN A {OWN}"],
    ),
    (
        "cname-chain",
        {"n": 2},
        A,
        0,
        [
            f"{HOST}. 300 IN CNAME c1.{HOST}.",
            f"c1.{HOST}. 300 IN CNAME c2.{HOST}.",
            f"c2.{HOST}. 300 IN A {OWN}",
        ],
    ),
    ("cname-loop", {"length": 1}, A, 0, [f"{HOST}. 300 IN CNAME {HOST}."]),
    ("ttl-zero", {}, A, 0, [f"{HOST}. 0 IN A {OWN}"]),
]


@pytest.mark.parametrize(
    ("fault", "params", "rrtype", "rcode", "answers"), CONTENT, ids=[row[0] for row in CONTENT]
)
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_what_a_response_says(
    dnsd: Dnsd,
    fault: str,
    params: dict[str, Any],
    rrtype: int,
    rcode: int,
    answers: list[str],
    tcp: bool,
) -> None:
    dnsd.fault(fault, **params)
    client = dnsd.tcp() if tcp else dnsd.udp()
    said = dns.message.from_wire(client.ask(query(HOST, rrtype)))
    assert said.rcode() == rcode
    assert [line for rrset in said.answer for line in rrset.to_text().splitlines()] == answers
    assert [event["planned"] for event in dnsd.events("query")] == [[fault]]
    assert [event["faults"] for event in dnsd.events("response")] == [[fault]]


@pytest.mark.parametrize(
    ("fault", "params"),
    [
        ("message-cut", {}),
        ("message-cut", {"at": 65535}),
        ("compression-loop", {}),
        ("compression-loop", {"form": "cycle"}),
        ("compression-loop", {"where": "owner"}),
        ("compression-loop", {"where": "owner", "form": "cycle"}),
    ],
    ids=str,
)
def test_what_no_parser_accepts(dnsd: Dnsd, fault: str, params: dict[str, Any]) -> None:
    dnsd.fault(fault, **params)
    with pytest.raises(dns.exception.DNSException):
        dns.message.from_wire(dnsd.ask(query(HOST)))
    assert dnsd.wait("response")["faults"] == [fault]


def test_what_is_not_taken_for_a_response(dnsd: Dnsd) -> None:
    asked = dns.message.from_wire(query(HOST))
    for fault in ("wrong-id", "qr-bit-clear"):
        dnsd.fault(fault)
        assert not asked.is_response(dns.message.from_wire(dnsd.ask(query(HOST))))


def test_the_longest_chain_needs_tcp(dnsd: Dnsd) -> None:
    dnsd.fault("cname-chain", n=200)
    assert dnsd.ask(query(HOST)) == TRUNCATED
    said = dns.message.from_wire(dnsd.tcp().ask(query(HOST)))
    assert len(said.answer) == 201
    assert said.answer[-1].to_text() == f"c200.{HOST}. 300 IN A {OWN}"
    # the message that had no room for it does not prove it
    assert [event["faults"] for event in dnsd.events("response")] == [[], ["cname-chain"]]


# ----- loss and time -----


def test_drop_query(dnsd: Dnsd) -> None:
    dnsd.fault("drop-query")
    datagrams, stream = dnsd.udp(), dnsd.tcp()
    datagrams.send(query(HOST))
    stream.send(query(HOST))
    assert dnsd.wait("dropped", 2)["faults"] == ["drop-query"]
    assert datagrams.has_nothing()
    assert stream.has_nothing()
    # the connection is as good as before
    dnsd.rules()
    assert stream.ask(query(HOST)) == HEALTHY


def test_drop_first_n(dnsd: Dnsd) -> None:
    dnsd.fault("drop-first-n", n=2)
    client = dnsd.udp()
    for ident in (1, 2):
        client.send(query(HOST, ident=ident))
    # the first that comes back is the third
    assert client.ask(query(HOST)) == HEALTHY
    assert [event["faults"] for event in dnsd.events("dropped")] == [["drop-first-n"]] * 2
    assert [event["ordinal"] for event in dnsd.events("query")] == [0, 1, 2]


def test_answer_delay(dnsd: Dnsd) -> None:
    dnsd.fault("answer-delay")
    datagrams, stream = dnsd.udp(), dnsd.tcp()
    datagrams.send(query(HOST))
    stream.send(query(HOST))
    dnsd.wait("held", 2)
    dnsd.elapse(1.999)
    assert datagrams.has_nothing()
    assert stream.has_nothing()
    assert dnsd.events("response") == []
    dnsd.elapse(0.001)
    assert datagrams.receive() == HEALTHY
    assert stream.receive() == HEALTHY
    assert [event["faults"] for event in dnsd.events("held")] == [["answer-delay"]] * 2
    assert len(dnsd.events("response")) == 2


def test_one_step_of_the_clock_brings_all_that_is_due_in_order(dnsd: Dnsd) -> None:
    client = dnsd.udp()
    for ident, delay in ((1, 3000), (2, 1000), (3, 60000), (4, 3000), (5, 1000), (6, 3000)):
        dnsd.fault("answer-delay", ms=delay)
        client.send(query(HOST, ident=ident))
        dnsd.wait("held", ident)
    dnsd.elapse(59)
    assert [client.receive()[1] for _ in range(5)] == [2, 5, 1, 4, 6]
    assert client.has_nothing()
    dnsd.elapse(1)
    assert client.receive()[1] == 3


def test_responses_over_one_connection_come_in_the_order_of_their_times(dnsd: Dnsd) -> None:
    stream = dnsd.tcp()
    for ident, delay in ((1, 3000), (2, 1000), (3, 2000)):
        dnsd.fault("answer-delay", ms=delay)
        stream.send(query(HOST, ident=ident))
        dnsd.wait("held", ident)
    dnsd.elapse(5)
    assert [stream.receive()[1] for _ in range(3)] == [2, 3, 1]


def test_a_connection_that_ends_takes_its_delayed_responses_along(dnsd: Dnsd) -> None:
    dnsd.fault("answer-delay")
    stream = dnsd.tcp()
    stream.send(query(HOST))
    dnsd.wait("held")
    stream.close()
    dnsd.wait("close")
    (dropped,) = dnsd.events("dropped")
    assert dropped["why"] == "the connection was closed"
    dnsd.elapse(3)
    assert dnsd.events("response") == []


def test_a_message_and_a_transport_fault_compose(dnsd: Dnsd) -> None:
    dnsd.rules({"sequence": [{"do": [{"fault": "servfail"}, {"fault": "answer-delay", "ms": 50}]}]})
    client = dnsd.udp()
    client.send(query(HOST))
    held = dnsd.wait("held")
    assert held["planned"] == ["servfail", "answer-delay"]
    assert held["faults"] == ["answer-delay"]
    assert client.has_nothing()
    dnsd.elapse(0.05)
    assert client.receive() == error(2)
    assert dnsd.wait("response")["faults"] == ["servfail"]


def test_a_short_ttl_passes_with_the_clock(dnsd: Dnsd) -> None:
    def addresses() -> list[str]:
        dnsd.ask(query(HOST))
        said: list[str] = dnsd.events("response")[-1]["answers"]
        return said

    dnsd.fault("ttl-short-then-change", ttl=7, values=["127.0.0.9"])
    assert addresses() == [f"{HOST} 7 A {OWN}"]
    dnsd.elapse(6)
    assert addresses() == [f"{HOST} 7 A {OWN}"]
    dnsd.elapse(1)
    assert addresses() == [f"{HOST} 7 A 127.0.0.9"]
    # the time runs from the first response of this rule
    dnsd.fault("ttl-short-then-change", ttl=7, values=["127.0.0.9"])
    assert addresses() == [f"{HOST} 7 A {OWN}"]


def test_the_scope_says_what_is_counted_together(dnsd: Dnsd) -> None:
    dnsd.fault("error-then-address", scope="qtype")
    assert dnsd.ask(query(HOST)) == error(2)
    assert dnsd.ask(query(HOST, AAAA))[3] & 0x0F == 2
    assert dnsd.ask(query(HOST)) == HEALTHY
    assert dnsd.ask(query(HOST, AAAA))[3] & 0x0F == 0


def test_what_cannot_be_done_is_a_problem(dnsd: Dnsd) -> None:
    dnsd.fault("cname-chain")
    dnsd.ask(query(".".join(["a" * 62] * 4)))
    problem = dnsd.wait("problem")
    assert problem["fault"] == "cname-chain"
    assert problem["detail"] == "the name has no room for one more label"
    assert [event["faults"] for event in dnsd.events("response")] == [[]]


# ----- from UDP to TCP -----


def test_truncated_udp(dnsd: Dnsd) -> None:
    dnsd.fault("truncated-udp")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    assert dnsd.tcp().ask(query(HOST)) == HEALTHY
    assert [event["faults"] for event in dnsd.events("response")] == [["truncated-udp"], []]


def test_tc_then_tcp_is_refused(dnsd: Dnsd) -> None:
    before = dnsd.tcp()
    dnsd.fault("tc-then-tcp-fails")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    with pytest.raises(ConnectionRefusedError):
        dnsd.tcp()
    assert dnsd.wait("response")["faults"] == ["tc-then-tcp-fails"]
    # a connection from before is reset by its next query
    before.send(query(HOST))
    with pytest.raises(ConnectionResetError):
        before.receive()
    assert dnsd.wait("close")["faults"] == ["tc-then-tcp-fails"]

    dnsd.rules()
    assert dnsd.tcp().ask(query(HOST)) == HEALTHY
    closed, opened = dnsd.events("listener")
    assert (closed["state"], closed["planned"]) == ("closed", ["tc-then-tcp-fails"])
    assert opened["state"] == "open"


def test_a_reset_takes_back_that_connections_are_refused(dnsd: Dnsd) -> None:
    dnsd.fault("tc-then-tcp-fails")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    dnsd.reset()
    assert dnsd.tcp().ask(query(HOST)) == HEALTHY


def test_tc_then_tcp_is_reset(dnsd: Dnsd) -> None:
    dnsd.fault("tc-then-tcp-fails", mode="reset")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    stream = dnsd.tcp()
    stream.send(query(HOST))
    with pytest.raises(ConnectionResetError):
        stream.receive()
    close = dnsd.wait("close")
    assert (close["by"], close["how"], close["sent"]) == ("us", "rst", 0)
    assert close["faults"] == ["tc-then-tcp-fails"]


def test_tc_then_tcp_is_silent(dnsd: Dnsd) -> None:
    dnsd.fault("tc-then-tcp-fails", mode="silent")
    assert dnsd.ask(query(HOST)) == TRUNCATED
    stream = dnsd.tcp()
    stream.send(query(HOST))
    assert dnsd.wait("held")["faults"] == ["tc-then-tcp-fails"]
    dnsd.elapse(3600)
    assert stream.has_nothing()
    stream.close()
    close = dnsd.wait("close")
    assert (close["by"], close["how"]) == ("peer", "fin")


def test_a_held_connection_is_not_owed(dnsd: Dnsd) -> None:
    dnsd.fault("tc-then-tcp-fails", mode="silent")
    stream = dnsd.tcp()
    stream.send(query(HOST))
    dnsd.wait("held")
    dnsd.quiet()
    stream.socket.shutdown(socket.SHUT_WR)
    assert dnsd.wait("close")["by"] == "peer"
