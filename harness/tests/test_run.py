"""A run as a whole: what it leaves when it is ended, and that it finds the same every time."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import child_run
import pytest
from lab_run import LabRun, is_alive, nginx

from staplelab.hosts.namespace import WHY_NOT
from staplelab.places import build_folder, repository
from staplelab.waiting import until

#: of the suites, some of each kind: faults of responder and stub, steps of the clock, two workers
SUBSET = "test_expiry_to_the_second or test_one_cache_a_worker or cert-status-revoked or servfail"
#: how many runs in a row must be equal; the default keeps the tests quick
RUNS = int(os.environ.get("STAPLELAB_TEST_RUNS", "3"))

Starter = Callable[..., LabRun]


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Starts `staplelab run`; nothing of it outlives the test."""
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


def by_kill(run: LabRun) -> None:
    os.kill(run.process.pid, signal.SIGKILL)


def by_ctrl_c(run: LabRun) -> None:
    """A terminal signals its whole foreground process group."""
    os.killpg(run.process.pid, signal.SIGINT)


def by_term(run: LabRun) -> None:
    os.kill(run.process.pid, signal.SIGTERM)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("end", "status"),
    [(by_kill, -signal.SIGKILL), (by_ctrl_c, 2), (by_term, 2)],
    ids=["kill-9", "ctrl-c", "term"],
)
def test_nothing_outlives_a_run(
    start: Starter, end: Callable[[LabRun], None], status: int, jobs: int
) -> None:
    run = start("--jobs", str(jobs), ".", scenarios="endless")
    before = run.wait_for("nginx", 3 * jobs)  # a master and two workers of every process
    assert {"nginx", "launcher", "faulty-ocspd", "faulty-dnsd"} <= set(before.values())
    assert len(run.folders()) == jobs
    end(run)
    run.wait_for_nothing()
    run.end()
    assert run.status == status
    until(lambda: not any(map(is_alive, before)), "every process that was seen to end")


def test_a_scenario_that_waits_does_not_keep_a_run_alive(start: Starter) -> None:
    """It would look up after 10 s at the earliest, and only then see that its driver is gone."""
    run = start("--jobs", "2", ".", scenarios="waiting")
    before = run.wait_for("nginx", 6)
    by_kill(run)
    run.wait_for_nothing(bound=4)
    until(lambda: not any(map(is_alive, before)), "every process that was seen to end", bound=4)


@pytest.mark.parametrize("part", ["launcher", "faulty-ocspd"])
def test_a_run_killed_at_its_start_leaves_nothing(start: Starter, part: str) -> None:
    """Before its folder is complete."""
    run = start("--jobs", "2", ".", scenarios="endless")
    run.wait_for(part, 1)
    by_kill(run)
    run.wait_for_nothing()


def test_a_run_killed_while_certificates_are_minted_leaves_nothing(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No launcher holds pki-mint, which ends by itself and writes into the run's folder until then.
    This one does not begin before the run was killed."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    shutil.copytree(build_folder() / "bin", tmp_path / "bin")
    shutil.copytree(build_folder() / "lib", tmp_path / "lib")
    real = (tmp_path / "bin" / "pki-mint").rename(tmp_path / "minting")
    late = tmp_path / "bin" / "pki-mint"
    # what comes before the run, in its driver, is not held up
    held = f'[ -z "$PYTEST_XDIST_WORKER" ] || read -r _ <{fifo}'
    late.write_text(f'#!/bin/sh\n{held}\nexec {real} "$@"\n')
    late.chmod(0o755)
    monkeypatch.setenv("STAPLELAB_BUILD", str(tmp_path))
    with fifo.open("r+b", buffering=0) as begin:
        run = start("--jobs", "2", ".", scenarios="endless")
        run.wait_for("pki-mint", 2)
        by_kill(run)
        begin.write(b"\n" * 2)
        run.wait_for_nothing()


def test_a_late_refusal_is_waited_for(start: Starter) -> None:
    run = start("--jobs", "1", ".", scenarios="time_wait").end()
    (seen,) = run.results()["scenarios"]
    expected = "not-applicable" if seen["reason"] == WHY_NOT else "pass"
    assert seen["outcome"] == expected, run.said()


def test_runs_in_a_row_are_equal(start: Starter) -> None:
    """By the lab's own comparison, which exits with 1 where behaviour differs."""
    suites = str(repository() / "suites")
    runs = [start("-k", SUBSET, suites).end() for _ in range(RUNS)]
    for run in runs:
        outcomes = {entry["outcome"] for entry in run.results()["scenarios"]}
        assert outcomes <= {"pass", "known-deviation", "not-applicable"}, run.said()
        assert len(run.results()["scenarios"]) >= 8
        done = child_run.start(run.folder, "staplelab", "diff", str(runs[0].out), "out")
        assert (done.returncode, done.stdout) == (0, "no change in behaviour\n"), done.stderr
        assert run.results() == runs[0].results()
