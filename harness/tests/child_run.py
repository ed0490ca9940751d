"""Runs `python3 -m ...` as a user does, untouched by the pytest that it is started from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).resolve().parents[1]


def environment() -> dict[str, str]:
    variables = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    variables["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    variables["PYTHONPATH"] = str(HARNESS)
    return variables


def start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
