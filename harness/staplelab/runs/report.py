"""The HTML report: one self-contained page, a timeline a scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from staplelab import __version__
from staplelab.runs.results import OUTCOMES, PARTIAL, Results

_JSON = json.JSONEncoder(ensure_ascii=False)


def page(results: Results) -> str:
    """The text of report.html."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters["rows"] = _rows
    return environment.get_template("report.html.j2").render(
        version=__version__,
        results=results,
        scenarios=results.sorted(),
        totals=results.totals(),
        outcomes=OUTCOMES,
        partial="" if results.complete else PARTIAL,
    )


def _rows(timeline: Sequence[Mapping[str, Any]]) -> Markup:
    """The table of a timeline.  A run has 20 000 entries: one by one in the template they would
    take twice as long."""
    return Markup(
        "\n".join(
            f'    <tr class="{escape(entry["part"])}"><td>{entry["at"]:+g} s</td>'
            f'<td>{escape(entry["part"])}</td><td>{escape(entry["what"])}</td>\n'
            f"    <td>{escape(_compact(entry['details']))}</td></tr>"
            for entry in timeline
        )
    )


def _compact(details: Mapping[str, Any]) -> str:
    return " ".join([f"{name}={_JSON.encode(value)}" for name, value in details.items()])
