"""More scenarios than anybody waits for: test_run.py ends the run in their midst."""

import pytest

from staplelab.scenario.lab import Lab


@pytest.mark.parametrize("turn", range(10_000))
def test_turn(lab: Lab, turn: int) -> None:
    lab.start(workers=2)
    lab.handshake()
    lab.settle(connections=1)
    for _ in range(50):  # so that two such at once mostly have their nginx running, both
        lab.handshake("--no-status")
