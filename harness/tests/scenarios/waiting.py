"""Scenarios that wait for what does not come; test_run.py ends the run meanwhile."""

import pytest

from staplelab.scenario.lab import Lab


@pytest.mark.parametrize("turn", range(2))
def test_in_vain(lab: Lab, turn: int) -> None:
    lab.start(workers=2)
    lab.wait_for_log("a line that never comes")
