"""Fetches that fail, or succeed to no use, without a line in nginx's log."""

from __future__ import annotations

from typing import Any

import pytest

from staplelab.scenario.lab import Lab

DAY = 86400

SAID = "a line"
NOTHING = "no line"


def logged(lab: Lab) -> str:
    """Whether nginx logged anything that a person would see."""
    return SAID if lab.observed()["log"] else NOTHING


def refresh(lab: Lab, fault: str, **params: Any) -> None:
    """A good staple, then a fetch that meets the fault."""
    lab.responder.certificate("1001", validity=DAY)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.step(3601)
    lab.inject(fault, **params)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)


@pytest.mark.requirement("J1")
@pytest.mark.parametrize(
    ("fault", "params"),
    [
        ("http-4xx", {"code": 404}),
        ("http-4xx", {"code": 429}),
        ("http-5xx", {"code": 503}),
        ("http-redirect", {}),
    ],
    ids=["404", "429", "503", "redirect"],
)
def test_http_status_at_first_fetch(lab: Lab, fault: str, params: dict[str, Any]) -> None:
    """No staple, and the log does not say why."""
    lab.inject(fault, **params)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    lab.deviation("NGX-023", logged(lab), conforms=SAID, deviates=NOTHING)


@pytest.mark.requirement("J1")
def test_http_status_at_refresh(lab: Lab) -> None:
    """An outage of the responder is in no log for as long as the old staple lasts, nor after."""
    refresh(lab, "http-5xx")
    lab.step_to(DAY + 1)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    lab.deviation("NGX-023", logged(lab), conforms=SAID, deviates=NOTHING)


@pytest.mark.requirement("D13", "J1")
@pytest.mark.parametrize("seconds", [1, 299])
def test_just_expired_at_first_fetch(lab: Lab, seconds: int) -> None:
    """A responder that is late, or a clock that is fast: no staple, and no line."""
    lab.inject("next-update-past", offset=seconds)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    lab.deviation("NGX-024", logged(lab), conforms=SAID, deviates=NOTHING)


@pytest.mark.requirement("D13", "J1")
def test_just_expired_at_refresh(lab: Lab) -> None:
    """It takes the place of the good staple, and no line says that it is gone."""
    refresh(lab, "next-update-past", offset=100)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    lab.deviation("NGX-024", logged(lab), conforms=SAID, deviates=NOTHING)
