"""A responder that has an IPv6 address alone."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED

pytestmark = pytest.mark.topology("ipv6")


@pytest.mark.requirement("F6")
def test_fetched(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    (request,) = lab.responder.requests()
    assert request["listener"] == "responder-6"


def test_ipv6_switched_off_in_the_resolver(lab: Lab) -> None:
    """resolver ... ipv6=off: nginx does not ask for the only address that there is."""
    lab.start(resolver=f"{lab.resolver()} ipv6=off")
    lab.handshake()
    lab.settle(queries=1)
    assert lab.handshake().verdict == "NO_STAPLE"
    assert [query["qtype"] for query in lab.stub.requests()] == ["A"]
    lab.claim("ocsp.staplelab.test could not be resolved (3: Host not found)")


@pytest.mark.requirement("F6")
def test_every_address_is_dead(lab: Lab) -> None:
    """One address of each family, and nobody at either: both are tried within one fetch."""
    lab.stub.record("ocsp.staplelab.test", "A", lab.address("responder"))
    lab.kill("responder")
    lab.start()
    lab.handshake()
    refused = 2 if lab.server.within(">=1.19.0") else 1
    lab.settle(queries=2, refused=refused)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.claim(REFUSED, times=refused)
    lab.claim("OCSP responder prematurely closed connection", times=refused)
