"""Which files of a folder are read for scenarios, and what is said where one cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import child_run
import pytest
from lab_run import nginx

SCENARIO = "def test_it(lab):\n    lab.start()\n"
#: what a run may write while another process of it reads
WRITTEN = (
    "out/kept/one", "out/earlier", "out/report/data", "t/staplelab-0123456789abcdef/given",
    "t/staplelab-0123456789abcdef01234567-a_b1c2d3",
)
#: what has names that are like these
ANOTHERS = ("kept", "out/mine", "staplelab-tests", "staplelab-0123", "report")


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", *options, "."],
        cwd=folder,
        env=child_run.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=50,
        check=False,
    )


def test_what_a_run_writes_is_not_read(tmp_path: Path) -> None:
    for number, name in enumerate((*WRITTEN, *ANOTHERS)):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / f"test_{number}.py").write_text(SCENARIO)
    plugin = ("pytest", "-p", "staplelab.plugin", "--nginx", nginx(), "--out", "out")
    done = run(tmp_path, *plugin, "-q", "--collect-only")
    found = {line.partition("::")[0].rpartition("/")[0] for line in done.stdout.splitlines()
             if "::" in line}
    assert found == set(ANOTHERS), done.stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, jobs: str) -> None:
    """Where it is the only one there are no scenarios, but that is not what is wrong."""
    (tmp_path / "test_x.py").write_text("import nowhere\n")
    done = run(tmp_path, "staplelab", "run", "--nginx", nginx(), "--jobs", jobs, "--out", "out")
    assert done.returncode == 2, done.stdout
    assert "No module named 'nowhere'" in done.stdout
    assert "there are no scenarios" not in done.stdout
