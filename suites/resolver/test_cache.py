"""How long nginx believes what a name server has said, and when it forgets a name.

Observed on nginx 1.22.1; the rules are in ngx_resolve_name_locked (a hit while valid >= now),
ngx_resolver_process_a (the smallest TTL of all records) and ngx_resolver_expire.  Each visit is a
fetch of a site of its own, which all share the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers import sanitizer
from suites.resolver import wire
from suites.resolver.asking import (
    NOT_FOUND,
    SERVER_FAILURE,
    ask,
    could_not,
    ipv6,
    rule,
    start,
)
from suites.resolver.wire import AAAA, CNAME, TXT, A, record

HOST, ALIAS, TARGET, OTHER = (
    f"{name}.staplelab.test" for name in ("host", "alias", "target", "other")
)


@dataclass(frozen=True)
class Visit:
    """A fetch, so many seconds after the one before it."""

    pause: int
    #: how many queries it makes nginx send, and for which names
    queries: int
    host: str = HOST
    asks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Life:
    """What the name server has, and what nginx asks for as time goes by."""

    id: str
    records: Callable[[Lab], None]
    visits: Sequence[Visit]
    resolver: str = ""


def lives(seconds: int, *, first: int = 2, again: int = 2) -> tuple[Visit, ...]:
    """Believed for so many seconds, and no more."""
    return (Visit(0, first), Visit(0, 0), Visit(seconds, 0), Visit(1, again))


def ttl(four: int, six: int | None = None) -> Callable[[Lab], None]:
    """An address, or two of both families, with this TTL."""

    def put(lab: Lab) -> None:
        lab.stub.record(HOST, "A", lab.address("responder"), ttl=four)
        if six is not None:
            lab.stub.record(HOST, "AAAA", ipv6(lab), ttl=six)

    return put


def chain(alias: int, target: int) -> Callable[[Lab], None]:
    """An alias and what it leads to, in one message."""

    def put(lab: Lab) -> None:
        lab.stub.record(HOST, "CNAME", TARGET, ttl=alias)
        lab.stub.record(TARGET, "A", lab.address("responder"), ttl=target)

    return put


def two_messages(alias: int, target: int) -> Callable[[Lab], None]:
    """The same, each in a message of its own."""

    def put(lab: Lab) -> None:
        lab.exempt("query-form", "the name server does not tell the aliases in octets of a rule")
        leads = record(CNAME, wire.name(TARGET), ttl=alias)
        messages = [wire.message(wire.question(HOST, one), leads) for one in (A, AAAA)]
        faults = map(wire.fault, messages)
        lab.stub.rules([rule(HOST, qtype, one) for qtype, one in zip(("A", "AAAA"), faults)])
        lab.stub.record(TARGET, "A", lab.address("responder"), ttl=target)

    return put


def octets(*records: Callable[[bytes], bytes]) -> Callable[[Lab], None]:
    """A response with these records, each made from the responder's address."""

    def put(lab: Lab) -> None:
        made = [one(wire.address(lab.address("responder"))) for one in records]
        message = wire.message(wire.question(HOST), *made)
        lab.stub.rules([rule(HOST, "A", wire.fault(message)), rule(HOST, "AAAA", "nodata")])

    return put


def a(seconds: int) -> Callable[[bytes], bytes]:
    return lambda address: record(A, address, ttl=seconds)


#: its line in the log is claimed below
_TXT = "unexpected RR type 16"

LIVES = (
    Life("ttl-0", ttl(0), lives(0)),
    Life("ttl-7", ttl(7), lives(7)),
    # each octet of the TTL counts
    Life("ttl-258", ttl(258), lives(258)),
    Life("ttl-65537", ttl(65537), lives(65537)),
    Life("ttl-2^24", ttl(1 << 24), (Visit(0, 2), Visit(70000, 0))),
    Life("ttl-2^31-1", ttl((1 << 31) - 1), (Visit(0, 2), Visit(86400, 0))),
    Life("ttl-2^31", octets(a(1 << 31)), lives(0)),
    Life("ttl-2^32-1", octets(a((1 << 32) - 1)), lives(0)),
    Life("aaaa-shorter", ttl(7, 3), lives(3)),
    Life("a-shorter", ttl(3, 7), lives(3)),
    Life("first-record-shorter", octets(a(3), a(7)), lives(3)),
    Life("last-record-shorter", octets(a(7), a(3)), lives(3)),
    Life("another-type-shorter", octets(a(7), lambda _: record(TXT, b"\1a", ttl=3)), lives(3)),
    Life(
        "alias-in-octets-shorter",
        octets(lambda _: record(CNAME, wire.name(TARGET), ttl=3), a(7)),
        lives(3),
    ),
    Life("alias-shorter", chain(3, 7), lives(3)),
    Life("target-shorter", chain(7, 3), lives(3)),
    # each has a life of its own where there is a message for each
    Life(
        "alias-alone-shorter",
        two_messages(3, 7),
        (*lives(3, first=4)[:3], Visit(1, 2, asks=(HOST,)), Visit(3, 0), Visit(1, 4)),
    ),
    Life(
        "target-alone-shorter",
        two_messages(7, 3),
        (*lives(3, first=4)[:3], Visit(1, 2, asks=(TARGET,)), Visit(3, 0), Visit(1, 4)),
    ),
    Life("valid-longer", ttl(3), lives(10), "valid=10s"),
    Life("valid-shorter", ttl(300), lives(10), "valid=10s"),
    Life("valid-0", ttl(7), lives(7), "valid=0"),
    Life("valid-of-an-alias", two_messages(3, 300), lives(10, first=4, again=4), "valid=10s"),
    # a name that nobody has asked for in 30 s is forgotten once another look-up ends
    Life("used-30-s-ago", ttl(300), (Visit(0, 2), Visit(30, 2, OTHER), Visit(0, 0))),
    Life("used-31-s-ago", ttl(300), (Visit(0, 2), Visit(31, 2, OTHER), Visit(0, 2))),
    Life("nobody-else-asks", ttl(300), (Visit(0, 2), Visit(299, 0))),
    Life("use-counts", ttl(300), (Visit(0, 2), Visit(20, 0), Visit(20, 2, OTHER), Visit(0, 0))),
    Life(
        "other-found-in-cache",
        ttl(300),
        (Visit(0, 2), Visit(10, 2, OTHER), Visit(21, 0, OTHER), Visit(0, 2)),
    ),
    Life(
        "two-at-a-time",
        ttl(300),
        (
            *(Visit(0, 2, f"n{i}.staplelab.test") for i in range(3)),
            Visit(31, 2, OTHER),
            Visit(0, 0, "n2.staplelab.test"),
            Visit(0, 2, "n1.staplelab.test"),
            Visit(0, 2, "n0.staplelab.test"),
        ),
    ),
    Life(
        "an-alias-too",
        two_messages(300, 300),
        (Visit(0, 4), Visit(31, 2, OTHER), Visit(0, 4)),
    ),
    Life(
        "an-alias-30-s-ago",
        two_messages(300, 300),
        (Visit(0, 4), Visit(30, 2, OTHER), Visit(0, 0)),
    ),
)


@pytest.mark.requirement("F1")
@pytest.mark.parametrize("life", LIVES, ids=lambda one: one.id)
def test_life(lab: Lab, life: Life) -> None:
    for host in {visit.host for visit in life.visits} - {HOST}:
        lab.stub.record(host, "A", lab.address("responder"))
    life.records(lab)
    if life.id in ("ttl-2^31", "ttl-2^32-1") and sanitizer.is_in(lab.server.path):
        lab.not_applicable("nginx shifts into the sign of the TTL, which a sanitizer tells of")
    start(lab, *(one.host for one in life.visits), resolver=f"{lab.resolver()} {life.resolver}")
    for site, visit in enumerate(life.visits):
        lab.step(visit.pause)
        before = len(lab.stub.requests())
        ask(lab, site, 1, visit.queries)
        asked = [one["qname"] for one in lab.stub.requests()[before:]]
        if visit.asks:
            assert asked == [name for name in visit.asks for _ in range(2)]
    if life.id == "another-type-shorter":
        lab.claim(_TXT, sum(visit.queries for visit in life.visits) // 2)


@pytest.mark.parametrize(
    ("fault", "why"),
    [("servfail", SERVER_FAILURE), ("nxdomain", NOT_FOUND), ("nodata", NOT_FOUND)],
    ids=["servfail", "nxdomain", "nodata"],
)
def test_errors_are_not_kept(lab: Lab, fault: str, why: str) -> None:
    """Not even those that say for how long they hold (RFC 2308), within the same second; valid=
    does not change that."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.inject(fault, match={"qname": HOST}, times=2)
    start(lab, HOST, HOST, HOST, resolver=f"{lab.resolver()} valid=10s")
    ask(lab, 0, 0, 2)
    lab.claim(could_not(HOST, why))
    ask(lab, 1, 1, 2)
    ask(lab, 2, 1, 0)


def test_a_failed_look_up_ends_too(lab: Lab) -> None:
    """Names that were not used for 30 s go with it."""
    lab.stub.record(HOST, "A", lab.address("responder"))
    start(lab, HOST, OTHER, HOST)
    ask(lab, 0, 1, 2)
    lab.step(31)
    ask(lab, 1, 0, 2)
    lab.claim(could_not(OTHER, NOT_FOUND))
    ask(lab, 2, 1, 2)


def test_what_a_name_becomes(lab: Lab) -> None:
    """The entry of a name whose time is over is used again for what comes now, whatever it was."""
    one, two = lab.address("responder"), lab.address("responder-2")
    six = ipv6(lab)
    lab.stub.record(TARGET, "A", two, ttl=0)
    stages = (
        {"A": (one,)},
        {"A": (two, one)},
        {"A": (one,), "AAAA": (six,)},
        {"AAAA": (six, f"::ffff:{one}")},
        {"CNAME": (TARGET,)},
        {"A": (two,)},
        {"AAAA": (six,)},
        {"A": (one, two), "AAAA": (f"::ffff:{two}", six)},
    )
    first = ["responder", "responder-2", "responder", "responder-6", *["responder-2"] * 2]
    start(lab, *[HOST] * len(stages))
    for site, sets in enumerate(stages):
        for rrtype in stages[site - 1] if site else ():
            lab.stub.forget(HOST, rrtype)
        for rrtype, values in sets.items():
            lab.stub.record(HOST, rrtype, *values, ttl=0)
        ask(lab, site, 1, 2)
        lab.step(1)
    asked = [request["listener"] for request in lab.responder.requests()]
    assert asked == [*first, "responder-6", "responder"]
