"""A certificate is revoked while a staple still says that it is good."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

REVOKED = 'certificate status "revoked" in the OCSP response'
DAY = 86400


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("verify", [False, True], ids=["verify-off", "verify-on"])
def test_good_is_served_on(lab: Lab, verify: bool) -> None:
    """nginx has read "revoked" and logged it, yet every client hears "good" until the nextUpdate of
    the old response, however often the responder repeats itself."""
    lab.inject("good-then-revoked", n=1)
    lab.responder.certificate("1001", validity=DAY)
    lab.start(verify=verify)
    lab.handshake()
    lab.settle(connections=1)
    lab.step(3601)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    learnt = lab.handshake()
    lab.settle()
    lab.deviation("NGX-010", learnt.verdict, conforms=("NO_STAPLE", "REVOKED"), deviates="GOOD")
    lab.step_to(DAY)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    lab.step_to(DAY + 1)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    lab.claim(REVOKED, times=2)
