"""Runs under both lab clocks: the same is found, and libfaketime leaves nothing either."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import child_run
import pytest
from lab_run import LabRun, nginx

from staplelab.hosts import namespace
from staplelab.parts.clock import NAMES, NEEDS_SEPARATE_TIMES
from staplelab.places import repository
from staplelab.waiting import until

#: of the suites: the end of a staple, time-outs that follow one time, an upgrade of the binary, two
#: workers, slow responses, a reload with a client that is held up
SUBSET = (
    "test_clock or test_upgrade or test_expiry or test_workers or test_refresh or slow-body or ttl"
)
Starter = Callable[..., LabRun]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Starts `staplelab run`; nothing of it outlives the tests."""
    started = []

    def begin(*options: str, scenarios: str | None = None) -> LabRun:
        run = LabRun(
            *(tmp_path_factory.mktemp("r"), "staplelab", "run", "--out", "out"),
            *("--nginx", nginx(), *options),
            scenarios=scenarios,
        )
        started.append(run)
        return run

    yield begin
    for run in started:
        run.kill()


def left_in_shm() -> list[str]:
    """What libfaketime has put into the machine's own /dev/shm."""
    return sorted(path.name for path in Path("/dev/shm").glob("*faketime*"))


def mounts(process: Path) -> str:
    """Which namespace of mounts a process is in; "" when it has ended."""
    try:
        return os.readlink(process / "ns" / "mnt")
    except OSError:
        return ""


def in_namespace(name: str) -> list[str]:
    """The processes in it."""
    numbers = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [process.name for process in numbers if mounts(process) == name]


# ----- what they find -----


@pytest.fixture(scope="module")
def pair(start: Starter) -> tuple[LabRun, LabRun]:
    """The same scenarios under ours and under libfaketime."""
    options = ("-k", SUBSET, str(repository() / "suites"))
    ours = start(*options).end()
    theirs = start("--clock", "faketime", *options).end()
    assert (ours.status, theirs.status) == (0, 0), ours.said() + theirs.said()
    return ours, theirs


def test_the_clocks_find_the_same(pair: tuple[LabRun, LabRun]) -> None:
    """Scenario by scenario, but for those that libfaketime cannot do."""
    ours, theirs = (run.results() for run in pair)
    assert (ours["clock"], theirs["clock"]) == ("lab", "faketime")
    assert len(ours["scenarios"]) == len(theirs["scenarios"]) > 50
    differ = [
        (mine, other)
        for mine, other in zip(ours["scenarios"], theirs["scenarios"], strict=True)
        if mine != other
    ]
    assert len(differ) >= 5
    assert {mine["outcome"] for mine, _ in differ} == {"pass"}
    beyond = {("not-applicable", NEEDS_SEPARATE_TIMES)}
    assert {(other["outcome"], other["reason"]) for _, other in differ} == beyond


def test_diff_says_what_it_cannot_compare(pair: tuple[LabRun, LabRun]) -> None:
    ours, theirs = pair
    done = child_run.start(ours.folder, "staplelab", "diff", str(ours.out), str(theirs.out))
    assert (done.returncode, done.stderr) == (0, "")
    same, title, *names = done.stdout.splitlines()
    assert same == "no change in behaviour"
    assert title.startswith("not compared under the clocks lab and faketime, ")
    assert len(names) >= 5 and all(name.startswith("  suites/time/") for name in names), names


def test_a_scenario_that_moves_one_time(start: Starter) -> None:
    """With the mark it is not applicable, without it an error says what to do."""
    run = start("--clock", "faketime", "--jobs", "1", ".", scenarios="one_time").end()
    assert run.status == 1
    seen = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    assert seen.pop("test_both") == ("pass", "")
    outcome, reason = seen.pop("test_one_unmarked")
    assert outcome == "error"
    assert reason == (
        "libfaketime moves wall and monotonic time together: mark a scenario that moves one of "
        "them alone with @pytest.mark.needs_separate_times"
    )
    assert set(seen.values()) == {("not-applicable", NEEDS_SEPARATE_TIMES)} and len(seen) == 2


def test_the_mark_changes_nothing_under_our_clock(start: Starter) -> None:
    run = start("--jobs", "1", ".", scenarios="one_time").end()
    assert run.status == 0, run.said()
    assert {one["outcome"] for one in run.scenarios().values()} == {"pass"}


@pytest.mark.parametrize("clock", NAMES)
def test_a_server_that_the_clock_does_not_reach(
    start: Starter, tmp_path: Path, clock: str
) -> None:
    """In real time it would be judged falsely, and without a word."""
    real = tmp_path / "nginx"
    real.write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec {nginx()} "$@"\n')
    real.chmod(0o755)
    options = ("--clock", clock, "--nginx", str(real), "--jobs", "1")
    run = start(*options, ".", scenarios="staple").end()
    assert run.status == 2
    (line,) = run.said().splitlines()
    assert (
        " does not start as the lab needs it: nginx is not on the lab clock, where it is Tue, "
        "01 Jan 2030 00:00:00 GMT; it says "
    ) in line


# ----- what they leave -----


def test_nothing_is_left_in_shm(pair: tuple[LabRun, LabRun]) -> None:
    assert left_in_shm() == []


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["kill-9", "term"])
def test_nothing_outlives_a_run_under_libfaketime(start: Starter, end: int) -> None:
    """All its processes are in a namespace that has the files, and that goes with the last one."""
    run = start("--clock", "faketime", "--jobs", "2", ".", scenarios="endless")
    run.wait_for("nginx", 2)  # the masters: the workers have no trace of the run
    own = mounts(Path("/proc") / str(run.process.pid))
    assert own not in ("", mounts(Path("/proc/self")))
    shm = Path("/proc") / str(run.process.pid) / "root" / "dev" / "shm"
    assert any(shm.glob("*faketime*"))
    assert left_in_shm() == []
    os.kill(run.process.pid, end)
    until(lambda: in_namespace(own) == [], "every process of the run to end", bound=20)
    run.wait_for_nothing()
    run.end()
    assert left_in_shm() == []


# ----- what is refused -----


def test_no_clock_of_that_name(start: Starter) -> None:
    run = start("--clock", "faketme", ".", scenarios="staple").end()
    line = "there is no clock 'faketme'; the nearest is 'faketime'; accepted: lab, faketime"
    assert (run.status, run.said()) == (2, f"staplelab: {line}\n")


def test_pytest_alone_makes_no_shm(tmp_path_factory: pytest.TempPathFactory) -> None:
    run = LabRun(
        *(tmp_path_factory.mktemp("r"), "pytest", "-q", "-p", "staplelab.plugin"),
        *(f"--nginx={nginx()}", "--out=out", "--clock=faketime"),
        scenarios="staple",
    ).end()
    assert run.status == pytest.ExitCode.USAGE_ERROR
    said = run.said().strip()
    assert said == f"ERROR: staplelab: --clock faketime: {namespace.WHY_NO_SHM}"
    assert not run.out.exists()


def test_a_folder_that_the_new_shm_would_hide(start: Starter) -> None:
    run = start("--clock", "faketime", "--out", "/dev/shm/results", ".", scenarios="staple").end()
    line = (
        "--clock faketime takes a new /dev/shm for the run, and /dev/shm/results lies in the "
        "present one"
    )
    assert (run.status, run.said()) == (2, f"staplelab: {line}\n")
    assert not Path("/dev/shm/results").exists()
