"""Name servers that cannot be reached, and the sockets that nginx asks from.

Observed on nginx 1.22.1; the rules are in ngx_resolve_name_locked (where nothing can be sent, one
more server is tried at once) and ngx_resolver_send_udp_query (one socket for each server, until an
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
from suites.resolver.asking import TIMED_OUT, ask, could_not, start
from suites.resolver.test_servers import HOSTS, UNREACHABLE, listed, put

#: what is said of one that nothing can be sent to: "Permission denied", "Network is unreachable",
#: as the machine has it
NOT_SENT = f" while resolving, resolver: {UNREACHABLE}:53"


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
