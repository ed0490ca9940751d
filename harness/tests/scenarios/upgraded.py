"""More upgrades than anybody waits for: test_lifecycle.py ends the run in their midst."""

import pytest

from staplelab.scenario.lab import Lab


@pytest.mark.parametrize("turn", range(10_000))
def test_turn(lab: Lab, turn: int) -> None:
    lab.start(upgradable=True)
    for _ in range(20):
        lab.upgrade()
        lab.handshake()
