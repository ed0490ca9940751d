"""Survivors that no scenario can catch, and why: beyond.json, which grows with each draw."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from mutants.draw import Mutant
from staplelab.errors import LabError

_PATTERNS = ("function", "above", "before", "after")
_FILE = Path(__file__).with_name("beyond.json")


@dataclass(frozen=True)
class Beyond:
    """Mutants that are alike: those of these functions whose lines fit these patterns."""

    function: re.Pattern[str]
    above: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    #: "equivalent" or "out of reach"
    kind: str
    why: str

    def holds(self, mutant: Mutant) -> bool:
        return bool(
            self.function.fullmatch(mutant.function)
            and self.above.search(mutant.above)
            and self.before.search(mutant.before)
            and self.after.search(mutant.after)
        )


def load(file: Path = _FILE) -> list[Beyond]:
    """The entries; LabError names one that is none."""
    entries = []
    for number, entry in enumerate(json.loads(file.read_text()), 1):
        if {*entry} != {*_PATTERNS, "kind", "why"}:
            raise LabError(f"{file.name}: entry {number} is not {', '.join(_PATTERNS)}, kind, why")
        if entry["kind"] not in ("equivalent", "out of reach"):
            raise LabError(f'{file.name}: entry {number}: "kind" is {entry["kind"]!r}')
        function, above, before, after = (re.compile(entry[name]) for name in _PATTERNS)
        entries.append(Beyond(function, above, before, after, entry["kind"], entry["why"]))
    return entries


def find(entries: list[Beyond], mutant: Mutant) -> Beyond | None:
    return next((entry for entry in entries if entry.holds(mutant)), None)
