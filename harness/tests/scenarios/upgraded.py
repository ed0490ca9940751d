"""Upgrades that do not end: test_lifecycle.py ends the run in their midst."""

import os
import signal

import pytest

from staplelab.scenario.lab import Lab

_MORE_THAN_ANYBODY_WAITS_FOR = 100_000


def test_two_masters(lab: Lab) -> None:
    """The old master is not told to go: both stay, each with a worker."""
    lab.start(upgradable=True)
    os.kill(lab.nginx.pid, signal.SIGUSR2)
    for _ in range(_MORE_THAN_ANYBODY_WAITS_FOR):
        lab.handshake()


@pytest.mark.parametrize("turn", range(500))
def test_one_after_the_other(lab: Lab, turn: int) -> None:
    lab.start(upgradable=True)
    for _ in range(20):
        lab.upgrade()
        lab.handshake()
