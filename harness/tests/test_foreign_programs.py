"""Programs that are not ours and are run to their end: what they may take, and that none outlives
the run, also while nginx is asked what it is, before there is a scenario."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lab_run import LabRun, is_alive, nginx, whole_run

from staplelab import processes
from staplelab.waiting import until

EXPECTED = {
    "test_it_waits_by_the_lab_clock": (
        "fail",
        "lab.run: curl did not end within 0.5 s: it is on the lab clock, which stands still while "
        'it runs; one that waits by time is run with clock="real", or by lab.beside(...) while '
        "lab.step(...) moves the clock",
    ),
    "test_it_waits_by_real_time": ("pass", ""),
    "test_it_takes_too_long_in_real_time": (
        "fail",
        "lab.run: curl did not end within 0.5 s; one that takes longer is given another "
        "bound=SECONDS",
    ),
    "test_it_waits_beside_while_the_clock_is_moved": ("pass", ""),
    "test_nobody_asks_how_it_ended": (
        "fail",
        "sh ended with status 28; it said: it said nothing",
    ),
    "test_it_leaves_a_process": ("error", "sh left behind: process N (sleep)"),
    "test_there_is_no_such_program": ("error", "no-such-program: No such file or directory"),
    "test_clock_misspelt": (
        "error",
        "there is no clock of a program 'rael'; the nearest is 'real'; accepted: lab, real",
    ),
    "test_no_program": ("error", "the command line names no program"),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return whole_run(tmp_path_factory, "foreign", "-k", "not endless").scenarios()


def test_every_scenario_has_its_expectation(seen: dict[str, dict[str, Any]]) -> None:
    assert sorted(seen) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_outcome(seen: dict[str, dict[str, Any]], name: str) -> None:
    reason = re.sub(r"process \d+", "process N", seen[name]["reason"])
    assert (seen[name]["outcome"], reason) == EXPECTED[name]


# ----- a run that is ended meanwhile -----

#: a wrapper that forks, into a session of its own, and waits for what it has forked
_WRAPPER = """#!/bin/sh
[ "$1" = {word} ] || exec {nginx} "$@"
mkfifo "$TMPDIR/fifo"
setsid cat "$TMPDIR/fifo" &
wait
"""
_SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


def wrapper(folder: Path, word: str) -> str:
    path = folder / "nginx"
    path.write_text(_WRAPPER.format(word=word, nginx=nginx()))
    path.chmod(0o755)
    return str(path)


def end_in_its_midst(run: LabRun, number: int) -> None:
    """Once a `cat` of it is there; nothing may be left then."""
    try:
        before = run.wait_for("cat", 1)
        os.kill(run.process.pid, number)
        run.wait_for_nothing()
        until(lambda: not any(map(is_alive, before)), "every process that was seen to end")
    finally:
        run.kill()


@pytest.mark.parametrize("number", _SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("word", ["-V", "-t", "-p"], ids=["version", "question", "trial-start"])
def test_nothing_outlives_the_look_at_nginx(
    tmp_path_factory: pytest.TempPathFactory, word: str, number: signal.Signals
) -> None:
    folder = tmp_path_factory.mktemp("r")
    run = LabRun(
        *(folder, "staplelab", "run", "--out", "out", "--jobs", "1"),
        *("--nginx", wrapper(tmp_path_factory.mktemp("w"), word), "-k", "clock", "."),
        scenarios="foreign",
    )
    end_in_its_midst(run, number)


@pytest.mark.parametrize("number", _SIGNALS, ids=lambda number: number.name)
def test_nothing_outlives_a_program_that_is_run(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setenv("ENDLESS", "1")
    run = LabRun(
        *(tmp_path_factory.mktemp("r"), "staplelab", "run", "--out", "out", "--jobs", "1"),
        *("--nginx", nginx(), "-k", "endless", "."),
        scenarios="foreign",
    )
    end_in_its_midst(run, number)


# ----- what starts runs -----

_DRIVER = """
import sys
from pathlib import Path
from mutants import judge
from staplelab.runs import matrix
sys.executable = {program!r}
{call}
"""
_CALLS = {
    "matrix": 'matrix._judge("image", Path(), [])',
    "mutants": 'judge.judge(Path("nginx"), Path("out"))',
}


@pytest.mark.parametrize("call", _CALLS)
@pytest.mark.parametrize("number", _SIGNALS, ids=lambda number: number.name)
def test_a_run_ends_with_who_started_it(tmp_path: Path, number: int, call: str) -> None:
    """What it runs is a program of the test's."""
    run = tmp_path / "run"
    run.write_text("#!/bin/sh\nexec sleep 1000\n")
    run.chmod(0o755)
    driver = subprocess.Popen(
        [sys.executable, "-c", _DRIVER.format(program=str(run), call=_CALLS[call])], cwd=tmp_path
    )
    found: list[int] = []

    def runs() -> bool:
        found[:] = [one for one in processes.children(driver.pid)
                    if "sleep" in processes.title(one)]  # fmt: skip
        return bool(found)

    try:
        until(runs, f"a run of {call}")
        driver.send_signal(number)
        driver.wait()
        until(lambda: not is_alive(found[0]), "the run to end")
    finally:
        driver.kill()
        driver.wait()
