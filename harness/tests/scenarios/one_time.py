"""Scenarios that move both times, or one of them alone, with the mark for it and without."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab


def test_both(lab: Lab) -> None:
    lab.start()
    lab.step(61)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)


@pytest.mark.needs_separate_times
@pytest.mark.parametrize("clock", ["wall", "monotonic"])
def test_one_marked(lab: Lab, clock: str) -> None:
    lab.start()
    lab.step(61, wall=clock == "wall", monotonic=clock == "monotonic")


def test_one_unmarked(lab: Lab) -> None:
    lab.start()
    lab.step(61, monotonic=False)
