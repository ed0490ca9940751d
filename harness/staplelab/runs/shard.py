"""Cutting a run into shards of about the same length: the same cut wherever it is computed."""

from __future__ import annotations

import heapq
import math
import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from staplelab.runs import results
from staplelab.errors import LabError

#: what a scenario counts when nothing is known of any
_EQUAL = 1.0


@dataclass(frozen=True)
class Shard:
    """One of the shards of a run, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse(text: str) -> Shard:
    """Reads "I/N"; LabError when that names no shard."""
    match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    shard = Shard(int(match[1]), int(match[2])) if match else Shard(0, 0)
    if not 1 <= shard.number <= shard.of:
        raise LabError(f"--shard {text!r}: give I/N, the I-th of N shards, such as 1/4 to 4/4")
    return shard


def durations(path: Path) -> dict[str, float]:
    """The seconds of each scenario in an earlier results.json (or the folder that holds one)."""
    seconds: dict[str, float] = {}
    for entry in results.load(path)["scenarios"]:
        taken = entry.get("seconds")
        if isinstance(taken, bool) or not isinstance(taken, (int, float)) or not _counts(taken):
            name = entry["id"]
            raise LabError(f'{path}: "seconds" of {name} is {taken!r}: 0 or more is accepted')
        seconds[entry["id"]] = float(taken)
    return seconds


def _counts(seconds: float) -> bool:
    return math.isfinite(seconds) and seconds >= 0


def cut(scenarios: Iterable[str], known: Mapping[str, float], shards: int) -> list[list[str]]:
    """All shards: each scenario, the longest first, goes to the shard with the least to do.

    One that is not known counts as the median of those that are. The order of what comes in has
    no say: ties are broken by id, between shards by the fewer scenarios, then by number.
    """
    usual = statistics.median(known.values()) if known else _EQUAL
    lengths = {scenario: known.get(scenario, usual) for scenario in scenarios}
    parts: list[list[str]] = [[] for _ in range(shards)]
    load = [(0.0, 0, index) for index in range(shards)]
    for scenario in sorted(lengths, key=lambda one: (-lengths[one], one)):
        seconds, count, index = load[0]
        heapq.heapreplace(load, (seconds + lengths[scenario], count + 1, index))
        parts[index].append(scenario)
    return parts


@dataclass(frozen=True)
class Cut:
    """What a run was asked for: its shard, and the durations to cut by."""

    shard: Shard
    known: Mapping[str, float]

    def mine(self, scenarios: Iterable[str]) -> set[str]:
        """The scenarios of this shard."""
        return set(cut(scenarios, self.known, self.shard.of)[self.shard.number - 1])


def wanted(shard: str | None, seconds: str | None) -> Cut | None:
    """The cut that the options ask for, None for a whole run; LabError when they make no sense."""
    if shard is not None:
        return Cut(parse(shard), durations(Path(seconds)) if seconds is not None else {})
    if seconds is not None:
        raise LabError(f"{seconds}: durations only serve to cut shards; give --shard I/N, too")
    return None
