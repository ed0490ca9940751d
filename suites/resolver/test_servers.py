"""Several name servers, dead and alive: who is asked, when, from which port.

Observed on nginx 1.22.1; the rules are in ngx_resolve_name_locked (each look-up begins with the
next server; where nothing can be sent, the one after it is tried at once), ngx_resolver_resend
(after 5 s the next one) and ngx_resolver_send_udp_query (one socket for each server, until an
error).
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from staplelab.hosts.base import NO_IPV6
from staplelab.parts.part import Event
from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED as CONNECTION_REFUSED
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
#: what is said of it: "Permission denied", "Network is unreachable", as the machine has it
NOT_SENT = f" while resolving, resolver: {UNREACHABLE}:53"
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


@dataclass(frozen=True)
class Dead:
    """Name servers of which some cannot be reached, and what becomes of look-ups."""

    id: str
    servers: str
    #: of each look-up in its turn: who is asked at once, and how often nothing could be sent
    at_once: tuple[tuple[str | None, int], ...]
    #: the same for what comes after 5 s; None: no more
    later: tuple[tuple[str | None, int] | None, ...]


DEAD = (
    Dead("first-of-two", f"{UNREACHABLE} stub", (("stub", 1), ("stub", 0)), (None, None)),
    Dead("last-of-two", f"stub {UNREACHABLE}", (("stub", 0), ("stub", 1)), (None, None)),
    # only one more is tried at once: with two of them in a row a look-up has to wait for 5 s
    Dead(
        "two-in-a-row",
        f"{UNREACHABLE} {UNREACHABLE} stub",
        ((None, 2), ("stub", 1), ("stub", 0), (None, 2)),
        (("stub", 0), None, None, ("stub", 0)),
    ),
    Dead("the-only-one", UNREACHABLE, ((None, 2),), ((None, 1),)),
)


@pytest.mark.parametrize("case", DEAD, ids=lambda one: one.id)
@pytest.mark.parametrize("timeout", [5, 30])
def test_unreachable(lab: Lab, case: Dead, timeout: int) -> None:
    """With a resolver_timeout of 5 s or less, what waits for 5 s fails: every third look-up of
    "two-in-a-row"."""
    put(lab)
    start(lab, *HOSTS, resolver=listed(lab, case.servers), timeout=f"{timeout}s")
    failed = 0
    for site, (at_once, later) in enumerate(zip(case.at_once, case.later, strict=True)):
        asked, unsent = at_once
        ask(lab, site, int(asked is not None), 2 if asked else 0)
        failed += unsent
        assert len(lab.log_lines(NOT_SENT)) == failed
        if later is None:
            continue
        lab.step(4.9)
        lab.settle(queries=0)
        lab.step(0.2)
        patient = timeout > 5
        lab.settle(int(patient and later[0] is not None), queries=2 if patient and later[0] else 0)
        failed += later[1] if patient else 0
        assert len(lab.log_lines(NOT_SENT)) == failed
        if not patient:
            lab.claim(could_not(HOSTS[site], TIMED_OUT))
    if case.id == "the-only-one" and timeout > 5:
        lab.step(31)
        lab.settle(queries=0)
        failed += 1
        lab.claim(could_not(HOSTS[0], TIMED_OUT))
    lab.claim(NOT_SENT, failed, level="crit")


def test_nobody_listens(lab: Lab) -> None:
    """The kernel says so after A was sent: AAAA cannot be, and both are sent to the next server at
    once.  What is closed then is opened anew when its turn comes."""
    put(lab)
    dead = f"{lab.address('nginx')}:9"
    start(lab, *HOSTS[:4], resolver=f"{dead} {lab.resolver()}")
    for site in range(4):
        ask(lab, site, 1, 2)
    assert [one["qtype"] for one in lab.stub.requests()] == ["A", "AAAA"] * 4
    lab.claim(f"send() failed {CONNECTION_REFUSED} while resolving, resolver: {dead}", 2)


def test_nobody_listens_and_one_query(lab: Lab) -> None:
    """Without a second query nginx hears of it afterwards, and waits for 5 s."""
    put(lab)
    dead = f"{lab.address('nginx')}:9"
    start(lab, *HOSTS[:3], resolver=f"{dead} {lab.resolver()} ipv6=off")
    for site in range(3):
        to_the_dead = site != 1
        ask(lab, site, int(not to_the_dead), int(not to_the_dead))
        if to_the_dead:
            lab.wait_for_log(CONNECTION_REFUSED, (site + 2) // 2)
            lab.step(4.9)
            lab.settle(queries=0)
            lab.step(0.2)
            lab.settle(1, queries=1)
    lab.claim(f"recv() failed {CONNECTION_REFUSED} while resolving, resolver: {dead}", 2)


def test_a_family_that_cannot_be_reached(lab: Lab) -> None:
    """A link-local address without its link: the next server is tried at once."""
    if not lab.has_listener("stub-6"):
        lab.not_applicable(NO_IPV6)
    start(lab, resolver=f"[fe80::1] {lab.resolver()}")
    ask(lab, 0, 1, 2)
    lab.claim(" while resolving, resolver: [fe80::1]:53", level="crit")


def test_over_ipv6(lab: Lab) -> None:
    if not lab.has_listener("stub-6"):
        lab.not_applicable(NO_IPV6)
    put(lab)
    start(lab, *HOSTS[:2], resolver=listed(lab, "stub-6 stub"))
    ask(lab, 0, 1, 2)
    ask(lab, 1, 1, 2)
    assert who(lab) == ["stub-6", "stub-6", "stub", "stub"]


# ----- sockets and identifiers -----


def ports(events: list[Event]) -> list[int]:
    return [one["client_port"] for one in events]


def test_one_socket_for_each_server(lab: Lab) -> None:
    """It lives as long as nothing goes wrong, whoever is asked for."""
    put(lab)
    start(lab, *HOSTS[:6], resolver=listed(lab, "stub stub-2"))
    for site in range(6):
        lab.step(60)
        ask(lab, site, 1, 2)
    used = {name: set(ports(lab.stub.requests(listener=name))) for name in ("stub", "stub-2")}
    assert [len(each) for each in used.values()] == [1, 1]


def test_identifiers(lab: Lab) -> None:
    """Each query has one of its own, of sixteen random bits."""
    put(lab)
    start(lab, *HOSTS)
    for site in range(len(HOSTS)):
        ask(lab, site, 1, 2)
    ids = [one["id"] for one in lab.stub.requests()]
    for bits in ([one >> 8 for one in ids], [one & 0xFF for one in ids]):
        assert len(set(bits)) > len(ids) // 2
    assert all(a != b for a, b in zip(ids[::2], ids[1::2]))


def test_a_server_that_is_closed_and_back(lab: Lab) -> None:
    """A refusal ends the socket: there is another one for the next query, and a look-up that began
    meanwhile goes on by itself."""
    put(lab)
    start(lab, *HOSTS[:3], resolver=f"{lab.resolver()} ipv6=off")
    ask(lab, 0, 1, 1)
    before = ports(lab.stub.requests())
    lab.kill("stub")
    lab.handshake(name="site-1.staplelab.test")
    lab.wait_for_log(CONNECTION_REFUSED)
    lab.revive("stub")
    put(lab)
    lab.step(RESEND)
    lab.settle(1, queries=1)
    ask(lab, 2, 1, 1)
    after = ports(lab.stub.requests())
    assert after[-1] == after[-2]
    if lab.server.within(">=1.21.0"):
        assert after[-1] not in before
    lab.claim(f"recv() failed {CONNECTION_REFUSED} while resolving, resolver: {lab.resolver()}")
