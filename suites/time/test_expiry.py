"""How long a staple is served: to the second of its nextUpdate, and what has none."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

DAY = 86400


def staple(lab: Lab, validity: int | None) -> None:
    """A good staple of that validity, fetched at second 0."""
    lab.responder.certificate("1001", validity=validity)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)


@pytest.mark.requirement("C1")
@pytest.mark.parametrize("validity", [600, 3600, DAY, 7 * DAY])
def test_expiry_to_the_second(lab: Lab, validity: int) -> None:
    staple(lab, validity)
    lab.inject("http-5xx")
    lab.step_to(validity)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    lab.step_to(validity + 1)
    assert lab.handshake().verdict == "NO_STAPLE"


@pytest.mark.requirement("C7")
@pytest.mark.parametrize("validity", [8, 60, 120, 299])
def test_short_validity_leaves_a_gap(lab: Lab, validity: int) -> None:
    """nginx asks at most every 300 s, so a shorter validity leaves handshakes bare."""
    staple(lab, validity)
    lab.step_to(validity)
    assert lab.handshake().verdict == "GOOD"
    lab.step_to(validity + 1)
    in_the_gap = lab.handshake()
    lab.settle()
    lab.deviation("NGX-006", in_the_gap.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.step_to(301)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("C8")
def test_no_next_update_is_served_for_ever(lab: Lab) -> None:
    staple(lab, None)
    lab.inject("http-5xx")
    lab.step(400 * DAY)
    after_a_year = lab.handshake()
    lab.settle(connections=1)
    lab.deviation(
        "NGX-007", after_a_year.verdict, conforms="NO_STAPLE", deviates="NO_NEXT_UPDATE"
    )


@pytest.mark.requirement("C8")
def test_no_next_update_is_asked_for_hourly(lab: Lab) -> None:
    staple(lab, None)
    lab.step(3600)
    lab.handshake()
    lab.settle()
    assert len(lab.responder.requests()) == 1
    lab.step(1)
    lab.handshake()
    lab.settle(connections=1)
    assert len(lab.responder.requests()) == 2


@pytest.mark.requirement("C10")
def test_rollback_to_an_expired_answer(lab: Lab) -> None:
    """A response expired by less than 300 s passes nginx's leeway, replaces a staple that is good
    for a day, and is then not served: silently, the staple is lost for 300 s."""
    staple(lab, DAY)
    lab.step(3601)
    lab.inject("next-update-past", offset=100)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    after = lab.handshake()
    lab.deviation("NGX-008", after.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.heal()
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("G8")
def test_stapling_file_is_served_expired(lab: Lab) -> None:
    """ssl_stapling_file is read once and never judged."""
    staple_of_now = lab.folder / "staple.der"
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.handshake("--staple-out", str(staple_of_now))
    lab.restart(directives=(f"ssl_stapling_file {staple_of_now};",))
    assert lab.handshake().verdict == "GOOD"
    lab.step(2 * DAY)
    expired = lab.handshake()
    lab.deviation("NGX-009", expired.verdict, conforms="NO_STAPLE", deviates="EXPIRED")
