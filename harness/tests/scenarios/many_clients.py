"""More scenarios than anybody waits for, with clients that wait: test_clients.py kills the run."""

import pytest

from staplelab.scenario.lab import Lab


@pytest.mark.parametrize("turn", range(10_000))
def test_turn(lab: Lab, turn: int) -> None:
    lab.start()
    for stage in ("connected", "half-hello", "hello", "handshake"):
        lab.client("--stop-at", stage)
    for _ in range(500):
        lab.handshake()
