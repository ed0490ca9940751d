"""shard.json: what a shard leaves beside its results.json so that shards can be merged.

results.json is what runs are compared by; which shard it was and the timelines do not belong there.
Without them a merge could not tell that a shard is missing, and would have no report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from staplelab.errors import LabError
from staplelab.runs.results import Results
from staplelab.runs.shard import Shard

NAME = "shard.json"
_ENTRY: dict[str, Any] = {"at": (int, float), "part": str, "what": str, "details": dict}


@dataclass(frozen=True)
class ShardFile:
    """What one shard left."""

    shard: Shard
    #: the scenarios of all shards together
    collected: frozenset[str]
    #: what the report shows, by scenario
    timelines: dict[str, list[dict[str, Any]]]
    deviations: dict[str, list[str]]


def write(folder: Path, shard: Shard, collected: Iterable[str], results: Results) -> None:
    """Writes shard.json beside the results.json that was just written."""
    left = {
        "results": _digest(folder),
        "shard": [shard.number, shard.of],
        "collected": sorted(collected),
        "timelines": {one.id: one.timeline for one in results.sorted()},
        "deviations": {one.id: one.deviations for one in results.sorted()},
    }
    (folder / NAME).write_text(json.dumps(left, ensure_ascii=False) + "\n")


def read(folder: Path) -> ShardFile | None:
    """What the shard left, None where it left nothing; LabError when it is of another run."""
    file = folder / NAME
    try:
        left = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LabError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise LabError(f"{file}: not JSON: {error}") from None
    if not _is_shard_file(left):
        raise LabError(f"{file}: not what a run with --shard leaves")
    if left["results"] != _digest(folder):
        raise LabError(f"{file}: does not belong to the results.json beside it; delete it if stale")
    return ShardFile(
        Shard(*left["shard"]), frozenset(left["collected"]), left["timelines"], left["deviations"]
    )


def _digest(folder: Path) -> str:
    return hashlib.sha256((folder / "results.json").read_bytes()).hexdigest()


def _is_shard_file(left: Any) -> bool:
    return (
        isinstance(left, dict)
        and isinstance(left.get("results"), str)
        and _is_list_of(int, left.get("shard"))
        and len(left["shard"]) == 2
        and 1 <= left["shard"][0] <= left["shard"][1]
        and _is_list_of(str, left.get("collected"))
        and _is_by_scenario(left.get("timelines"))
        and _is_by_scenario(left.get("deviations"))
        and all(map(_is_entry, chain.from_iterable(left["timelines"].values())))
        and all(_is_list_of(str, texts) for texts in left["deviations"].values())
    )


def _is_list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)


def _is_by_scenario(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, list) for one in value.values())


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(member), kind) for member, kind in _ENTRY.items()
    )
