"""How a run can end (test_exit_codes.py)."""

import pytest

from staplelab.scenario.lab import Lab


def test_well(lab: Lab) -> None:
    lab.start()


def test_badly(lab: Lab) -> None:
    lab.start()
    raise AssertionError("not as expected")


def test_early(lab: Lab) -> None:
    lab.start()
    pytest.exit("cut short", 2)
