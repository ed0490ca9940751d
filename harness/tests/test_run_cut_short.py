"""A run that does not come to its end: what it found is there, and nothing looks like a whole run.

How one that was ended leaves no process or folder behind is in test_run.py.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import child_run
import pytest
from lab_run import SCENARIOS, LabRun, index_of, nginx

from staplelab.places import repository
from staplelab.runs import record
from staplelab.runs.results import PARTIAL
from staplelab.waiting import until

VIEWS = ["junit.xml", "record.jsonl", "report", "results.json"]
Starter = Callable[..., LabRun]


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Starts `staplelab run` of the scenarios of that name; nothing of it outlives the test."""
    started = []

    def begin(jobs: int, scenarios: str = "endless", *options: str) -> LabRun:
        run = LabRun(
            *(tmp_path_factory.mktemp("r"), "staplelab", "run", "--out", "out"),
            *("--nginx", nginx(), "--jobs", str(jobs), *options, "."),
            scenarios=scenarios,
        )
        started.append(run)
        return run

    yield begin
    for run in started:
        run.kill()


def lines(file: Path) -> list[Any]:
    """A record, every line of which must be whole."""
    text = file.read_text()
    assert text.endswith("\n")
    return list(map(json.loads, text.splitlines()))


def wait_for_scenarios(run: LabRun, count: int = 3) -> None:
    partial = run.out / "record.jsonl.partial"

    def have_ended() -> bool:
        assert run.process.poll() is None, run.said()
        return partial.exists() and partial.read_bytes().count(b"\n") > count

    until(have_ended, f"{count} scenarios to end", bound=30)


def expect_partial_views(out: Path, found: list[Any]) -> None:
    """Every view has these scenarios and says that they are not all."""
    results = json.loads((out / "results.json").read_text())
    assert results["complete"] is False
    ids = sorted(entry["id"] for entry in found)
    assert [entry["id"] for entry in results["scenarios"]] == ids
    root = ElementTree.parse(out / "junit.xml").getroot()
    assert len(root.findall(".//testcase")) == len(ids)
    assert root.find(".//property[@name='complete']").get("value") == "false"  # type: ignore
    index = index_of(out)
    assert index["partial"] == PARTIAL
    assert [one["id"] for _, ours in index["suites"] for one in ours] == ids


def leave_an_earlier_run(folder: Path) -> None:
    (folder / "kept" / "test_long_ago").mkdir(parents=True)
    for name in VIEWS:
        (folder / name).write_text("of an earlier run")


def by_ctrl_c(run: LabRun) -> None:
    """A terminal signals its whole foreground process group."""
    os.killpg(run.process.pid, signal.SIGINT)


def by_term(run: LabRun) -> None:
    os.kill(run.process.pid, signal.SIGTERM)


def by_hang_up(run: LabRun) -> None:
    """A terminal that goes, once for the group and once for good measure."""
    os.killpg(run.process.pid, signal.SIGHUP)
    os.kill(run.process.pid, signal.SIGHUP)


# ----- signals -----


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("end", "said"),
    [
        (by_ctrl_c, "KeyboardInterrupt"),
        (by_term, "KeyboardInterrupt: SIGTERM"),
        (by_hang_up, "KeyboardInterrupt: SIGHUP"),
    ],
    ids=["ctrl-c", "term", "hang-up"],
)
def test_an_interrupted_run_writes_what_it_found(
    start: Starter, end: Callable[[LabRun], None], said: str, jobs: int
) -> None:
    run = start(jobs)
    wait_for_scenarios(run)
    end(run)
    assert run.end().status == 2
    assert said in run.said() and f"\n{PARTIAL}\n" in run.said()
    assert "Everything as expected" not in run.said() and "Traceback" not in run.said()
    _, *found, last = lines(run.out / "record.jsonl")
    assert last["complete"] is False and 3 <= len(found) < 10_000
    assert {entry["outcome"] for entry in found} == {"pass"}
    assert all(entry["timeline"] for entry in found)
    expect_partial_views(run.out, found)
    assert sorted(os.listdir(run.out)) == VIEWS


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_has_recorded_what_ended(start: Starter, jobs: int) -> None:
    """The views are made later; until then none of an earlier run is in their place."""
    run = start(jobs)
    leave_an_earlier_run(run.out)
    wait_for_scenarios(run)
    os.kill(run.process.pid, signal.SIGKILL)
    run.end()
    _, *found = lines(run.out / "record.jsonl.partial")
    assert sorted(os.listdir(run.out)) == ["earlier", "record.jsonl.partial"]
    assert sorted(os.listdir(run.out / "earlier")) == VIEWS
    done = child_run.start(run.folder, "staplelab", "report", "out")
    assert (done.returncode, done.stderr) == (2, "")
    assert f"\n{PARTIAL}\n" in done.stdout
    expect_partial_views(run.out, found)


def test_nohup(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ignores that its terminal goes, goes on."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run = start(2)
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for_scenarios(run)
    os.killpg(run.process.pid, signal.SIGHUP)
    seen = len((run.out / "record.jsonl.partial").read_bytes().splitlines())
    wait_for_scenarios(run, seen + 2)


def test_make_ends_its_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is told to make reaches the run that it started."""
    folder = tmp_path_factory.mktemp("r")
    shutil.copy(SCENARIOS / "endless.py", folder / "test_endless.py")
    (folder / "pytest.ini").write_text("[pytest]\n")
    out = folder / "out"
    argv = ["make", "-s", "run", f"OUT={out}", f"ARGS={folder}", f"PY={sys.executable}"]
    variables = {**child_run.environment(), "NGINX": nginx(), "NO_INSTALL": "1"}
    with (folder / "said").open("wb") as said:
        make = subprocess.Popen(
            argv, cwd=repository(), env=variables, stdout=said, stderr=said, start_new_session=True
        )
    try:
        partial = out / "record.jsonl.partial"
        until(
            lambda: partial.exists() and partial.read_bytes().count(b"\n") > 3,
            "three scenarios to end",
            bound=40,
        )
        make.terminate()
        make.wait(timeout=20)
        until((out / "results.json").exists, "the run to end")
        _, *found, last = lines(out / "record.jsonl")
        expect_partial_views(out, found)
    finally:
        try:
            os.killpg(make.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


# ----- two runs in one folder -----


def test_a_second_run_in_the_same_folder(start: Starter) -> None:
    run = start(2)
    wait_for_scenarios(run)
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "1", ".")
    said = (
        f"staplelab: --out out: process {run.process.pid} writes its results there now; "
        "wait for its end or give another --out"
    )
    second = child_run.start(run.folder, "staplelab", "run", *options)
    assert second.returncode == 2
    assert (second.stdout, second.stderr.strip()) == ("", f"ERROR: {said}")
    report = child_run.start(run.folder, "staplelab", "report", "out")
    assert (report.returncode, report.stdout, report.stderr) == (2, "", f"{said}\n")
    wait_for_scenarios(run, len(lines(run.out / "record.jsonl.partial")) + 1)


# ----- a run that is none -----


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-k", "("), "ERROR: Wrong expression passed to '-k': (: at column 2: expected not OR"),
        (("-k", "nosuch"), "ERROR: staplelab: -k 'nosuch': no scenario matches"),
    ],
    ids=["wrong", "matches-nothing"],
)
def test_an_expression_that_chooses_nothing(
    start: Starter, options: tuple[str, ...], said: str, jobs: int
) -> None:
    run = start(jobs, "crash", *options)
    leave_an_earlier_run(run.out)
    before = sorted(path.relative_to(run.out) for path in run.out.rglob("*"))
    assert run.end().status == 2
    assert run.said().strip().startswith(said)
    assert run.said().strip().count("\n") == 0
    assert sorted(path.relative_to(run.out) for path in run.out.rglob("*")) == before
    assert (run.out / "results.json").read_text() == "of an earlier run"


# ----- scenarios that need no lab, an nginx that says what it is -----

_CONFTEST = """
import pytest

@pytest.fixture
def lab():
    return None
"""

_TESTS = """
import pytest

@pytest.mark.parametrize("number", range(40))
def test_scenario(lab, number):
    assert number != 2, "x" * 1000
"""

_NGINX = """#!/bin/sh
[ "$1" = -V ] || exec REAL "$@"
echo 'nginx version: nginx/1.28.0
built with OpenSSL 3.5.2 5 Aug 2025
configure arguments: --with-http_ssl_module' >&2
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(_CONFTEST)
    (tmp_path / "test_tiny.py").write_text(_TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "nginx").write_text(_NGINX.replace("REAL", nginx()))
    (tmp_path / "nginx").chmod(0o755)
    return tmp_path


def run_with_room(suite: Path, octets: int, jobs: int) -> subprocess.CompletedProcess[str]:
    """A run none of whose files can become longer than that."""
    options = ("run", "--nginx", "./nginx", "--out", "out", "--jobs", str(jobs), "test_tiny.py")
    return subprocess.run(
        [sys.executable, "-m", "staplelab", *options],
        cwd=suite,
        env={**child_run.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets)),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_disk_that_is_full_at_the_end(suite: Path, jobs: int) -> None:
    """There is room for the record, and for no report."""
    leave_an_earlier_run(suite / "out")
    done = run_with_room(suite, 16_000, jobs)
    assert done.returncode == 2, done.stdout
    lost = "Not all results could be written: out/report/index.html: cannot be written: "
    assert done.stdout.count(": cannot be written") == 1 and lost in done.stdout
    assert sorted(os.listdir(suite / "out")) == ["earlier", "record.jsonl"]
    assert (suite / "out" / "earlier" / "results.json").read_text() == "of an earlier run"
    _, *found, last = lines(suite / "out" / "record.jsonl")
    assert (len(found), last["complete"]) == (40, True)
    report = child_run.start(suite, "staplelab", "report", "out")
    assert report.returncode == 1 and "40 scenarios" in report.stdout


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_disk_that_is_full_in_mid_run(suite: Path, jobs: int) -> None:
    """The run ends there; the record holds every scenario that it has room for."""
    done = run_with_room(suite, 6_000, jobs)
    assert done.returncode == 2, done.stdout
    assert "out/record.jsonl.partial: cannot be written: File too large" in done.stdout
    assert done.stdout.count(": cannot be written") == 1 and PARTIAL in done.stdout
    found = [one for one in lines(record.find(suite / "out")) if "outcome" in one]
    assert 3 < len(found) < 40
    report = child_run.start(suite, "staplelab", "report", "out")
    assert report.returncode == 2 and f"{len(found)} scenarios" in report.stdout


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_no_scenario_and_fails(suite: Path, jobs: int) -> None:
    """Nothing that failed is missing from the results."""
    with (suite / "test_tiny.py").open("a") as file:
        file.write("\ndef test_of_no_scenario():\n    assert False, 'broken'\n")
    done = run_with_room(suite, 1 << 20, jobs)
    assert done.returncode == 1, done.stdout
    results = json.loads((suite / "out" / "results.json").read_text())
    assert results["complete"] is True
    seen = {entry["id"]: entry for entry in results["scenarios"]}
    broken = seen["test_tiny.py::test_of_no_scenario"]
    assert (broken["outcome"], broken["reason"]) == ("error", "AssertionError: broken")
    assert len(seen) == 41
