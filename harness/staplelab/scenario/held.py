"""Which scenarios hold which requirement: read in the suites' code, so that a record of a run needs
no member for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from staplelab.errors import LabError
from staplelab.scenario import suites_code
from staplelab.scenario.requirement import MARK, read_mark
from staplelab.scenario.requirements import BY_ID


@dataclass(frozen=True)
class Holder:
    """A scenario, or some cases of one."""

    #: as the results have it, without its cases
    scenario: str
    #: a pattern of its cases' names
    cases: str = "*"

    def has(self, id_: str) -> bool:
        """Whether a scenario of the results is this one."""
        name, _, case = id_.partition("[")
        return name == self.scenario and fnmatchcase(case.removesuffix("]"), self.cases)


def holders(suites: Path) -> dict[str, list[Holder]]:
    """The scenarios that hold each requirement, by its id."""
    found: dict[str, list[Holder]] = {id_: [] for id_ in BY_ID}
    for name, function in suites_code.scenarios(suites):
        for mark in reversed(getattr(function, "pytestmark", ())):
            if mark.name == MARK:
                try:
                    held = read_mark(mark.args, mark.kwargs, BY_ID)
                except LabError as error:
                    raise LabError(f"{name}: {error}") from None
                for id_ in held.ids:
                    found[id_].append(Holder(name, held.cases))
    return found


def matching(holders_of: Iterable[Holder], ids: Iterable[str]) -> list[str]:
    """Those of the results' ids that hold it, in their order."""
    by = list(holders_of)
    return [id_ for id_ in ids if any(one.has(id_) for one in by)]
