"""record.jsonl: what a run found, one JSON line a scenario, written when the scenario ends.

The first line says which run it is: schema, version, server, host, clock, shard. The last one says
how it ended; a run that was killed leaves none. Until its end the file is record.jsonl.partial. All
else that a run leaves (runs/views.py) is made from it.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from staplelab import __version__
from staplelab.errors import LabError
from staplelab.runs import conformance_views, shard, views
from staplelab.runs.claim import Claim
from staplelab.runs.results import OUTCOMES, Results, ScenarioResult
from staplelab.runs.shard import Shard
from staplelab.servers.sut import ServerUnderTest

SCHEMA = 1
NAME = "record.jsonl"
PARTIAL = f"{NAME}.partial"
#: of scenarios that failed: what each has left
KEPT = "kept"
#: of the run before: nothing of it may look like this run's
EARLIER = "earlier"

_SERVER = {one.name for one in fields(ServerUnderTest)}
_SCENARIO: dict[str, Any] = {
    "id": str,
    "outcome": str,
    "reason": str,
    "observed": dict,
    "seconds": (int, float),
    "timeline": list,
    "deviations": list,
    "text": str,
    "about": str,
    "source": str,
}
_ENTRY: dict[str, Any] = {"at": (int, float), "part": str, "what": str, "details": dict}


class Record:
    """The record of a run while it is being written."""

    def __init__(self, folder: Path) -> None:
        """Claims the folder, and leaves what is there as it is."""
        self.folder = folder
        self.begun = False
        self._claim = Claim(folder, PARTIAL)

    def begin(self, results: Results, cut: Shard | None) -> None:
        """Puts the earlier run away and writes the first line."""
        self.begun = True
        try:
            self._put_away()
            os.ftruncate(self._claim.descriptor, 0)
        except OSError as error:
            raise LabError(f"--out {self.folder}: cannot be written: {error.strerror}") from None
        self._write(
            {
                "schema": SCHEMA,
                "staplelab": __version__,
                "server": asdict(results.server),
                "host": results.host,
                "clock": results.clock,
                "shard": None if cut is None else str(cut),
            }
        )

    def _put_away(self) -> None:
        if (self.folder / KEPT).exists():
            shutil.rmtree(self.folder / KEPT)
        earlier = self.folder / EARLIER
        made = (NAME, *views.NAMES, *conformance_views.NAMES)
        there = [name for name in made if (self.folder / name).exists()]
        cut_short = self._claim.read()
        if not there and not cut_short:
            return
        if earlier.exists():
            shutil.rmtree(earlier)
        earlier.mkdir()
        for name in there:
            (self.folder / name).rename(earlier / name)
        if cut_short:
            (earlier / PARTIAL).write_bytes(cut_short)

    def add(self, line: str) -> None:
        """One scenario: its ScenarioResult in JSON."""
        file = self._claim.descriptor
        length = os.fstat(file).st_size
        left = memoryview(f"{line}\n".encode())
        try:
            while left:
                left = left[os.write(file, left) :]
        except OSError as error:
            os.ftruncate(file, length)  # each line is whole
            raise LabError(f"{self._claim.path}: cannot be written: {error.strerror}") from None

    def _write(self, members: dict[str, Any]) -> None:
        self.add(json.dumps(members))

    def finish(self, results: Results, collected: Iterable[str] = ()) -> None:
        """The last line, the views, and the record in its place; LabError when one cannot be had.

        `collected` are the scenarios of all shards together.
        """
        self._write(
            {
                "complete": results.complete,
                "seconds": round(results.seconds, 3),
                "collected": sorted(collected),
            }
        )
        try:
            if not results.complete:  # the interrupt may have come between a line and its result
                results.scenarios = _claimed(self._claim).scenarios
            views.write(results, self.folder, self.folder / EARLIER)
        finally:  # the record itself is whole: the views can be made of it later
            self._claim.path.rename(self.folder / NAME)

    def release(self) -> None:
        """Ends the claim; of a run that did not begin nothing is left."""
        if not self.begun and os.fstat(self._claim.descriptor).st_size == 0:
            self._claim.undo()
        else:
            self._claim.release()


# ----- reading -----


@dataclass(frozen=True)
class Recorded:
    """What a record says."""

    results: Results
    #: None where the run was not a shard
    shard: Shard | None
    #: the scenarios of all shards together; empty where the run was cut short
    collected: frozenset[str]


def find(path: Path) -> Path:
    """The record in a folder, whole or partial; a path that is no folder is the record itself."""
    if not path.is_dir():
        return path
    partial = path / PARTIAL
    return partial if partial.exists() and partial.stat().st_size else path / NAME


def read(path: Path) -> Recorded:
    """A record, or the one in a folder; LabError when it is none."""
    file = find(path)
    try:
        return parse(file, file.read_text())
    except OSError as error:
        raise LabError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise LabError(f"{file}: not JSON: {error}") from None


def review(folder: Path) -> Results:
    """Makes the views anew, also those of a run that was killed; LabError when one is at work."""
    if not find(folder).exists() or not folder.is_dir():
        raise LabError(f"{folder}: holds no {NAME}")
    claim = Claim(folder, PARTIAL)
    try:
        if claim.read():
            results = _claimed(claim)
        else:
            claim.path.unlink()
            results = read(folder / NAME).results
        if not results.seconds:
            results.seconds = math.fsum(scenario.seconds for scenario in results.scenarios)
        views.write(results, folder, folder / EARLIER)
    finally:
        claim.release()
    return results


def _claimed(claim: Claim) -> Results:
    return parse(claim.path, claim.read().decode(errors="replace")).results


def parse(file: Path, text: str) -> Recorded:
    """The text of a record; what follows its last newline was being written when the run died."""
    lines = text.split("\n")[:-1]
    try:
        first, *others = map(json.loads, lines or [text])
    except (ValueError, RecursionError) as error:
        raise LabError(f"{file}: not JSON: {error}") from None
    if not isinstance(first, dict) or first.get("schema") != SCHEMA or "staplelab" not in first:
        raise LabError(f"{file}: not a record of schema {SCHEMA} (the first line says it)")
    results = Results(_server(file, first.get("server")), first.get("host", ""), complete=False)
    if not isinstance(results.host, str) or not results.host:
        raise LabError(f'{file}: "host" is not a text')
    results.clock = first.get("clock", "")
    if not isinstance(results.clock, str) or not results.clock:
        raise LabError(f'{file}: "clock" is not a text')
    collected: frozenset[str] = frozenset()
    for number, line in enumerate(others, 2):
        if number == len(others) + 1 and isinstance(line, dict) and "complete" in line:
            collected = _end(file, line, results)
        else:
            results.add(_scenario(f"{file}: line {number}", line))
    return Recorded(results, _shard(file, first.get("shard")), collected)


def _server(file: Path, server: Any) -> ServerUnderTest:
    if (
        not isinstance(server, dict)
        or {*server} != _SERVER
        or not all(isinstance(value, (str, bool)) for value in server.values())
    ):
        members = ", ".join(sorted(_SERVER))
        raise LabError(f'{file}: "server" is not an object of {members}')
    return ServerUnderTest(**server)


def _shard(file: Path, text: Any) -> Shard | None:
    try:
        return None if text is None else shard.parse(str(text))
    except LabError:
        raise LabError(f'{file}: "shard" is {text!r}, not I/N') from None


def _end(file: Path, line: dict[str, Any], results: Results) -> frozenset[str]:
    collected, seconds = line.get("collected"), line.get("seconds")
    if not isinstance(line["complete"], bool) or not isinstance(seconds, (int, float)):
        raise LabError(f'{file}: the last line is not "complete", "seconds", "collected"')
    if not isinstance(collected, list) or not all(isinstance(one, str) for one in collected):
        raise LabError(f'{file}: "collected" is not a list of texts')
    results.complete = line["complete"]
    results.seconds = float(seconds)
    return frozenset(collected)


def _scenario(where: str, line: Any) -> ScenarioResult:
    if not isinstance(line, dict) or {*line} != {*_SCENARIO}:
        odd = ", ".join(sorted({*line} ^ {*_SCENARIO})) if isinstance(line, dict) else "everything"
        raise LabError(f"{where}: unknown or missing in a scenario: {odd}")
    for member, kind in _SCENARIO.items():
        if not isinstance(line[member], kind) or isinstance(line[member], bool):
            raise LabError(f'{where}: "{member}" is {line[member]!r}')
    if line["outcome"] not in OUTCOMES:
        accepted = ", ".join(OUTCOMES)
        raise LabError(f'{where}: "outcome" is {line["outcome"]!r}, not {accepted}')
    if not all(map(_is_entry, line["timeline"])):
        raise LabError(f'{where}: "timeline" is not a list of {", ".join(_ENTRY)}')
    if not all(isinstance(one, str) for one in line["deviations"]):
        raise LabError(f'{where}: "deviations" is not a list of texts')
    return ScenarioResult(**line)


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(member), kind) for member, kind in _ENTRY.items()
    )
