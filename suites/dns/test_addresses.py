"""What the name server says of the responder's address, and when nginx believes it anew."""

from __future__ import annotations

from typing import Any

import pytest

from staplelab.servers.config import Site
from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED
from suites.dns.table import NOT_FOUND, RESEND, SERVER_FAILURE, TIMED_OUT

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
    """Later errors do not matter to a name that is still in nginx's cache; once it is not
    (unused for 30 s, ngx_resolver_expire), they do."""
    lab.inject("address-then-error", n=1, scope="qtype")
    start_three_sites(lab)
    fetch_twice(lab)
    lab.step(301)
    lab.handshake(name=NAMES[2])
    lab.settle(queries=2)
    lab.claim(SERVER_FAILURE)
    assert lab.handshake(name=NAMES[2]).verdict == "NO_STAPLE"


@pytest.mark.requirement("F1")
def test_ttl_zero_lives_out_its_second(lab: Lab) -> None:
    lab.inject("ttl-zero")
    start_three_sites(lab)
    fetch_twice(lab)
    lab.step(1)
    lab.handshake(name=NAMES[2])
    lab.settle(connections=1)
    assert len(lab.stub.requests()) == 4


@pytest.mark.requirement("F1")
def test_valid_overrides_the_ttl(lab: Lab) -> None:
    """resolver ... valid=10s: the response is believed for so long, whatever its TTL says."""
    lab.inject("ttl-zero")
    lab.start(
        *(Site(server_name=name, resolver=None) for name in NAMES),
        http=f"resolver {lab.resolver()} valid=10s;",
    )
    for name, pause, queries in zip(NAMES, (0, 10, 1), (2, 0, 2), strict=True):
        lab.step(pause)
        lab.handshake(name=name)
        lab.settle(connections=1, queries=queries)


def test_aliases_are_followed_to_a_limit(lab: Lab) -> None:
    """At most 50 (NGX_RESOLVER_MAX_RECURSION, since 1.9.10), and the name itself."""
    lab.inject("cname-chain", n=60, in_message=False)
    lab.start()
    lab.handshake()
    lab.settle(queries=2 * (1 + 50))
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.claim(NOT_FOUND)
    lab.observe(alias_queries=len(lab.stub.requests()))


def test_silent_first_server(lab: Lab) -> None:
    """One of two name servers is silent: after 5 s the other one is asked."""
    lab.inject("drop-query", match={"listener": "stub"})
    lab.start(resolver=f"{lab.resolver('stub')} {lab.resolver('stub-2')}")
    lab.handshake()
    lab.settle(queries=2)
    lab.step(RESEND)
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


def test_when_a_query_is_repeated(lab: Lab) -> None:
    """After 5 s, not before; the look-up ends after 30 s (resolver_timeout), not before."""
    lab.inject("drop-query")
    lab.start()
    lab.handshake()
    lab.settle(queries=2)
    for pause, queries in ((4.9, 0), (0.2, 2), (4.9, 0), (0.2, 2), (19.7, 2)):
        lab.step(pause)
        lab.settle(queries=queries)
    assert lab.log_lines(TIMED_OUT) == []
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(TIMED_OUT)


@pytest.mark.requirement("F2")
def test_failing_first_server(lab: Lab) -> None:
    """One of two name servers fails: the other one is not asked."""
    lab.inject("servfail", match={"listener": "stub"})
    lab.start(resolver=f"{lab.resolver('stub')} {lab.resolver('stub-2')}")
    lab.handshake()
    lab.settle(queries=2)
    after = lab.handshake()
    lab.deviation("NGX-022", after.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.claim(SERVER_FAILURE)
