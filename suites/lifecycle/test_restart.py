"""An end and a start: nothing is left of what was there."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab


def test_restart(lab: Lab) -> None:
    """No file and no memory keeps the staple."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.restart()
    first = lab.handshake()
    lab.deviation("NGX-003", first.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.parametrize(
    ("fault", "came"),
    [("accept-then-silence", {"connections": 1}), ("drop-query", {"queries": 2})],
    ids=["fetch", "look-up"],
)
def test_restart_during(lab: Lab, fault: str, came: dict[str, int]) -> None:
    """SIGTERM waits for neither a fetch nor a look-up, and nothing is said of them."""
    lab.inject(fault, times=max(came.values()))
    lab.start()
    lab.handshake()
    lab.settle(**came)
    lab.restart()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
