"""Merging runs: the files of several shards become those of the run that was cut."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from staplelab.runs import junit, report, shard_file, summary
from staplelab.errors import LabError
from staplelab.runs.results import OUTCOMES, Results, ScenarioResult, load
from staplelab.runs.shard import Shard
from staplelab.runs.shard_file import ShardFile
from staplelab.servers.sut import ServerUnderTest

_SERVER = [one.name for one in fields(ServerUnderTest) if one.name != "debug"]
_SCENARIO = {one.name for one in fields(ScenarioResult)} - {"timeline", "deviations"}
_MERGED = ("results.json", "junit.xml", "report.html")


@dataclass(frozen=True)
class _Input:
    """What one run left."""

    name: str
    folder: Path
    results: dict[str, Any]
    #: None where the run was not a shard
    left: ShardFile | None
    #: None where there is none
    junit: Path | None


def merge(paths: Sequence[Path], out: Path) -> tuple[Results, list[str]]:
    """Writes the merged run into the folder; returns it and the lines that describe it.

    The order of the paths makes no difference. LabError, with nothing written, when they are not
    shards of one run.
    """
    inputs = sorted(map(_read, paths), key=lambda one: one.name)
    for one in inputs:
        if one.folder.resolve() == out.resolve():
            raise LabError(f"--out {out}: is a folder to merge from; give another one")
    _same(inputs)
    _no_scenario_twice(inputs)
    _nothing_missing(inputs)
    merged = _results(inputs)
    suites = [suite for one in inputs if one.junit for suite in junit.suites(one.junit)]
    try:
        merged.write(out)
        for stale in _MERGED[1:]:
            (out / stale).unlink(missing_ok=True)
        if any(one.junit for one in inputs):
            (out / "junit.xml").write_bytes(junit.merged(suites))
        if all(one.left for one in inputs):
            report.write(merged, out)
    except OSError as error:
        raise LabError(f"--out {out}: cannot be written: {error.strerror}") from None
    return merged, list(_lines(merged, inputs, out))


def _lines(merged: Results, inputs: list[_Input], out: Path) -> Iterator[str]:
    seconds = math.fsum(scenario.seconds for scenario in merged.scenarios)
    yield from summary.lines(merged, seconds, None)
    names = ", ".join(one.name for one in inputs)
    yield f"Merged from {names}; the time is the sum over the scenarios"
    yield "Results: " + ", ".join(f"{out}/{name}" for name in _MERGED if (out / name).exists())
    without = [one.name for one in inputs if one.junit is None]
    if without:
        yield f"Not in junit.xml, because they have none: {', '.join(without)}"
    without = [one.name for one in inputs if one.left is None]
    if without:
        yield (
            f"No report.html: no {shard_file.NAME} (a run with --shard leaves it) "
            f"in {', '.join(without)}"
        )


def _read(path: Path) -> _Input:
    results = load(path)
    file = path / "results.json" if path.is_dir() else path
    _check(file, results)
    # beside a file of another name stand the files of another run
    whole = file.name == "results.json"
    left = shard_file.read(file.parent) if whole else None
    if left is not None:
        _belongs(file.parent / shard_file.NAME, left, results)
    xml = file.parent / "junit.xml"
    return _Input(str(path), file.parent, results, left, xml if whole and xml.exists() else None)


def _check(file: Path, results: dict[str, Any]) -> None:
    """Holds what was loaded to everything that a run writes, or something would be lost."""
    server = results.get("server")
    if not isinstance(server, dict) or {*server} != {*_SERVER} or not _texts(server.values()):
        raise LabError(f'{file}: "server" is not an object of texts: {", ".join(_SERVER)}')
    if not isinstance(results.get("host"), str):
        raise LabError(f'{file}: "host" is not a text')
    for entry in results["scenarios"]:
        name, seconds = entry["id"], entry.get("seconds")
        if {*entry} != _SCENARIO:
            members = ", ".join(sorted({*entry} ^ _SCENARIO))
            raise LabError(f"{file}: {name}: unknown or missing in a scenario: {members}")
        if entry["outcome"] not in OUTCOMES:
            accepted = ", ".join(OUTCOMES)
            raise LabError(f'{file}: {name}: "outcome" is {entry["outcome"]!r}, not {accepted}')
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise LabError(f'{file}: {name}: "seconds" is not a number')


def _texts(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _belongs(file: Path, left: ShardFile, results: dict[str, Any]) -> None:
    ran = {entry["id"] for entry in results["scenarios"]}
    if not ran == {*left.timelines} == {*left.deviations} or not ran <= left.collected:
        raise LabError(f"{file}: names other scenarios than the results.json beside it")


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


def _ran_where(one: _Input) -> dict[str, str]:
    server = {f"server {member}": one.results["server"][member] for member in _SERVER}
    return {**server, "host": one.results["host"]}


def _no_scenario_twice(inputs: list[_Input]) -> None:
    holders: dict[str, list[str]] = defaultdict(list)
    for one in inputs:
        for entry in one.results["scenarios"]:
            holders[entry["id"]].append(one.name)
    twice = sorted(name for name, of in holders.items() if len(of) > 1)
    if twice:
        of = " and ".join(holders[twice[0]])
        raise LabError(f"the same scenario stands in {of}: {_named(twice)}")


def _nothing_missing(inputs: list[_Input]) -> None:
    """A shard that is not there must not look like a run that is as expected."""
    shards = [(one, one.left) for one in inputs if one.left is not None]
    if not shards:
        return
    first, left = shards[0]
    for one, other in shards[1:]:
        if other.shard.of != left.shard.of:
            raise LabError(
                f"not of one run: {first.name} is shard {left.shard}, "
                f"{one.name} is shard {other.shard}"
            )
        if other.collected != left.collected:
            odd = _named(sorted(other.collected ^ left.collected))
            raise LabError(
                f"not of one run: {first.name} and {one.name} were cut from different "
                f"scenarios: {odd}"
            )
    if len(shards) == len(inputs):
        there = {other.shard for _, other in shards}
        wanted = [Shard(number, left.shard.of) for number in range(1, left.shard.of + 1)]
        lacking = [str(shard) for shard in wanted if shard not in there]
        if lacking:
            raise LabError(f"shards are missing: {', '.join(lacking)}")
    ran = {entry["id"] for one in inputs for entry in one.results["scenarios"]}
    missing = sorted(left.collected - ran)
    if missing:
        raise LabError(f"collected, but in none of the results: {_named(missing)}")


def _named(scenarios: list[str]) -> str:
    more = f" (and {len(scenarios) - 1} more)" if len(scenarios) > 1 else ""
    return f"{scenarios[0]}{more}"


# ----- what they are together -----


def _results(inputs: list[_Input]) -> Results:
    # whether it is a debug build is not in results.json
    server = ServerUnderTest(**inputs[0].results["server"], debug=False)
    merged = Results(server, inputs[0].results["host"])
    for one in inputs:
        for entry in one.results["scenarios"]:
            scenario = ScenarioResult(**entry)
            if one.left is not None:
                scenario.timeline = one.left.timelines[scenario.id]
                scenario.deviations = one.left.deviations[scenario.id]
            elif scenario.outcome == "known-deviation":
                scenario.deviations = [scenario.reason]
            merged.scenarios.append(scenario)
    return merged
