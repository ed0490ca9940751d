"""What the suites say of an nginx: whether one scenario fails, which, and why."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from staplelab import processes
from staplelab.errors import LabError
from staplelab.places import repository

#: seconds for a whole run, which takes half a minute
_LONGEST = 900.0
_UNEXPECTED = ("fail", "error")


@dataclass(frozen=True)
class Judgement:
    """`scenario` is the first one that did not end as it should; "" where all did."""

    scenario: str
    reason: str

    @property
    def caught(self) -> bool:
        return bool(self.reason)


PASSED = Judgement("", "")


def judge(nginx: Path, out: Path, first: Sequence[str] = (), jobs: int = 1) -> Judgement:
    """Runs the suites until the first failure: those in the folders `first` before the others."""
    shutil.rmtree(out, ignore_errors=True)
    argv = [sys.executable, "-m", "staplelab", "run", f"--nginx={nginx}", f"--out={out}"]
    argv += [f"--jobs={jobs}", "-x"]
    argv += [suite for suite in (*first, "suites") if (repository() / suite).is_dir()]
    process = subprocess.Popen(
        argv,
        cwd=repository(),
        env={**os.environ, "PYTHONPATH": str(repository() / "harness")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=partial(processes.end_with_parent, signal.SIGTERM),
    )
    try:
        said, _ = process.communicate(timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()
        return Judgement("the run", f"it did not end within {_LONGEST:g} s")
    except BaseException:  # nothing outlives this
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    if process.returncode == 0:
        return PASSED
    return _from_record(out) or _from_words(said)


def _from_record(out: Path) -> Judgement | None:
    record = out / "record.jsonl"
    if not record.exists():
        return None
    for line in record.read_text().splitlines():
        entry = json.loads(line)
        if entry.get("outcome") in _UNEXPECTED:
            return Judgement(entry["id"], entry["reason"])
    return None


def _from_words(said: str) -> Judgement:
    """A run that did not begin says why in one line: nginx does not start, say."""
    lines = [line for line in said.splitlines() if line.startswith("staplelab: ")]
    if not lines:
        raise LabError(f"a run ended without a word: {said[-500:]!r}")
    return Judgement("the look at nginx before the run", lines[-1].removeprefix("staplelab: "))
