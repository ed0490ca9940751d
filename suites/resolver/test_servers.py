"""Several name servers: who is asked, and when.

Observed on nginx 1.22.1; the rules are in ngx_resolve_name_locked (each look-up begins with the
next server) and ngx_resolver_resend (after 5 s the next one).
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from staplelab.hosts.base import NO_IPV6
from staplelab.scenario.lab import Lab
from suites.dns.table import RESEND
from suites.resolver.asking import (
    OCSP_HOST,
    SERVER_FAILURE,
    TIMED_OUT,
    ask,
    could_not,
    start,
)

#: a name server that nothing can be sent to: connect() fails at once
UNREACHABLE = "255.255.255.255"
HOSTS = [f"h{number}.staplelab.test" for number in range(7)]


def put(lab: Lab) -> None:
    for host in HOSTS:
        lab.stub.record(host, "A", lab.address("responder"))


def who(lab: Lab, since: int = 0) -> list[str]:
    """Which listeners were asked, in order."""
    return [one["listener"] for one in lab.stub.requests()[since:]]


@dataclass(frozen=True)
class Servers:
    """The name servers of nginx, and who is asked by each look-up in its turn."""

    id: str
    servers: str
    #: A and AAAA go to the same one
    asked: tuple[str, ...]


ROTATION = (
    Servers("one", "stub", ("stub",) * 5),
    Servers("two", "stub stub-2", ("stub", "stub-2", "stub", "stub-2", "stub")),
    Servers("three", "stub stub-2 stub-2", ("stub", "stub-2", "stub-2", "stub", "stub-2")),
)


def listed(lab: Lab, servers: str) -> str:
    return " ".join(
        one if one == UNREACHABLE or "[" in one else lab.resolver(one) for one in servers.split()
    )


@pytest.mark.parametrize("case", ROTATION, ids=lambda one: one.id)
def test_each_look_up_begins_with_the_next(lab: Lab, case: Servers) -> None:
    """What is found in the cache does not count."""
    put(lab)
    start(lab, *HOSTS[:5], HOSTS[0], resolver=listed(lab, case.servers))
    for site in range(4):
        ask(lab, site, 1, 2)
    ask(lab, 5, 1, 0)
    ask(lab, 4, 1, 2)
    assert who(lab) == [one for one in case.asked for _ in range(2)]


@pytest.mark.parametrize(
    ("servers", "order"),
    [
        ("stub", ["stub"] * 4),
        ("stub stub-2", ["stub", "stub-2", "stub", "stub-2"]),
        ("stub stub-2 stub-2", ["stub", "stub-2", "stub-2", "stub"]),
    ],
)
def test_silence(lab: Lab, servers: str, order: list[str]) -> None:
    """After 5 s the next one is asked, not before; the look-up ends when its time is over, not
    before.  What is repeated has the ID that it had."""
    lab.inject("drop-query")
    start(lab, resolver=listed(lab, servers), timeout="18s")
    ask(lab, 0, 0, 2)
    for _ in order[1:]:
        lab.step(4.9)
        lab.settle(queries=0)
        lab.step(0.2)
        lab.settle(queries=2)
    lab.step(2.6)
    lab.settle(queries=0)
    assert not lab.log_lines(TIMED_OUT)
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(could_not(OCSP_HOST, TIMED_OUT))
    assert who(lab) == [one for one in order for _ in range(2)]
    ids = [(one["qtype"], one["id"]) for one in lab.stub.requests()]
    assert ids == ids[:2] * len(order)


def test_several_look_ups_are_repeated(lab: Lab) -> None:
    """Each 5 s after it was asked, whoever else was asked meanwhile."""
    lab.inject("drop-query")
    start(lab, *HOSTS[:3], timeout="12s")
    for site in range(3):
        lab.step(2 if site else 0)
        ask(lab, site, 0, 2)
    first = ((0.9, None), (0.2, 0), (1.8, None), (0.2, 1), (1.8, None), (0.2, 2))
    for pause, site in (*first, (0.8, None), (0.2, 0)):
        before = len(lab.stub.requests())
        lab.step(pause)
        lab.settle(queries=0 if site is None else 2)
        asked = [one["qname"] for one in lab.stub.requests()[before:]]
        assert asked == ([] if site is None else [HOSTS[site]] * 2)
    lab.step(10)
    lab.settle(queries=4)  # the first one is told at 12 s, the others are asked for once more
    for host in HOSTS[:3]:
        lab.claim(could_not(host, TIMED_OUT))


def test_silent_first_server(lab: Lab) -> None:
    """After 5 s the other one is asked."""
    lab.inject("drop-query", match={"listener": "stub"})
    start(lab, resolver=listed(lab, "stub stub-2"))
    ask(lab, 0, 0, 2)
    lab.step(RESEND)
    lab.settle(1, queries=2)
    assert who(lab) == ["stub", "stub", "stub-2", "stub-2"]


def test_one_family_is_answered(lab: Lab) -> None:
    """What was answered is not asked for again."""
    lab.inject("drop-first-n", n=1, match={"qtype": "AAAA"})
    start(lab, resolver=listed(lab, "stub stub-2"))
    ask(lab, 0, 0, 2)
    lab.step(RESEND)
    lab.settle(1, queries=1)
    assert [(one["listener"], one["qtype"]) for one in lab.stub.requests()] == [
        ("stub", "A"),
        ("stub", "AAAA"),
        ("stub-2", "AAAA"),
    ]


@pytest.mark.requirement("F2")
def test_failing_first_server(lab: Lab) -> None:
    """It fails: the other one is not asked; the next look-up begins with it."""
    put(lab)
    lab.inject("servfail", match={"listener": "stub"})
    start(lab, *HOSTS[:2], resolver=listed(lab, "stub stub-2"))
    ask(lab, 0, 0, 2)
    after = "address" if lab.responder.requests() else "none"
    lab.deviation("NGX-022", after, conforms="address", deviates="none")
    lab.claim(could_not(HOSTS[0], SERVER_FAILURE))
    ask(lab, 1, 1, 2)


def test_over_ipv6(lab: Lab) -> None:
    if not lab.has_listener("stub-6"):
        lab.not_applicable(NO_IPV6)
    put(lab)
    start(lab, *HOSTS[:2], resolver=listed(lab, "stub-6 stub"))
    ask(lab, 0, 1, 2)
    ask(lab, 1, 1, 2)
    assert who(lab) == ["stub-6", "stub-6", "stub", "stub"]
