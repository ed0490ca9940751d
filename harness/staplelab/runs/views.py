"""The views of a record: results.json, junit.xml and report.html."""

from __future__ import annotations

import contextlib
from pathlib import Path

from staplelab.errors import LabError
from staplelab.runs import junit, report
from staplelab.runs.results import Results

_MAKERS = {"results.json": Results.text, "junit.xml": junit.text, "report.html": report.page}
NAMES = tuple(_MAKERS)


def write(results: Results, folder: Path) -> None:
    """All of them, or none: a disk that is full keeps those that are there (LabError)."""
    beside = {name: folder / f"{name}.new" for name in NAMES}
    name = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in _MAKERS.items():
            beside[name].write_text(make(results), encoding="utf-8", errors="backslashreplace")
        for name in NAMES:
            beside[name].replace(folder / name)
    except OSError as error:
        raise LabError(f"{folder / name}: cannot be written: {error.strerror}") from None
    finally:
        for file in beside.values():
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
