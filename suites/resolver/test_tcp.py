"""DNS over TCP: what was truncated is asked for again, over a connection that is kept for a while.

Observed on nginx 1.22.1; the rules are in ngx_resolver_process_a (TC), ngx_resolver_send_tcp_query
and ngx_resolver_tcp_read.
"""

from __future__ import annotations

from typing import Any

import pytest

from staplelab.scenario.lab import Lab
from suites.dns.table import RESEND
from suites.resolver import wire
from suites.resolver.asking import (
    NOT_FOUND,
    TIMED_OUT,
    ask,
    could_not,
    errors,
    rule,
    site_of,
    start,
)

HOSTS = [f"h{number}.staplelab.test" for number in range(6)]
HOST = HOSTS[0]
UDP, TCP = {"transport": "udp"}, {"transport": "tcp"}


def put(lab: Lab, *values: str) -> None:
    for host in HOSTS:
        lab.stub.record(host, "A", *(values or (lab.address("responder"),)))


def asked(lab: Lab) -> list[tuple[str, str]]:
    return [(one["transport"], one["qtype"]) for one in lab.stub.requests()]


def connections(lab: Lab, **fields: str) -> list[int]:
    """Over which TCP connection each query came."""
    return [one["connection"] for one in lab.stub.requests(transport="tcp", **fields)]


def test_both_over_one_connection(lab: Lab) -> None:
    """With the IDs that they had over UDP."""
    put(lab)
    lab.inject("truncated-udp")
    start(lab, HOST)
    ask(lab, 0, 1, 4)
    assert sorted(asked(lab)) == [("tcp", "A"), ("tcp", "AAAA"), ("udp", "A"), ("udp", "AAAA")]
    assert len(set(connections(lab))) == 1
    ids = {(one["qtype"], one["id"]) for one in lab.stub.requests()}
    assert len(ids) == 2


@pytest.mark.parametrize("qtype", ["A", "AAAA"])
def test_one_of_them(lab: Lab, qtype: str) -> None:
    put(lab)
    lab.inject("truncated-udp", match={"qtype": qtype})
    start(lab, HOST)
    ask(lab, 0, 1, 3)
    assert [one for one in asked(lab) if one[0] == "tcp"] == [("tcp", qtype)]


def test_kept_for_five_seconds(lab: Lab) -> None:
    """After the last query: who asks within them shares the connection."""
    put(lab)
    lab.inject("truncated-udp", match={"qtype": "A"})
    start(lab, *HOSTS)
    for site, pause in enumerate((0, 4.9, 4.9, 5.1, 4.9)):
        lab.step(pause)
        ask(lab, site, 1, 3)
    first, second, third, fourth, fifth = connections(lab)
    assert first == second == third != fourth == fifth


def test_to_the_server_that_truncated(lab: Lab) -> None:
    """Each has a connection of its own."""
    put(lab)
    lab.inject("truncated-udp", match={"qtype": "A"})
    start(lab, *HOSTS[:4], resolver=f"{lab.resolver('stub')} {lab.resolver('stub-2')}")
    for site in range(4):
        ask(lab, site, 1, 3)
    by_tcp = [one["listener"] for one in lab.stub.requests(transport="tcp")]
    assert by_tcp == ["stub", "stub-2", "stub", "stub-2"]
    assert len(set(connections(lab))) == 2


def test_truncated_with_an_address(lab: Lab) -> None:
    """It is not used."""
    put(lab)
    wrong = wire.record(wire.A, wire.address(lab.address("responder-2")))
    octets = wire.message(wire.question(HOST), wrong, flags=wire.RESPONSE | 0x0200)
    lab.stub.rules([rule(HOST, "A", wire.fault(octets), **UDP)])
    start(lab, HOST)
    ask(lab, 0, 1, 3)
    assert [one["listener"] for one in lab.responder.requests()] == ["responder"]


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (0x8380, "invalid TCP DNS response N fl:8380"),
        (0x0180, "invalid TCP DNS response N fl:0180"),
    ],
    ids=["truncated", "a-query"],
)
def test_of_no_use_over_tcp(lab: Lab, flags: int, line: str) -> None:
    """It is asked for again after 5 s, over TCP."""
    put(lab)
    octets = wire.fault(wire.message(wire.question(HOST), flags=flags))
    over_tcp = rule(HOST, "A", octets, **TCP)
    over_tcp["sequence"][0]["times"] = 1
    lab.stub.rules([rule(HOST, "A", "truncated-udp", **UDP), over_tcp])
    start(lab, HOST)
    ask(lab, 0, 0, 3)
    assert errors(lab) == [line]
    lab.claim("invalid TCP DNS response")
    lab.step(RESEND)
    lab.settle(1, queries=1)
    assert asked(lab)[-2:] == [("tcp", "A")] * 2


def test_silence_over_tcp(lab: Lab) -> None:
    """The next server is asked over TCP at once: nginx remembers that UDP is of no use."""
    put(lab)
    silent = rule(HOST, "A", "drop-query", **TCP)
    silent["match"]["listener"] = "stub"
    lab.stub.rules([rule(HOST, "A", "truncated-udp", **UDP), silent])
    start(lab, HOST, resolver=f"{lab.resolver('stub')} {lab.resolver('stub-2')}")
    ask(lab, 0, 0, 3)
    lab.step(RESEND)
    lab.settle(1, queries=1)
    by_tcp = [one["listener"] for one in lab.stub.requests(transport="tcp")]
    assert by_tcp == ["stub", "stub-2"]


@pytest.mark.parametrize("qtype", ["A", "AAAA"])
def test_truncated_twice(lab: Lab, qtype: str) -> None:
    """The second one, to a query that was repeated, comes when TCP was begun: not a word."""
    put(lab)
    late = {"fault": "answer-delay", "ms": 6000}
    lab.stub.rules(
        [rule(HOST, qtype, "truncated-udp", late, **UDP), rule(HOST, qtype, "drop-query", **TCP)]
    )
    start(lab, HOST, timeout="14s")
    ask(lab, 0, 0, 2)
    lab.step(RESEND)
    lab.settle(queries=1)
    lab.step(0.9)
    lab.settle(queries=1)
    assert asked(lab)[-1] == ("tcp", qtype)
    for pause in (4.2, 0.9):
        lab.step(pause)
        lab.settle(queries=0)
    lab.step(0.2)
    lab.settle(queries=1)
    assert asked(lab)[-1] == ("tcp", qtype)
    lab.step(3)
    lab.settle(queries=0)
    lab.claim(could_not(HOST, TIMED_OUT))


def test_truncated_for_nobody(lab: Lab) -> None:
    """Nobody waits for it any more: it is not asked for over TCP, and forgotten."""
    put(lab)
    late = {"fault": "answer-delay", "ms": 4000}
    lab.stub.rules([rule(HOST, None, "truncated-udp", late, **UDP)])
    start(lab, HOST, timeout="3s")
    ask(lab, 0, 0, 2)
    lab.step(3)
    lab.settle(queries=0)
    lab.claim(could_not(HOST, TIMED_OUT))
    lab.step(1)
    lab.settle(queries=0)
    lab.claim(f" response for {HOST}")  # AAAA's, which comes when A's has ended it


@pytest.mark.parametrize("before", ["headers", "body"])
def test_in_two_pieces_and_in_one(lab: Lab, before: str) -> None:
    """The length, then the rest; two messages at once."""
    put(lab)
    late = {"primitive": "delay", "ms": 1000, "before": before}
    lab.stub.rules([rule(HOST, None, "truncated-udp", **UDP), rule(HOST, None, late, **TCP)])
    start(lab, HOST)
    ask(lab, 0, 0, 4)
    lab.step(1)
    lab.settle(1, queries=0)
    assert lab.handshake(name=site_of(0)).verdict == "GOOD"


def test_octet_by_octet(lab: Lab) -> None:
    """Of the length the first octet comes alone: nginx waits for the other one, and the rest."""
    put(lab)
    drops = {"primitive": "drip-head", "chunk": 1, "ms": 1000}
    lab.stub.rules([rule(HOST, None, "truncated-udp", **UDP), rule(HOST, None, drops, **TCP)])
    start(lab, HOST)
    ask(lab, 0, 0, 4)
    lab.step(1)
    lab.settle(1, queries=0)
    assert lab.handshake(name=site_of(0)).verdict == "GOOD"


@pytest.mark.parametrize("count", [40, 1000])
def test_many_addresses(lab: Lab, count: int) -> None:
    """More than a datagram without EDNS can have."""
    lab.exempt("both-families", "A is asked for over TCP as well")
    lab.stub.record(HOST, "A", *[lab.address("responder")] * count)
    start(lab, HOST)
    ask(lab, 0, 1, 3)
    assert asked(lab)[-1] == ("tcp", "A")


def test_the_longest_message(lab: Lab) -> None:
    """65535 octets, twice: nginx has room for one, and then for the other."""
    put(lab)
    address = wire.record(wire.A, wire.address(lab.address("responder")))
    for host in HOSTS[:2]:
        asked_for = wire.question(host)
        count, left = divmod(65535 - 12 - len(asked_for), len(address))
        octets = wire.message(asked_for, *[address] * count, behind=bytes(left))
        made = rule(host, "A", wire.fault(octets), **TCP)
        lab.stub.control.call("POST", "/v1/rules", made)
        lab.stub.control.call("POST", "/v1/rules", rule(host, "A", "truncated-udp", **UDP))
    start(lab, *HOSTS[:2])
    for site in (0, 1):
        ask(lab, site, 1, 3)
    assert len(set(connections(lab))) == 1


def test_an_error_over_tcp(lab: Lab) -> None:
    put(lab)
    lab.stub.rules([rule(HOST, "A", "truncated-udp", **UDP), rule(HOST, "A", "nxdomain", **TCP)])
    start(lab, HOST)
    ask(lab, 0, 0, 3)
    lab.claim(could_not(HOST, NOT_FOUND))


def test_an_alias_over_tcp(lab: Lab) -> None:
    """What it leads to is asked for over UDP again."""
    lead: dict[str, Any] = {"fault": "cname-single", "target": HOSTS[1], "in_message": False}
    put(lab)
    lab.stub.rules([rule(HOST, None, "truncated-udp", **UDP), rule(HOST, None, lead, **TCP)])
    start(lab, HOST)
    ask(lab, 0, 1, 6)
    assert sorted(asked(lab)[4:]) == [("udp", "A"), ("udp", "AAAA")]


def test_closed_by_the_server(lab: Lab) -> None:
    """A name server that starts anew has closed it: the next query is sent over another one."""
    put(lab)
    lab.inject("truncated-udp", match={"qtype": "A"})
    start(lab, *HOSTS[:2], resolver=f"{lab.resolver()} ipv6=off")
    ask(lab, 0, 1, 2)
    lab.kill("stub")
    lab.revive("stub")
    put(lab)
    lab.inject("truncated-udp", match={"qtype": "A"})
    ask(lab, 1, 1, 2)
