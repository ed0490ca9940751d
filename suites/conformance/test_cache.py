"""What decides how long a response is kept, beside its nextUpdate, and what takes its place."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

HOUR = 3600
DAY = 86400
YEAR = 365 * DAY

IGNORED, KEPT_TO = "max-age is ignored", "max-age is kept to"
ASKS, ASKS_NOT = "asks", "does not ask"


def staple(lab: Lab, *certificates: str, serial: str = "1001", **state: int | str) -> None:
    """A good staple, fetched at second 0."""
    lab.responder.certificate(serial, **state)
    lab.start(certificates=certificates or ("www",))
    lab.handshake()
    lab.settle(connections=1)


@pytest.mark.requirement("C9")
def test_max_age(lab: Lab) -> None:
    """The responder wants to be asked again after ten minutes."""
    lab.inject(
        {
            "primitive": "content-type",
            "value": "application/ocsp-response\r\nCache-Control: max-age=600",
        }
    )
    staple(lab, validity=3 * DAY)
    lab.step(601)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(so_far=True)
    asked = len(lab.responder.requests())
    lab.deviation(
        "NGX-040",
        KEPT_TO if asked == 2 else IGNORED,
        conforms=KEPT_TO,
        deviates=IGNORED,
    )
    lab.step_to(HOUR + 1)
    lab.handshake()
    lab.settle(connections=1)


@pytest.mark.requirement("C10")
def test_an_older_response(lab: Lab) -> None:
    """Two responders that do not know of each other: the second response is valid, too, but was
    made before the first."""
    staple(lab, validity=2 * DAY)
    first = lab.handshake().staple
    assert first is not None
    lab.step(HOUR + 1)
    lab.responder.certificate("1001", this_update=-2 * HOUR, validity=DAY)
    lab.handshake()
    lab.settle(connections=1)
    second = lab.handshake()
    assert second.verdict == "GOOD" and second.staple is not None
    before, after = (one["responses"][0]["this_update"] for one in (first, second.staple))
    assert after in (before, before - HOUR + 1)
    lab.deviation(
        "NGX-008",
        "older" if after < before else "newer",
        conforms="newer",
        deviates="older",
    )


@pytest.mark.requirement("C13")
@pytest.mark.profile("conformance")
def test_the_signer_expires(lab: Lab) -> None:
    """The response is valid for three days, its delegate's certificate for two hours."""
    staple(lab, serial="4001", signer="delegate-short", validity=3 * DAY)
    assert lab.handshake().verdict == "GOOD"
    lab.inject("http-5xx")
    lab.step_to(2 * HOUR)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    lab.step(1)
    after = lab.handshake()
    lab.settle()
    lab.deviation("NGX-041", after.verdict, conforms="NO_STAPLE", deviates="SIGNER_EXPIRED")


@pytest.mark.requirement("C14")
@pytest.mark.profile("conformance")
def test_longer_than_the_certificate(lab: Lab) -> None:
    """It is stapled; staple-check remarks on it and judges it by its own times."""
    staple(lab, "short", serial="4002", validity=3 * DAY)
    seen = lab.handshake()
    assert (seen.verdict, "outlives-leaf" in seen.remarks) == ("GOOD", True)


@pytest.mark.requirement("I4")
@pytest.mark.profile("conformance")
def test_the_certificate_has_expired(lab: Lab) -> None:
    staple(lab, "short", serial="4002", validity=DAY)
    lab.step(2 * HOUR + 1)
    seen = lab.handshake()
    assert (seen.verdict, "leaf-expired" in seen.remarks) == ("GOOD", True)
    lab.settle(so_far=True)
    asked = len(lab.responder.requests())
    lab.settle(connections=asked - 1)
    lab.deviation(
        "NGX-044", ASKS if asked == 2 else ASKS_NOT, conforms=ASKS_NOT, deviates=ASKS
    )


@pytest.mark.requirement("C15")
@pytest.mark.parametrize("years", [20, 25, 100, 1000])
def test_far_in_the_future(lab: Lab, years: int) -> None:
    """2049 is the last year of UTCTime, 2038 the last one of 32 bits."""
    staple(lab, validity=years * YEAR)
    seen = lab.handshake()
    assert seen.verdict == "GOOD" and seen.staple is not None
    assert seen.staple["responses"][0]["next_update"] == lab.now + years * YEAR
    lab.step(HOUR)
    lab.handshake()
    lab.settle()
    lab.step(1)
    lab.handshake()
    lab.settle(connections=1)


@pytest.mark.requirement("D16")
def test_an_old_response_that_is_valid(lab: Lab) -> None:
    """Nobody but nextUpdate says when a response is too old."""
    staple(lab, this_update=-5 * YEAR, validity=5 * YEAR + DAY)
    seen = lab.handshake()
    assert (seen.verdict, "old" in seen.remarks) == ("GOOD", True)


@pytest.mark.requirement("D10")
@pytest.mark.parametrize("verify", [False, True], ids=["verify-off", "verify-on"])
def test_a_proper_delegate(lab: Lab, verify: bool) -> None:
    lab.responder.certificate("1001", signer="delegate")
    lab.start(verify=verify)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("B3")
def test_a_silent_responder(lab: Lab) -> None:
    """The lab's clock stands still, and with it the responder: five handshakes end all the same."""
    lab.inject("accept-then-silence")
    lab.start()
    begin = lab.now
    for _ in range(5):
        assert lab.handshake().verdict == "NO_STAPLE"
    assert lab.now == begin
    lab.settle(connections=1)
    assert lab.responder.events("close") == []
    lab.step(61)
    lab.settle()
    lab.claim("OCSP responder timed out (110: Connection timed out)")
