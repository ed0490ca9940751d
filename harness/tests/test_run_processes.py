"""What each pytest process of a run sets up for itself: certificates, and where it runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from lab_run import LabRun, nginx

Runner = Callable[..., LabRun]


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A whole `staplelab run` of these scenarios."""
    begun = []

    def begin(scenarios: str, jobs: int) -> LabRun:
        options = ("--nginx", nginx(), "--out", "out", "--jobs", str(jobs), ".")
        folder = tmp_path_factory.mktemp("r")
        begun.append(LabRun(folder, "staplelab", "run", *options, scenarios=scenarios))
        return begun[-1].end()

    yield begin
    for one in begun:
        one.kill()


@pytest.mark.parametrize("jobs", [1, 2])
def test_profiles(run: Runner, jobs: int) -> None:
    done = run("profiles", jobs)
    assert done.results()["totals"]["pass"] == 2, done.said()


@pytest.mark.parametrize("jobs", [1, 2])
def test_unknown_profile(run: Runner, jobs: int) -> None:
    done = run("profile_unknown", jobs)
    (seen,) = done.scenarios().values()
    assert seen["outcome"] == "error"
    assert seen["reason"] == (
        "there is no PKI profile 'standrad'; known: aia-forms, chains, clients, "
        "conformance, standard, two-responders"
    )


def test_each_process_keeps_to_a_processor(run: Runner) -> None:
    """One process alone runs where it likes; of two each has a processor."""
    ours = sorted(os.sched_getaffinity(0))

    def seen(jobs: int) -> set[tuple[int, ...]]:
        found = run("processors", jobs).scenarios().values()
        return {tuple(scenario["observed"]["processors"]) for scenario in found}

    assert seen(1) == {tuple(ours)}
    assert len(seen(2)) == min(2, len(ours))
    assert all(len(processors) == 1 for processors in seen(2))
