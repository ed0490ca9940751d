"""The version is written in one place, the header of the programs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from staplelab.places import repository


def version_in(folder: Path) -> str:
    """What a package staplelab in this folder takes for its version."""
    shutil.copytree(repository() / "harness" / "staplelab", folder / "staplelab")
    script = "import staplelab; print(staplelab.__version__)"
    return subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def test_of_a_check_out(tmp_path: Path) -> None:
    header = (repository() / "harness" / "base" / "version.h").read_text()
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "version.h").write_text(header.replace('_VERSION "', '_VERSION "9.'))
    assert version_in(tmp_path).startswith("9.")


def test_of_an_installed_package(tmp_path: Path) -> None:
    """It has no header, but what was read from it when the package was built."""
    (tmp_path / "staplelab-9.8.7.dist-info").mkdir()
    (tmp_path / "staplelab-9.8.7.dist-info" / "METADATA").write_text("Version: 9.8.7\n")
    assert version_in(tmp_path) == "9.8.7\n"
