"""The views of a record: results.json, junit.xml and report.html."""

from __future__ import annotations

from pathlib import Path

from staplelab import files
from staplelab.runs import junit, report
from staplelab.runs.results import Results

_MAKERS = {"results.json": Results.text, "junit.xml": junit.text, "report.html": report.page}
NAMES = tuple(_MAKERS)


def write(results: Results, folder: Path) -> None:
    """All of them, or none (files.write)."""
    files.write(folder, {name: make(results) for name, make in _MAKERS.items()})
