"""Judges the suites: how many of nginx's mutants make a scenario fail (`make mutants`), or how many
of the bugs that it had (`--bugs`).

The sources are those of `make nginx-asan`, built anew without sanitizers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Lock

from mutants import beyond, draw, judge, known, table, targets
from mutants.bugs import BUGS, Bug
from mutants.builds import Tree, copies
from mutants.draw import Mutant
from mutants.table import Row
from staplelab.errors import LabError, check_word
from staplelab.runs import shard

_LINES = "mutants.jsonl"
_PAGE = "mutants.md"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__, allow_abbrev=False)
    parser.add_argument("--sources", type=Path, required=True, help="nginx's sources")
    parser.add_argument("--python", type=Path, help="has the mutation tool, for a draw")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (default: 1)")
    parser.add_argument("--count", type=_count, default=200, help="of mutants (default: 200)")
    parser.add_argument("--jobs", type=_count, default=2, help="at the same time (default: 2)")
    parser.add_argument("--shard", metavar="I/N", help="judge the I-th of N shards of the draw")
    parser.add_argument(
        "--again", type=Path, metavar="FILE", help=f"judge the survivors in this {_LINES} again"
    )
    parser.add_argument(
        "--all", action="store_true", help="run those that beyond.json explains, too"
    )
    parser.add_argument(
        "--bugs", action="store_true", help="judge by the bugs that nginx had, not by a draw"
    )
    parser.add_argument("--only", metavar="COMMIT", help="with --bugs: by this one alone")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 1 on")
    return int(text)


class Draw:
    """One draw, judged by several workers, each with a tree of its own."""

    def __init__(self, out: Path, sources: Path, jobs: int) -> None:
        self._out = out
        self._jobs = jobs
        work = out / "trees" / sources.name
        self._base = Tree.build(sources, work / "base")
        self._trees = copies(self._base, work / "changed", jobs)
        self._lock = Lock()
        self._objects: dict[str, bytes] = {}
        self.not_compiled = 0
        self.alike = 0

    # ----- the draw -----

    def choose(self, order: Sequence[Mutant], count: int) -> list[Mutant]:
        """The first `count` of them that compile, and to other instructions."""
        chosen: list[Mutant] = []
        with ThreadPoolExecutor(self._jobs) as pool:
            step = 8 * self._jobs
            for begin in range(0, len(order), step):
                some = order[begin : begin + step]
                for mutant, octets in zip(some, pool.map(self._compile, some)):
                    if len(chosen) == count:
                        return chosen
                    if octets is None:
                        self.not_compiled += 1
                    elif octets == self._base.original(mutant.file):
                        self.alike += 1
                    else:
                        self._objects[mutant.id] = octets
                        chosen.append(mutant)
        return chosen

    def _compile(self, mutant: Mutant) -> bytes | None:
        tree = self._trees.get()
        try:
            text = (self._base.folder / mutant.file).read_text()
            return tree.compile(mutant.file, mutant.apply(text))
        finally:
            self._trees.put(tree)

    # ----- judging -----

    def judge_unchanged(self) -> None:
        """The build that all of them differ from has to pass."""
        found = judge.judge(self._base.nginx, self._out / "run-base", jobs=self._jobs)
        if found.caught:
            raise LabError(f"the unchanged nginx fails: {found.scenario}: {found.reason}")

    def judge_all(self, mutants: Sequence[Mutant], entries: list[beyond.Beyond]) -> list[Row]:
        """Those of `entries` are not run again: each was seen to survive when it was entered."""
        with ThreadPoolExecutor(self._jobs) as pool:
            return list(pool.map(lambda mutant: self._judge(mutant, entries), mutants))

    def _judge(self, mutant: Mutant, entries: list[beyond.Beyond]) -> Row:
        entry = beyond.find(entries, mutant)
        if entry is None:
            found = self._run(mutant)
            row = Row(mutant, table.CAUGHT if found.caught else table.SURVIVED, found)
        else:
            row = Row(mutant, entry.kind, judge.PASSED, entry.why)
        self._tell(row)
        return row

    def _run(self, mutant: Mutant) -> judge.Judgement:
        tree = self._trees.get()
        try:
            nginx = tree.link(mutant.file, self._objects[mutant.id])
            first = targets.asked_first(mutant.file, mutant.function)
            found = judge.judge(nginx, self._out / f"run-{tree.folder.name}", first)
            tree.link(mutant.file, self._base.original(mutant.file))
        finally:
            self._trees.put(tree)
        return found

    def _tell(self, row: Row) -> None:
        mutant = row.mutant
        with self._lock, (self._out / _LINES).open("a") as file:
            file.write(json.dumps({**asdict(row), "id": mutant.id}) + "\n")
        by = f" by {row.judgement.scenario}" if row.judgement.caught else ""
        print(f"{mutant.id} {mutant.function}:{mutant.line} {row.outcome}{by}", flush=True)


def _survivors(file: Path) -> set[str]:
    try:
        rows = map(json.loads, file.read_text().splitlines())
        return {row["id"] for row in rows if row["outcome"] == table.SURVIVED}
    except (OSError, ValueError, KeyError) as error:
        raise LabError(f"--again {file}: not a {_LINES}: {error}") from None


def _bugs(only: str | None) -> Sequence[Bug]:
    if only is None:
        return BUGS
    chosen = [bug for bug in BUGS if only in bug.commits]
    if not chosen:
        commits = [commit for bug in BUGS for commit in bug.commits]
        check_word("commit of a bug", only, commits)
    return chosen


def _run(arguments: argparse.Namespace) -> int:
    cut = shard.parse(arguments.shard) if arguments.shard else None
    again = _survivors(arguments.again) if arguments.again else None
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.bugs:
        bugs = _bugs(arguments.only)
        return known.run(bugs, arguments.sources, arguments.out.resolve(), arguments.jobs)
    if arguments.python is None:
        raise LabError("a draw needs --python, which has the mutation tool; --bugs does not")
    (arguments.out / _LINES).unlink(missing_ok=True)
    drawn = Draw(arguments.out, arguments.sources, arguments.jobs)
    everything = draw.candidates(arguments.sources, arguments.python)
    if again is not None:
        chosen = drawn.choose([one for one in everything if one.id in again], len(again))
    else:
        chosen = drawn.choose(draw.shuffled(everything, arguments.seed), arguments.count)
    if cut is not None:
        chosen = chosen[cut.number - 1 :: cut.of]
    drawn.judge_unchanged()
    rows = drawn.judge_all(chosen, [] if arguments.all else beyond.load())
    remarks = [
        f"{len(everything)} candidates; on the way to these {len(chosen)}, "
        f"{drawn.not_compiled} did not compile and {drawn.alike} made no other instructions",
    ]
    title = f"Mutants of nginx, seed {arguments.seed}"
    (arguments.out / _PAGE).write_text(table.page(rows, title, remarks))
    print(f"{table.share(rows)}: {arguments.out / _PAGE}")
    return 0 if all(row.outcome != table.SURVIVED for row in rows) else 1


def main() -> int:
    try:
        return _run(_parser().parse_args())
    except LabError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
