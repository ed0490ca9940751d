"""A scenario is bounded by what it does, not by what the machine does beside it."""

from __future__ import annotations

import select
import signal
from pathlib import Path

import pytest
from child_run import start
from lab_run import nginx

from staplelab.errors import LabError
from staplelab.runs import effort


def test_work_without_an_end() -> None:
    with pytest.raises(LabError, match=r"^the scenario has taken 0.05 s of processor time$"):
        with effort.bounded(0.05):
            while True:
                pass
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_waiting_is_no_work() -> None:
    """As on a machine that has no time for this process."""
    with effort.bounded(0.05):
        select.select([], [], [], 0.3)


_SCENARIO = """
import signal
import pytest

@pytest.fixture
def lab():
    return None

def test_scenario(lab, pytestconfig):
    assert 30 < signal.getitimer(signal.ITIMER_PROF)[0] < 61
    assert pytestconfig.getoption("timeout") == 600
"""


def test_each_scenario_of_a_run_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "test_scenario.py").write_text(_SCENARIO)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = start(tmp_path, "staplelab", "run", "--nginx", nginx(), "--jobs", "1", ".")
    assert done.returncode == 0, done.stdout + done.stderr
