"""What a server that staples has to do: one requirement, and how a scenario says that it holds one.

    @pytest.mark.requirement("A1", "A10")
    @pytest.mark.requirement("D3", cases="status-*")

The second form is for a scenario that walks a table: of its cases those hold it whose names fit.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from staplelab.errors import LabError, check_word

MARK = "requirement"

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True)
class Requirement:
    """One line of the checklist."""

    #: a letter for its group and a number: A1
    id: str
    #: in plain words: what a server does that meets it
    statement: str
    #: where it is asked for; what is asked for by nobody is what operators need
    source: str
    #: the words of the source, where they were read
    quotation: str = ""
    #: the known deviations that depart from it; others that its scenarios show belong elsewhere
    deviations: tuple[str, ...] = ()
    #: why no scenario holds it
    why: str = ""


@dataclass(frozen=True)
class Held:
    """What a mark says of a scenario: these requirements, and by which of its cases."""

    ids: tuple[str, ...]
    cases: str = "*"


def read_mark(args: Iterable[object], kwargs: Mapping[str, object], known: Collection[str]) -> Held:
    """A mark's arguments; LabError in one line when it names none, or one that there is not."""
    ids = tuple(map(str, args))
    if not ids:
        raise LabError('the mark requirement names what a scenario holds: requirement("A1")')
    for one in ids:
        if one not in known:
            accepted = sorted(known, key=sort_key)
            near = difflib.get_close_matches(one.upper(), accepted, n=1, cutoff=0.4)
            nearest = f"the nearest is {near[0]}; " if near else ""
            said = f"there is no requirement {one!r}; {nearest}accepted: {_ranges(accepted)}"
            raise LabError(said)
    for name in kwargs:
        check_word("option of the mark requirement", name, ["cases"])
    return Held(ids, str(kwargs.get("cases", "*")))


def _ranges(ids: Iterable[str]) -> str:
    """A1 to A14, B1 to B5, ..."""
    groups = [list(group) for _, group in groupby(ids, lambda id_: id_[:1])]
    return ", ".join(f"{group[0]} to {group[-1]}" for group in groups)


def sort_key(id_: str) -> tuple[str, int]:
    """A2 stands before A10."""
    return id_[:1], int(id_[1:]) if id_[1:].isdigit() else 0


def holding(by_cases: Mapping[str, str | Iterable[str]]) -> Callable[[Decorated], Decorated]:
    """Marks a scenario that walks a table: which cases (patterns) hold which requirement."""

    import pytest  # the commands know requirements, too, and it is slow to import

    def mark(scenario: Decorated) -> Decorated:
        for id_, patterns in by_cases.items():
            for pattern in (patterns,) if isinstance(patterns, str) else patterns:
                scenario = getattr(pytest.mark, MARK)(id_, cases=pattern)(scenario)
        return scenario

    return mark
