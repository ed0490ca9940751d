"""What becomes of a scenario that expects something of its server's life, by a run of each."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lab_run import LabRun, nginx

REASON = '[emerg] unknown directive "nonsense" in RUN/nginx.conf'

EXPECTED = {
    "test_refused_start_expected": ("pass", ""),
    "test_refused_start_and_then_a_good_one": ("pass", ""),
    "test_refused_start_for_another_reason": (
        "fail",
        f"nginx refused the configuration, but did not say 'no such file': {REASON}",
    ),
    "test_start_that_was_to_be_refused": (
        "fail",
        "nginx took the configuration; expected was that it says "
        "'unknown directive \"nonsense\"'",
    ),
    "test_refused_reload_expected": ("pass", ""),
    "test_refused_reload_for_another_reason": (
        "fail",
        f"nginx refused the configuration, but did not say 'no such file': {REASON}",
    ),
    "test_refused_reload_unexpected": ("fail", f"nginx refused the configuration: {REASON}"),
    "test_reload_that_was_to_be_refused": (
        "fail",
        "nginx took the configuration; expected was that it says "
        "'unknown directive \"nonsense\"'",
    ),
    "test_refusal_not_waited_for": (
        "error",
        "a refusal has to be waited for: leave wait=False out",
    ),
    "test_restart_with_a_site": ("pass", ""),
    "test_reconfigure_with_a_site": ("pass", ""),
    "test_leaves_a_folder": ("pass", ""),
    "test_finds_no_folder": ("pass", ""),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    folder = tmp_path_factory.mktemp("r")
    return LabRun(
        *(folder, "staplelab", "run", "--out", "out", "--jobs", "1", "--nginx", nginx(), "."),
        scenarios="lifecycle",
    ).end()


@pytest.fixture(scope="module")
def seen(run: LabRun) -> dict[str, dict[str, Any]]:
    return run.scenarios()


def test_every_scenario_has_its_expectation(seen: dict[str, dict[str, Any]]) -> None:
    assert sorted(seen) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_outcome(seen: dict[str, dict[str, Any]], name: str) -> None:
    outcome, reason = seen[name]["outcome"], seen[name]["reason"]
    assert (outcome, re.sub(r"(nginx\.conf):\d+", r"\1", reason)) == EXPECTED[name]


def test_a_refusal_is_in_the_results(seen: dict[str, dict[str, Any]]) -> None:
    assert seen["test_refused_reload_expected"]["observed"]["log"] == [REASON] * 3


def test_nothing_is_left(run: LabRun) -> None:
    run.wait_for_nothing()
