"""The result of a draw, for a person: what was caught, and what survived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mutants.draw import Mutant
from mutants.judge import Judgement

CAUGHT, SURVIVED, EQUIVALENT, OUT_OF_REACH = "caught", "survived", "equivalent", "out of reach"


@dataclass(frozen=True)
class Row:
    mutant: Mutant
    outcome: str
    judgement: Judgement
    #: why it is equivalent or out of reach
    why: str = ""


def share(rows: Sequence[Row]) -> str:
    """How many were caught of those that can be."""
    caught = sum(row.outcome == CAUGHT for row in rows)
    can_be = caught + sum(row.outcome == SURVIVED for row in rows)
    beyond = len(rows) - can_be
    per_cent = f" ({100 * caught / can_be:.1f} %)" if can_be else ""
    return f"{caught} of {can_be} caught{per_cent}; {beyond} of {len(rows)} cannot be"


def page(rows: Sequence[Row], title: str, remarks: Sequence[str]) -> str:
    """Markdown."""
    lines = [f"# {title}", "", f"{share(rows)}.", "", *(f"- {one}" for one in remarks), ""]
    for outcome in (SURVIVED, CAUGHT, EQUIVALENT, OUT_OF_REACH):
        some = [row for row in rows if row.outcome == outcome]
        if some:
            lines += [f"## {outcome.capitalize()}: {len(some)}", ""]
            lines += ["| mutant | where | line | becomes | by |", "| --- | --- | --- | --- | --- |"]
            lines += [_row(row) for row in sorted(some, key=_place)]
            lines.append("")
    return "\n".join(lines)


def _place(row: Row) -> tuple[str, int, str]:
    return (row.mutant.file, row.mutant.line, row.mutant.after)


def _row(row: Row) -> str:
    mutant, found = row.mutant, row.judgement
    by = row.why or (f"{code(found.scenario)}: {cell(found.reason)}" if found.caught else "")
    where = f"{mutant.function}, {mutant.file.rsplit('/', 1)[-1]}:{mutant.line}"
    before, after = code(mutant.before), code(mutant.after)
    return f"| {mutant.id} | {where} | {before} | {after} | {by} |"


def code(text: str) -> str:
    return f"`{cell(' '.join(text.split()))}`"


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
