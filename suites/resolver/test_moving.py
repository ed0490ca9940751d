"""A responder that moves, as those behind a CDN do, and a `valid=` that hides it."""

from __future__ import annotations

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED as CONNECTION_REFUSED
from suites.resolver.asking import CLOSED

HOUR = 3600


def test_valid_of_a_day(lab: Lab) -> None:
    """`resolver ... valid=86400s`, as tutorials have it: the address is believed for a day,
    whatever its TTL says.  The responder moves right after the first fetch, and what it says is
    good for six hours: so there is no staple for the eighteen hours after them."""
    lab.responder.certificate("1001", validity=6 * HOUR)
    lab.stub.record(OCSP_HOST, "A", lab.address("responder"), ttl=60)
    lab.start(resolver=f"{lab.resolver()} valid=86400s")
    lab.handshake()
    lab.settle(connections=1)
    lab.kill("responder")
    lab.revive("responder", only="responder-2")
    lab.responder.certificate("1001", validity=6 * HOUR)
    lab.stub.record(OCSP_HOST, "A", lab.address("responder-2"), ttl=60)
    seen = {}
    times = (HOUR + 1, 6 * HOUR, 6 * HOUR + 1, 15 * HOUR, 24 * HOUR)
    for at in times:
        lab.step_to(at)
        seen[at] = lab.handshake().verdict
        refused = 0 if at == 6 * HOUR + 1 else 1  # it has asked a second before
        lab.settle(queries=0, refused=refused)
    assert seen == dict(zip(times, ["GOOD", "GOOD", *["NO_STAPLE"] * 3], strict=True))
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.claim(f"recv() failed {CONNECTION_REFUSED}", 4)
    lab.claim(CLOSED, 4)


@pytest.mark.requirement("F8")
def test_the_ttl_of_a_minute(lab: Lab) -> None:
    """Without it the next fetch finds the responder where it is."""
    lab.responder.certificate("1001", validity=6 * HOUR)
    lab.stub.record(OCSP_HOST, "A", lab.address("responder"), ttl=60)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.stub.record(OCSP_HOST, "A", lab.address("responder-2"), ttl=60)
    lab.step(HOUR + 1)
    lab.handshake()
    lab.settle(connections=1)
    asked = [one["listener"] for one in lab.responder.requests()]
    assert asked == ["responder", "responder-2"]
