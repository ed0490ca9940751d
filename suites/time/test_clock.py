"""Clocks that jump: staples live by wall time, time-outs by monotonic time."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

HOUR = 3600


def staple(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1)


@pytest.mark.requirement("C11")
@pytest.mark.needs_separate_times
def test_set_back(lab: Lab) -> None:
    """Two hours back: the staple is served on, and nothing is refreshed until the wall clock has
    come past the old appointment again."""
    staple(lab)
    lab.step(-2 * HOUR, monotonic=False)
    assert lab.handshake().verdict == "NOT_YET_VALID"
    lab.step_to(HOUR)
    assert lab.handshake().verdict == "GOOD"
    lab.settle()
    assert len(lab.responder.requests()) == 1
    lab.step_to(HOUR + 1)
    lab.handshake()
    lab.settle(connections=1)
    assert len(lab.responder.requests()) == 2


@pytest.mark.requirement("C12")
@pytest.mark.needs_separate_times
def test_jump_past_next_update_and_back(lab: Lab) -> None:
    """Nothing is forgotten: back inside its validity, the staple is served again."""
    staple(lab)
    lab.inject("http-5xx")
    lab.step(25 * HOUR, monotonic=False)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    lab.step(-24 * HOUR, monotonic=False)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.parametrize(
    "clock",
    [
        pytest.param("wall", marks=pytest.mark.needs_separate_times),
        pytest.param("monotonic", marks=pytest.mark.needs_separate_times),
        "both",
    ],
)
def test_timeout_follows_monotonic_time(lab: Lab, clock: str) -> None:
    """The 60 s of a fetch are counted by the monotonic clock alone."""
    lab.inject("accept-then-silence")
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.step(61, wall=clock != "monotonic", monotonic=clock != "wall")
    lab.settle()
    closed = lab.responder.events("close")
    if clock == "wall":
        assert closed == []
    else:
        lab.claim("OCSP responder timed out (110: Connection timed out)")
        assert [event["by"] for event in closed] == ["peer"]


@pytest.mark.requirement("E8")
def test_timeout_is_sixty_seconds(lab: Lab) -> None:
    lab.inject("accept-then-silence")
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.step(59.9)
    lab.settle()
    assert lab.responder.events("close") == []
    lab.step(0.2)
    lab.settle()
    assert len(lab.responder.events("close")) == 1
    lab.claim("OCSP responder timed out (110: Connection timed out)")


@pytest.mark.needs_separate_times
def test_refresh_follows_wall_time(lab: Lab) -> None:
    staple(lab)
    lab.step(HOUR + 1, wall=False)
    lab.handshake()
    lab.settle()
    assert len(lab.responder.requests()) == 1
    lab.step(HOUR + 1, monotonic=False)
    lab.handshake()
    lab.settle(connections=1)
    assert len(lab.responder.requests()) == 2


@pytest.mark.requirement("D12")
@pytest.mark.parametrize(
    ("offset", "verdict"),
    [(-300, "NOT_YET_VALID"), (-301, "NO_STAPLE"), (300, "GOOD")],
    ids=["300-s-ahead", "301-s-ahead", "300-s-behind"],
)
def test_responders_clock_is_off(lab: Lab, offset: int, verdict: str) -> None:
    """nginx allows 300 s of skew in thisUpdate; a strict client does not."""
    lab.responder.certificate("1001", this_update=-offset)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == verdict
    if verdict == "NO_STAPLE":
        lab.claim("OCSP_check_validity() failed")
