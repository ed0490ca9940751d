"""Somebody kills a responder in the midst of a scenario; the next one finds a new one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from staplelab.scenario.lab import Lab
from staplelab.scenario.world import World


def stapled(lab: Lab) -> None:
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


def kill(lab: Lab, name: str) -> None:
    os.kill(lab.part(name).running.pid, signal.SIGKILL)


@pytest.mark.parametrize("name", ["responder", "stub"])
def test_1_before_the_start(lab: Lab, name: str) -> None:
    kill(lab, name)
    lab.start()
    stapled(lab)


def test_2_in_the_midst(lab: Lab) -> None:
    lab.start()
    stapled(lab)
    kill(lab, "responder")
    lab.step(3601)


def test_3_before_an_assertion(lab: Lab) -> None:
    lab.start()
    kill(lab, "responder")
    assert lab.handshake().verdict == "GOOD"


def test_4_at_the_end(lab: Lab) -> None:
    lab.start()
    stapled(lab)
    kill(lab, "responder")


def test_5_both(lab: Lab) -> None:
    kill(lab, "stub")
    kill(lab, "responder")
    lab.start()
    lab.settle()


@pytest.fixture
def killed_afterwards(world: World) -> Iterator[None]:
    """Once the scenario has ended, and before the next one begins."""
    yield
    os.kill(world.responder.running.pid, signal.SIGKILL)


def test_6_between_two(killed_afterwards: None, lab: Lab) -> None:
    lab.start()
    stapled(lab)


def test_7_whole_again(lab: Lab) -> None:
    lab.start()
    stapled(lab)
