"""Faults of the name server that only several look-ups, or several addresses, show."""

from __future__ import annotations

from typing import Any

import pytest

from staplelab.servers.config import Site
from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED
from suites.dns.table import SERVER_FAILURE

CLOSED = "OCSP responder prematurely closed connection"

NAMES = ("www.staplelab.test", "second.staplelab.test", "third.staplelab.test")


def start_three_sites(lab: Lab) -> None:
    """Three server{} that share one resolver, so one cache of names: three fetches at will."""
    lab.start(
        *(Site(server_name=name, resolver=None) for name in NAMES),
        http=f"resolver {lab.resolver()};",
    )


def fetch_twice(lab: Lab) -> None:
    """For two names: one look-up, whose address serves both fetches."""
    for name, queries in zip(NAMES, (2, 0)):
        lab.handshake(name=name)
        lab.settle(connections=1, queries=queries)


def listeners(lab: Lab) -> list[str]:
    """Which addresses of the responder were asked, in order."""
    return [request["listener"] for request in lab.responder.requests()]


def test_wrong_address(lab: Lab) -> None:
    """A host that is no responder: no staple, and an error at each fetch."""
    lab.inject("wrong-address", values=[lab.address("nginx")])
    lab.start()
    lab.handshake()
    lab.settle(queries=2, refused=1)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.claim(f"recv() failed {REFUSED}")
    lab.claim(CLOSED)


@pytest.mark.requirement("E11")
def test_dead_and_live_address(lab: Lab) -> None:
    """Since 1.19.0 the next address is tried within the same fetch."""
    lab.inject("mixed-addresses", dead=[lab.address("nginx")])
    lab.start()
    lab.handshake()
    tries_next = lab.server.within(">=1.19.0")
    lab.settle(connections=int(tries_next), queries=2, refused=1)
    lab.claim(f"recv() failed {REFUSED}")
    lab.claim(CLOSED)
    after = lab.handshake()
    lab.deviation("NGX-018", after.verdict, conforms="GOOD", deviates="NO_STAPLE")


@pytest.mark.requirement("F8")
@pytest.mark.parametrize(
    ("fault", "params"),
    [("ttl-short-then-change", {"ttl": 5}), ("answer-change", {"n": 1, "scope": "qtype"})],
    ids=["ttl-short-then-change", "answer-change"],
)
def test_a_responder_that_moves(lab: Lab, fault: str, params: dict[str, Any]) -> None:
    """It is found at the next refresh."""
    lab.inject(fault, values=[lab.address("responder-2")], **params)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.step(3601)
    lab.handshake()
    lab.settle(connections=1)
    assert listeners(lab) == ["responder", "responder-2"]


@pytest.mark.requirement("F2")
def test_errors_then_the_address(lab: Lab) -> None:
    """An error is not cached: the next fetch, 300 s later, asks again and succeeds."""
    lab.inject("error-then-address", n=1, scope="qtype")
    lab.start()
    lab.handshake()
    lab.settle(queries=2)
    lab.claim(SERVER_FAILURE)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("F1")
def test_the_cached_address_serves_while_its_ttl_runs(lab: Lab) -> None:
    """Later errors do not matter to a name that is still in nginx's cache; once its TTL of 300 s
    is over, they do."""
    lab.inject("address-then-error", n=1, scope="qtype")
    start_three_sites(lab)
    fetch_twice(lab)
    lab.step(301)
    lab.handshake(name=NAMES[2])
    lab.settle(queries=2)
    lab.claim(SERVER_FAILURE)
    assert lab.handshake(name=NAMES[2]).verdict == "NO_STAPLE"
