"""Scenarios that say which processors they may run on."""

import os

import pytest

from staplelab.scenario.lab import Lab


@pytest.mark.parametrize("number", range(20))
def test_processors(lab: Lab, number: int) -> None:
    lab.observe(processors=sorted(os.sched_getaffinity(0)))
