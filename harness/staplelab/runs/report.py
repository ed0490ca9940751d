"""The HTML report: one self-contained page, a timeline a scenario."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from staplelab import __version__, files
from staplelab.parts.clock import EPOCH
from staplelab.runs.results import OUTCOMES, PARTIAL, Results
from staplelab.servers.routine import is_routine
from staplelab.times import instant, offset

_JSON = json.JSONEncoder(ensure_ascii=False)
#: a text that needs no quotation
_WORD = re.compile(r"[^\s\"={}\[\],]+")
#: members of events that are Unix seconds (docs/schema/events.json)
_INSTANTS = frozenset({"this_update", "next_update"})


def page(results: Results) -> str:
    """The text of report.html."""
    environment = files.environment(Path(__file__).parent / "templates")
    environment.filters["rows"] = _rows
    return environment.get_template("report.html.j2").render(
        version=__version__,
        results=results,
        scenarios=results.sorted(),
        totals=results.totals(),
        outcomes=OUTCOMES,
        epoch=instant(EPOCH),
        partial="" if results.complete else PARTIAL,
    )


def _rows(timeline: Sequence[Mapping[str, Any]], server: str) -> Markup:
    """The table of a timeline; lines of the server's log that every scenario has are folded.  A run
    has 30 000 entries: one by one in the template they would take twice as long."""
    return Markup("\n".join(_table(timeline, server)))


def _table(timeline: Sequence[Mapping[str, Any]], server: str) -> Iterator[str]:
    def routine(entry: Mapping[str, Any]) -> bool:
        return entry["part"] == server and is_routine(entry["what"])

    for folded, entries in itertools.groupby(timeline, routine):
        if folded:
            yield _fold(list(entries))
        else:
            yield from map(_row, entries)


def _row(entry: Mapping[str, Any]) -> str:
    return (
        f'    <tr class="{escape(entry["part"])}"><td>{offset(entry["at"])}</td>'
        f'<td>{escape(entry["part"])}</td><td>{escape(entry["what"])}</td>\n'
        f"    <td>{escape(_compact(entry['details']))}</td></tr>"
    )


def _fold(entries: Sequence[Mapping[str, Any]]) -> str:
    many = f"{len(entries)} lines" if len(entries) > 1 else "1 line"
    first = entries[0]
    lines = escape("\n".join(entry["what"] for entry in entries))
    return (
        f'    <tr class="routine"><td>{offset(first["at"])}</td><td>{escape(first["part"])}</td>\n'
        f'    <td colspan="2"><details><summary>{many} of routine</summary>{lines}</details></td>'
        "</tr>"
    )


def _compact(details: Mapping[str, Any]) -> str:
    """name=value of all that there is; times are written out."""
    return " ".join(
        f"{name}={_value(name, value)}" for name, value in details.items() if value is not None
    )


def _value(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else _JSON.encode(value)
    if isinstance(value, int) and name in _INSTANTS:
        return instant(value)
    if name == "seconds" and isinstance(value, (int, float)):
        return offset(value)
    if isinstance(value, Mapping):
        return f"{{{_compact(value)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_value(name, one) for one in value)}]"
    return _JSON.encode(value)
