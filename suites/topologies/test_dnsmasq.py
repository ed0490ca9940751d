"""dnsmasq, the real one, between nginx and the name server: what its cache does to stapling."""

from __future__ import annotations

import pytest

from staplelab.parts.program import Program
from staplelab.scenario.lab import Lab
from suites.dns.table import NOT_FOUND, SERVER_FAILURE, TIMED_OUT

pytestmark = pytest.mark.topology("dnsmasq")

NAME = "ocsp.staplelab.test"


def only_a(lab: Lab) -> str:
    """One query a look-up: what dnsmasq makes of the first of two may depend on when it sees the
    second."""
    return f"{lab.resolver()} ipv6=off"


def fetch(lab: Lab, connections: int = 1) -> str | None:
    """A handshake that makes nginx ask, and the verdict of the next one."""
    lab.handshake()
    lab.settle(connections)
    return lab.handshake().verdict


def forwarded(lab: Lab) -> int:
    """How many queries dnsmasq has passed on."""
    return len(lab.part("dnsmasq", Program).lines("forwarded "))


def test_forwarded(lab: Lab) -> None:
    """A query that nobody has asked before goes through to the stub, once for each type."""
    lab.start()
    assert fetch(lab) == "GOOD"
    assert sorted(query["qtype"] for query in lab.stub.requests()) == ["A", "AAAA"]
    assert forwarded(lab) == 2


def test_cache_answers_a_restarted_nginx(lab: Lab) -> None:
    """nginx forgets with its workers, dnsmasq does not: the name server may be down meanwhile."""
    lab.start()
    assert fetch(lab) == "GOOD"
    lab.inject("servfail", never=True)
    lab.restart()
    assert fetch(lab) == "GOOD"
    assert len(lab.stub.requests()) == 2


def test_cached_to_the_second(lab: Lab) -> None:
    """The cache counts the TTL in lab time: 60 s after the response it asks anew."""
    lab.stub.record(NAME, "A", lab.address("responder"), ttl=60)
    queries = []
    lab.start()
    for pause in (0, 59, 1):
        lab.step(pause)
        lab.restart()
        assert fetch(lab) == "GOOD"
        queries.append(len(lab.stub.requests(qtype="A")))
    assert queries == [1, 1, 2]


def test_nxdomain_is_cached(lab: Lab) -> None:
    """A name that comes into being is not seen before the SOA's minimum, 60 s, has passed."""
    lab.inject("nxdomain", times=1)
    queries = []
    lab.start()
    for pause, verdict in ((0, "NO_STAPLE"), (59, "NO_STAPLE"), (1, "GOOD")):
        lab.step(pause)
        lab.restart(resolver=only_a(lab))
        assert fetch(lab, int(verdict == "GOOD")) == verdict
        queries.append(len(lab.stub.requests()))
    assert queries == [1, 1, 2]
    lab.claim(NOT_FOUND, times=2)


def test_servfail_is_not_cached(lab: Lab) -> None:
    """An outage of the name server ends for nginx with its next fetch."""
    lab.inject("servfail")
    lab.start(resolver=only_a(lab))
    assert fetch(lab, connections=0) == "NO_STAPLE"
    lab.claim(SERVER_FAILURE)
    lab.heal()
    lab.step(301)
    assert fetch(lab) == "GOOD"


def test_name_server_silent(lab: Lab) -> None:
    """dnsmasq passes nginx's repetition on, and says nothing of its own."""
    lab.inject("drop-query")
    lab.start(resolver=only_a(lab))
    assert fetch(lab, connections=0) == "NO_STAPLE"
    lab.step(31)
    lab.settle()
    lab.claim(TIMED_OUT)
    assert lab.handshake().verdict == "NO_STAPLE"


def test_dnsmasq_killed_and_back(lab: Lab) -> None:
    """Its cache is gone with it, the staple is not."""
    lab.start()
    assert fetch(lab) == "GOOD"
    lab.kill("dnsmasq")
    lab.revive("dnsmasq")
    lab.step(3601)
    assert fetch(lab) == "GOOD"
    assert lab.handshake().staple["produced_at"] == lab.now
    assert len(lab.stub.requests(qtype="A")) == 2
