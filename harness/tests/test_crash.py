"""An nginx that crashes: the reason begins with it, whatever the scenario has noticed."""

from __future__ import annotations

import pytest
from lab_run import LabRun, nginx

from staplelab.hosts.namespace import WHY_NOT

CRASH = "nginx: worker process exited on signal 11"
EXPECTED = {
    "test_all_else_is_well": ("fail", CRASH),
    "test_a_handshake_fails": ("fail", CRASH),
    "test_a_fetch_is_missing": ("fail", CRASH),
    "test_the_scenario_cannot_go_on": ("fail", CRASH),
    "test_the_network_is_whole": ("fail", CRASH),
    "test_the_host_cannot_go_on": ("fail", CRASH),
    "test_the_run_is_interrupted": ("not-applicable", "it would end the run"),
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
    if name == "test_the_network_is_whole" and WHY_NOT in one["reason"]:
        return
    assert (one["outcome"], one["reason"]) == EXPECTED[name]


def test_what_the_scenario_noticed_follows(run: LabRun) -> None:
    assert f"{CRASH}\nE   no such thing" in run.said()


def test_an_interrupt_after_a_crash_ends_the_run(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut short, and says so."""
    monkeypatch.setenv("STAPLELAB_TEST_INTERRUPT", "1")
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "1", "-k", "interrupted or claimed")
    folder = tmp_path_factory.mktemp("r")
    run = LabRun(folder, "staplelab", "run", *options, ".", scenarios="crashing").end()
    assert run.status == 2
    assert run.results()["complete"] is False
