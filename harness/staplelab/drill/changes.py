"""The table of what the twin has otherwise than the original."""

from __future__ import annotations

from collections.abc import Sequence

from staplelab.drill.model import Change, Place
from staplelab.drill.statements import Statement


class Changes:
    """Collects them, each once."""

    def __init__(self) -> None:
        self.all: list[Change] = []

    def add(self, kind: str, place: Place, before: str, instead: str, hides: str = "") -> None:
        change = Change(kind, place, _one_line(before), _one_line(instead), hides)
        if change not in self.all:
            self.all.append(change)

    def of(self, kind: str, one: Statement, instead: str, hides: str = "") -> None:
        """A statement that the twin has otherwise, or (`instead` is "") not at all."""
        self.add(kind, one.place, one.brief(), instead, hides)


def grouped(changes: Sequence[Change]) -> dict[str, list[Change]]:
    """The changes by their kind, those first that may hide something."""
    kinds: dict[str, list[Change]] = {}
    for change in sorted(changes, key=lambda one: (not one.hides, one.kind)):
        kinds.setdefault(change.kind, []).append(change)
    return kinds


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
