"""results.json: what a run found, comparable from run to run, and what differs between two."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from staplelab.errors import LabError
from staplelab.parts.clock import NEEDS_SEPARATE_TIMES
from staplelab.servers.sut import ServerUnderTest

SCHEMA = 2
#: what `load` reads; schema 1 does not say whether a run is complete
_SCHEMAS = (1, SCHEMA)
PARTIAL = "Partial: the run was cut short, not every scenario was run."
OUTCOMES = ("pass", "fail", "known-deviation", "not-applicable", "error")
#: what of a scenario stands in the record alone
_OF_THE_RECORD = ("timeline", "deviations", "text", "about", "source")
_COMPARED = {"id": str, "outcome": str, "reason": str, "observed": dict}


@dataclass
class ScenarioResult:
    """What became of one scenario."""

    id: str
    outcome: str
    reason: str = ""
    observed: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    #: what follows is not part of results.json
    timeline: list[dict[str, Any]] = field(default_factory=list)
    deviations: list[str] = field(default_factory=list)
    #: a failure at length
    text: str = ""
    #: what it is about (the first paragraph of its docstring), and where it stands: FILE:LINE
    about: str = ""
    source: str = ""

    @property
    def unexpected(self) -> bool:
        return self.outcome in ("fail", "error")


@dataclass
class Results:
    """A whole run."""

    server: ServerUnderTest
    host: str
    scenarios: list[ScenarioResult] = field(default_factory=list)
    #: whether the run came to its end
    complete: bool = True
    #: how long it took
    seconds: float = 0.0
    #: the name of the lab clock
    clock: str = "lab"

    def add(self, result: ScenarioResult) -> None:
        """One scenario; what goes wrong after it was judged, at its very end, counts."""
        if result.unexpected:
            for index, other in enumerate(self.scenarios):
                if other.id == result.id:
                    self.scenarios[index] = other if other.unexpected else result
                    return
        self.scenarios.append(result)

    @property
    def as_expected(self) -> bool:
        return self.complete and not any(scenario.unexpected for scenario in self.scenarios)

    def totals(self) -> dict[str, int]:
        counted = Counter(scenario.outcome for scenario in self.scenarios)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    def median_seconds(self) -> float:
        ran = [s.seconds for s in self.scenarios if s.outcome != "not-applicable"]
        return statistics.median(ran) if ran else 0.0

    def sorted(self) -> list[ScenarioResult]:
        return sorted(self.scenarios, key=lambda scenario: scenario.id)

    def as_json(self) -> dict[str, Any]:
        server = asdict(self.server)
        del server["debug"], server["without"], server["added"]
        scenarios = []
        for scenario in self.sorted():
            entry = dict(vars(scenario))
            for member in _OF_THE_RECORD:
                del entry[member]
            entry["seconds"] = round(scenario.seconds, 3)
            scenarios.append(entry)
        return {
            "schema": SCHEMA,
            "complete": self.complete,
            "server": server,
            "host": self.host,
            "clock": self.clock,
            "totals": self.totals(),
            "scenarios": scenarios,
        }

    def text(self) -> str:
        return json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n"


def load(path: Path) -> dict[str, Any]:
    """A results.json (or the folder that holds one); LabError when it is none."""
    file = path / "results.json" if path.is_dir() else path
    try:
        results = json.loads(file.read_text())
    except OSError as error:
        raise LabError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise LabError(f"{file}: not JSON: {error}") from None
    if not isinstance(results, dict) or results.get("schema") not in _SCHEMAS:
        raise LabError(f'{file}: not a results.json of schema {SCHEMA} (no "schema": {SCHEMA})')
    if not isinstance(results.setdefault("complete", True), bool):
        raise LabError(f'{file}: "complete" is neither true nor false')
    # older ones know of no other
    if not isinstance(results.setdefault("clock", "lab"), str):
        raise LabError(f'{file}: "clock" is not a text')
    scenarios = results.get("scenarios")
    if not isinstance(scenarios, list) or not all(map(_is_scenario, scenarios)):
        members = ", ".join(_COMPARED)
        raise LabError(f'{file}: "scenarios" is not a list of objects with {members}')
    return results


def _is_scenario(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(member), kind) for member, kind in _COMPARED.items()
    )


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """What changed in behaviour between two loaded results, one sentence each; times aside."""
    old = {scenario["id"]: scenario for scenario in before["scenarios"]}
    new = {scenario["id"]: scenario for scenario in after["scenarios"]}
    beyond = set(beyond_a_clock(before, after))
    for name in sorted(old.keys() | new.keys()):
        if name in beyond:
            continue
        if name not in new:
            yield f"{name}: no longer run"
        elif name not in old:
            yield f"{name}: new, {new[name]['outcome']}"
        else:
            yield from _changes(name, old[name], new[name])


def beyond_a_clock(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The scenarios that one of two runs under different clocks could not run, for its clock cannot
    do what they do: that is no change in behaviour."""
    if before["clock"] == after["clock"]:
        return []
    return sorted(
        {
            scenario["id"]
            for scenario in (*before["scenarios"], *after["scenarios"])
            if scenario["reason"] == NEEDS_SEPARATE_TIMES
        }
    )


def _changes(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for member in ("outcome", "reason"):
        if old[member] != new[member]:
            yield f"{name}: {member}: {old[member] or 'none'} -> {new[member] or 'none'}"
    for fact in sorted(old["observed"].keys() | new["observed"].keys()):
        was, now = old["observed"].get(fact), new["observed"].get(fact)
        if was != now:
            yield f"{name}: {fact}: {json.dumps(was)} -> {json.dumps(now)}"
