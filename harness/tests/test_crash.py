"""An nginx that crashes: the reason begins with it, whatever the scenario has noticed."""

from __future__ import annotations

import pytest
from lab_run import LabRun, nginx

CRASH = "nginx: worker process exited on signal 11"
EXPECTED = {
    "test_all_else_is_well": ("fail", CRASH),
    "test_a_handshake_fails": ("fail", CRASH),
    "test_a_fetch_is_missing": ("fail", CRASH),
    "test_the_scenario_cannot_go_on": ("fail", CRASH),
    "test_claimed": ("pass", ""),
    "test_claimed_and_something_else_is_wrong": ("fail", "something else"),
    "test_killed_by_the_lab": ("fail", "something else"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "1")
    folder = tmp_path_factory.mktemp("r")
    return LabRun(folder, "staplelab", "run", *options, ".", scenarios="crashing").end()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_crash_comes_first(run: LabRun, name: str) -> None:
    one = run.scenarios()[name]
    assert (one["outcome"], one["reason"]) == EXPECTED[name]


def test_what_the_scenario_noticed_follows(run: LabRun) -> None:
    assert f"{CRASH}\nE   no such thing" in run.said()
