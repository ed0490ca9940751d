"""Merging runs: the records of several shards become that of the run that was cut."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from staplelab.errors import LabError
from staplelab.runs import record, summary
from staplelab.runs.results import PARTIAL, Results
from staplelab.runs.shard import Shard


@dataclass(frozen=True)
class _Input:
    """What one run left."""

    name: str
    file: Path
    results: Results
    #: None where the run was not a shard
    shard: Shard | None
    #: the scenarios of all shards together; empty where this one was cut short
    collected: frozenset[str]

    def ids(self) -> set[str]:
        return {scenario.id for scenario in self.results.scenarios}


def merge(paths: Sequence[Path], out: Path) -> tuple[Results, list[str]]:
    """Writes the merged run into the folder; returns it and the lines that describe it.

    The order of the paths makes no difference. LabError, with nothing written, when they are not
    shards of one run.
    """
    inputs = sorted(map(_read, paths), key=lambda one: one.name)
    for one in inputs:
        if one.file.parent.resolve() == out.resolve():
            raise LabError(f"--out {out}: is a folder to merge from; give another one")
    _same(inputs)
    _no_scenario_twice(inputs)
    _nothing_missing(inputs)
    merged = _results(inputs)
    written = record.Record(out)
    try:
        written.begin(merged, None)
        for scenario in merged.sorted():
            written.add(json.dumps(vars(scenario)))
        written.finish(merged)
    finally:
        written.release()
    return merged, list(_lines(merged, inputs, out))


def _lines(merged: Results, inputs: list[_Input], out: Path) -> Iterator[str]:
    *told, where = summary.lines(merged, out)
    yield from told
    names = ", ".join(one.name for one in inputs)
    yield f"Merged from {names}; the time is the sum over the scenarios"
    for one in inputs:
        if not one.results.complete:
            yield f"{one.name}: {PARTIAL}"
    yield where


def _read(path: Path) -> _Input:
    file = record.find(path)
    said = record.read(file)
    return _Input(str(path), file, said.results, said.shard, said.collected)


# ----- what makes them one run -----


def _same(inputs: list[_Input]) -> None:
    first = inputs[0]
    mine = _ran_where(first)
    for other in inputs[1:]:
        for what, theirs in _ran_where(other).items():
            if mine[what] != theirs:
                raise LabError(
                    f"not of one run: {what} is {mine[what]!r} in {first.name} "
                    f"and {theirs!r} in {other.name}"
                )


def _ran_where(one: _Input) -> dict[str, object]:
    server = {f"server {name}": value for name, value in asdict(one.results.server).items()}
    return {**server, "host": one.results.host, "clock": one.results.clock}


def _no_scenario_twice(inputs: list[_Input]) -> None:
    holders: dict[str, list[str]] = defaultdict(list)
    for one in inputs:
        for scenario in one.ids():
            holders[scenario].append(one.name)
    # a test that is no scenario runs in every shard, and may fail in each
    all_over = {name for one in inputs if one.collected for name in one.ids() - one.collected}
    twice = sorted(name for name, of in holders.items() if len(of) > 1 and name not in all_over)
    if twice:
        of = " and ".join(holders[twice[0]])
        raise LabError(f"the same scenario stands in {of}: {_named(twice)}")


def _nothing_missing(inputs: list[_Input]) -> None:
    """A shard that is not there must not look like a run that is as expected."""
    shards = [(one, one.shard) for one in inputs if one.shard is not None]
    if not shards:
        return
    first, shard = shards[0]
    for one, other in shards[1:]:
        if other.of != shard.of:
            raise LabError(
                f"not of one run: {first.name} is shard {shard}, {one.name} is shard {other}"
            )
    collected = _collected([one for one, _ in shards])
    if len(shards) == len(inputs):
        there = {other for _, other in shards}
        wanted = [Shard(number, shard.of) for number in range(1, shard.of + 1)]
        lacking = [str(other) for other in wanted if other not in there]
        if lacking:
            raise LabError(f"shards are missing: {', '.join(lacking)}")
    missing = sorted(collected.difference(*(one.ids() for one in inputs)))
    if missing and all(one.results.complete for one in inputs):
        raise LabError(f"collected, but in none of the results: {_named(missing)}")


def _collected(shards: list[_Input]) -> frozenset[str]:
    """What all shards were cut from, by those that came to their end."""
    ended = [one for one in shards if one.results.complete]
    for one in ended[1:]:
        if one.collected != ended[0].collected:
            odd = _named(sorted(one.collected ^ ended[0].collected))
            raise LabError(
                f"not of one run: {ended[0].name} and {one.name} were cut from different "
                f"scenarios: {odd}"
            )
    return ended[0].collected if ended else frozenset()


def _named(scenarios: list[str]) -> str:
    more = f" (and {len(scenarios) - 1} more)" if len(scenarios) > 1 else ""
    return f"{scenarios[0]}{more}"


# ----- what they are together -----


def _results(inputs: list[_Input]) -> Results:
    first = inputs[0].results
    merged = Results(first.server, first.host, clock=first.clock)
    merged.complete = all(one.results.complete for one in inputs)
    for one in inputs:
        for scenario in one.results.scenarios:
            merged.add(scenario)
    merged.seconds = math.fsum(scenario.seconds for scenario in merged.scenarios)
    return merged
