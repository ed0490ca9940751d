"""The views of a record: results.json, junit.xml and the report."""

from __future__ import annotations

import contextlib
from pathlib import Path

from staplelab import files
from staplelab.errors import LabError
from staplelab.runs import junit, report
from staplelab.runs.results import Results, differences, load

_RESULTS = "results.json"
_MAKERS = {_RESULTS: Results.text, "junit.xml": junit.text}
#: what a reader opens
PAGES = (*_MAKERS, report.PAGE)
#: what is put away for another run
NAMES = (*_MAKERS, report.FOLDER)


def write(results: Results, folder: Path, before: Path | None = None) -> None:
    """All of them, or none (files.write).  `before`: the folder of an earlier run; the report says
    what has changed since."""
    texts = {name: make(results) for name, make in _MAKERS.items()}
    files.write(folder, {**texts, **report.texts(results, _changes(results, before))})


def _changes(results: Results, before: Path | None) -> list[str]:
    """Of the scenarios that were run both times; none where the earlier results are not there, or
    are none."""
    if before is None or not (before / _RESULTS).exists():
        return []
    with contextlib.suppress(LabError):
        old, new = load(before), results.as_json()
        both = {one["id"] for one in old["scenarios"]} & {one["id"] for one in new["scenarios"]}
        for run in (old, new):
            run["scenarios"] = [one for one in run["scenarios"] if one["id"] in both]
        return list(differences(old, new))
    return []
