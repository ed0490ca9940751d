"""Mutants: all that the tool makes of the functions in question, and a draw of them."""

from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutants import targets

_OPERATORS = Path(__file__).with_name("operators.py")
#: what a build without --with-debug leaves out, and what is no code
_NO_CODE = re.compile(r"^\s*(ngx_log_debug\d\(|/?\*|#)")
#: so many lines above a changed one are told
_ABOVE = 3


@dataclass(frozen=True)
class Mutant:
    """One changed line of nginx."""

    file: str
    function: str
    line: int
    before: str
    after: str
    #: of the mutation tool
    rule: str
    #: the lines above it, which tell it from its like
    above: str = ""

    @property
    def id(self) -> str:
        """The same for the same change of the same place."""
        place = f"{self.file}:{self.line}:{self.after}"
        return hashlib.sha256(place.encode()).hexdigest()[:10]

    def apply(self, text: str) -> str:
        """The file with this line changed."""
        lines = text.splitlines(keepends=True)
        lines[self.line - 1] = self.after
        return "".join(lines)


def candidates(tree: Path, python: Path) -> list[Mutant]:
    """All mutants of the targets in nginx's sources, in an order of their own.  `python`: one that
    has the mutation tool."""
    found: dict[str, Mutant] = {}
    for file in dict.fromkeys(target.file for target in targets.TARGETS):
        for one in _of_file(tree, file, python):
            found[one.id] = one
    return [found[id_] for id_ in sorted(found)]


def _of_file(tree: Path, file: str, python: Path) -> Iterator[Mutant]:
    text = (tree / file).read_text()
    lines = text.splitlines(keepends=True)
    where = {
        number: function.name
        for function in targets.functions(text)
        for number in range(function.first, function.last + 1)
    }
    skipped = targets.out_of_memory(text)
    made = subprocess.run(
        [python, _OPERATORS, tree / file], capture_output=True, text=True, check=True
    )
    for line in made.stdout.splitlines():
        number, after, rule = json.loads(line)
        before = lines[number - 1]
        if number in skipped or number not in where or _NO_CODE.match(before):
            continue
        for target in targets.TARGETS:
            counts = not target.lines or re.search(target.lines, before)
            if target.file == file and target.takes(where[number]) and counts:
                above = "".join(lines[max(0, number - 1 - _ABOVE) : number - 1])
                yield Mutant(file, where[number], number, before, after, rule, above)
                break


def shuffled(mutants: list[Mutant], seed: int) -> list[Mutant]:
    """The same order for the same seed and the same mutants."""
    order = list(mutants)
    random.Random(seed).shuffle(order)
    return order
