"""Runs of the lab as a user starts them, each in its own folders so that what it leaves shows."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import child_run
import pytest

from staplelab.places import repository
from staplelab.waiting import BOUND_SECONDS, until, until_ended

SCENARIOS = Path(__file__).parent / "scenarios"
_LONGEST_RUN = 50.0


@functools.cache
def nginx() -> str:
    """The nginx for these tests: STAPLELAB_TEST_NGINX, else the one that `make run` takes."""
    chosen = os.environ.get("STAPLELAB_TEST_NGINX")
    if chosen:
        return chosen
    found = subprocess.run(
        [repository() / "harness" / "setup" / "find-nginx"],
        env={**os.environ, "NO_INSTALL": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"{found.stderr} (or set STAPLELAB_TEST_NGINX)"
    return found.stdout.strip()


def index_of(out: Path) -> dict[str, Any]:
    """What the report lists of a run."""
    text = (out / "report" / "data" / "index.js").read_text()
    index: dict[str, Any] = json.loads(text.removeprefix("staplelab.index = ").removesuffix(";\n"))
    return index


def told_of(out: Path) -> dict[str, Any]:
    """What the report tells of each scenario, by its id."""
    told: dict[str, Any] = {}
    for number in range(len(index_of(out)["suites"])):
        text = (out / "report" / "data" / f"{number}.js").read_text()
        told |= json.loads(text.removeprefix(f"staplelab.suite({number}, ").removesuffix(");\n"))
    return told


class LabRun:
    """`python3 -m ...` in a folder with the named scenarios, while it runs and afterwards."""

    def __init__(self, folder: Path, *arguments: str, scenarios: str | None = None) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.temporary = folder / "t"  # short: the path of a Unix socket has at most 107 octets
        self.temporary.mkdir()
        (folder / "pytest.ini").write_text("[pytest]\n")
        if scenarios is not None:
            shutil.copy(SCENARIOS / f"{scenarios}.py", folder / f"test_{scenarios}.py")
        with (folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=folder,
                env={**child_run.environment(), "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # a shell's background job ignores Ctrl-C, and so would all that it starts
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    # while it runs

    def processes(self) -> dict[int, str]:
        """The names of all processes that hold something in the run's temporary folder."""
        mark = str(self.temporary).encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _is_marked(entry, mark):
                found[int(entry.name)] = _name(entry)
        return found

    def folders(self) -> list[str]:
        """The scratch folders that the run has and has not removed."""
        return [path.name for path in self.temporary.glob("staplelab-*")]

    def wait_for(self, name: str, count: int) -> dict[int, str]:
        """Returns, with all the processes there are then, once so many of that name are at work."""
        seen: dict[int, str] = {}

        def are_there() -> bool:
            assert self.process.poll() is None, self.said()
            seen.clear()
            seen.update(self.processes())
            return list(seen.values()).count(name) >= count

        until(are_there, f"{count} {name} of the run", bound=30)
        return seen

    def wait_for_nothing(self, bound: float = BOUND_SECONDS) -> None:
        """Returns once neither a process nor a folder of the run is there any more."""
        until(
            lambda: not self.processes() and not self.folders(),
            "all processes and folders of the run to go",
            bound,
        )

    def kill(self) -> None:
        """Ends the driver if it is still there, so that no test leaves one."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    # afterwards

    def end(self, bound: float = _LONGEST_RUN) -> LabRun:
        """Waits for the run's end."""
        try:
            until_ended(self.process.pid, f"the run in {self.folder}", bound)
        finally:
            self.kill()
        return self

    @property
    def status(self) -> int:
        return self.process.wait()

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def results(self) -> dict[str, Any]:
        """results.json, without what may differ from run to run."""
        results: dict[str, Any] = json.loads((self.out / "results.json").read_text())
        for scenario in results["scenarios"]:
            assert scenario.pop("seconds") >= 0
        return results

    def scenarios(self) -> dict[str, dict[str, Any]]:
        """The scenarios of results.json by the name of their function."""
        return {entry["id"].partition("::")[2]: entry for entry in self.results()["scenarios"]}


def is_alive(pid: int) -> bool:
    """Whether the process is there and has not ended; nobody may have asked for its status yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _is_marked(process: Path, mark: bytes) -> bool:
    """By its command line, or by the lab clock's file that it maps: nginx's workers have no other
    trace of the run."""
    try:
        return any(mark in (process / file).read_bytes() for file in ("cmdline", "maps"))
    except OSError:  # it has ended, or is a zombie
        return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return ""


def whole_run(factory: pytest.TempPathFactory, scenarios: str, *options: str) -> LabRun:
    """A run of these scenarios in two processes to its end; what it leaves is told."""
    run = LabRun(
        *(factory.mktemp("r"), "staplelab", "run", "--out", "out", "--jobs", "2"),
        *("--nginx", nginx(), *options, "."),
        scenarios=scenarios,
    ).end()
    assert run.processes() == {} and run.folders() == []
    return run
