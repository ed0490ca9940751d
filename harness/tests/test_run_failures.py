"""pytest's options about failures, as `staplelab run` takes them: -x, --maxfail, --lf, --ff."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import child_run
import pytest
from lab_run import nginx

from staplelab.runs.results import PARTIAL

CONFTEST = """
import pytest

@pytest.fixture
def lab():
    return None
"""

#: 2, 12 and 22 fail
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(23))
def test_scenario(lab, number):
    assert number % 10 != 2, "two"
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_tiny.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def run(suite: Path, jobs: int, *options: str) -> subprocess.CompletedProcess[str]:
    argv = ("--nginx", nginx(), "--out", "out", "--jobs", str(jobs), *options, ".")
    return child_run.start(suite, "staplelab", "run", *argv)


def found(suite: Path) -> tuple[bool, list[str], list[str]]:
    """Whether the results are complete, the scenarios in the order of the record, and of them
    those that failed."""
    results: dict[str, Any] = json.loads((suite / "out" / "results.json").read_text())
    _, *lines, last = map(json.loads, (suite / "out" / "record.jsonl").read_text().splitlines())
    assert last["complete"] is results["complete"]
    assert sorted(one["id"] for one in lines) == [one["id"] for one in results["scenarios"]]
    names = [one["id"].partition("[")[2].rstrip("]") for one in lines]
    failed = [name for name, one in zip(names, lines, strict=True) if one["outcome"] == "fail"]
    return results["complete"], names, failed


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("option", "failures"), [("-x", 1), ("--exitfirst", 1), ("--maxfail=2", 2)]
)
def test_it_ends_with_so_many_failures(suite: Path, option: str, failures: int, jobs: int) -> None:
    done = run(suite, jobs, option)
    complete, names, failed = found(suite)
    assert (done.returncode, complete, len(failed)) == (2, False, failures), done.stdout
    assert f"\n{PARTIAL}\n" in done.stdout and len(names) < 23


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("option", ["--maxfail=3", "--maxfail=4"])
def test_the_last_scenario_is_one_failure_too_many(suite: Path, option: str, jobs: int) -> None:
    """All were run, so nothing is partial; under xdist the third to fail need not be the last."""
    done = run(suite, jobs, option)
    complete, names, failed = found(suite)
    assert complete is (len(names) == 23)
    assert (PARTIAL in done.stdout) is not complete
    assert (done.returncode, len(failed)) == (1 if complete else 2, 3), done.stdout
    assert complete or (jobs == 2 and option == "--maxfail=3")


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_failed_again_or_first(suite: Path, jobs: int) -> None:
    """The cache of pytest lies beside the scenarios, not in the folder of the results."""
    assert run(suite, jobs).returncode == 1
    done = run(suite, jobs, "--lf")
    complete, names, failed = found(suite)
    assert (done.returncode, complete, sorted(failed)) == (1, True, ["12", "2", "22"])
    assert sorted(names) == ["12", "2", "22"]
    mended = (suite / "test_tiny.py").read_text().replace("% 10", "")
    (suite / "test_tiny.py").write_text(mended)
    run(suite, jobs, "--last-failed")
    _, names, failed = found(suite)
    assert sorted(names) == ["12", "2", "22"] and failed == ["2"]
    run(suite, 1, "--ff")
    _, names, failed = found(suite)
    assert len(names) == 23 and names[:2] == ["2", "0"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--maxfail", "0"), "argument --maxfail: '0': give a number of failures from 1 on"),
        (("--maxfail", "two"), "argument --maxfail: 'two': give a number of failures from 1 on"),
        (("-x", "--maxfail=2"), "argument --maxfail: not allowed with argument -x/--exitfirst"),
        (("--ff", "--lf"), "argument --lf/--last-failed: not allowed with argument"),
        (
            ("--lf", "--shard", "1/2"),
            "--lf takes scenarios out of a shard, which could not be merged then",
        ),
    ],
)
def test_what_is_refused(suite: Path, options: tuple[str, ...], said: str) -> None:
    done = run(suite, 1, *options)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr.splitlines()[-1]
    assert not (suite / "out").exists()
