"""The report for people: report/index.html, which a browser opens without a network.

The page is small: the scenarios of a run as a list (data/index.js).  The timelines, most of a run,
lie beside it in a file for each suite, and are read when somebody looks at a scenario.  All that
comes from a server under test is data there, never markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from staplelab import __version__, files
from staplelab.parts.clock import EPOCH
from staplelab.runs.results import OUTCOMES, PARTIAL, Results, ScenarioResult
from staplelab.scenario import register
from staplelab.servers.routine import is_routine

_TEMPLATES = Path(__file__).parent / "templates"
FOLDER = "report"
PAGE = f"{FOLDER}/index.html"
#: members of events that are Unix seconds (docs/schema/events.json)
INSTANTS = ("this_update", "next_update")
_STYLE, _SCRIPTS = "report.css", ("report.js", "lanes.js")


def texts(results: Results, changes: Sequence[str] = ()) -> dict[str, str]:
    """The files of the report by their names.  `changes`: what is not as it was in the run before,
    one sentence each (results.differences)."""
    scenarios = results.sorted()
    suites = {suite: list(ours) for suite, ours in groupby(scenarios, _suite)}
    made = {PAGE: _page(results)}
    for number, (suite, ours) in enumerate(suites.items()):
        said = {one.id: _told(one, results.server.name) for one in ours}
        made[f"{FOLDER}/data/{number}.js"] = f"staplelab.suite({number}, {_json(said)});\n"
    index = _json(_index(results, suites, changes))
    made[f"{FOLDER}/data/index.js"] = f"staplelab.index = {index};\n"
    return made


def _page(results: Results) -> str:
    return files.environment(_TEMPLATES).get_template("report.html.j2").render(
        title=results.server.title,
        style=_text(_STYLE),
        scripts=map(_text, _SCRIPTS),
    )


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _index(
    results: Results, suites: Mapping[str, Sequence[ScenarioResult]], changes: Sequence[str]
) -> dict[str, Any]:
    server = results.server
    return {
        "version": __version__,
        "title": server.title,
        "path": server.path,
        "library": f"{server.library_title} (built with {server.built_with})",
        "host": results.host,
        "clock": results.clock,
        "server": server.name,
        "seconds": round(results.seconds, 1),
        "partial": "" if results.complete else PARTIAL,
        "epoch": EPOCH,
        "outcomes": OUTCOMES,
        "instants": INSTANTS,
        "suites": [[suite, [_entry(one) for one in ours]] for suite, ours in suites.items()],
        "deviations": {
            one.id: [one.title, one.expected, one.does, one.source] for one in register.REGISTER
        },
        "changes": list(changes),
    }


def _entry(one: ScenarioResult) -> dict[str, Any]:
    return {
        "id": one.id,
        "outcome": one.outcome,
        "reason": one.reason,
        "about": one.about,
        "source": one.source,
        "ms": round(one.seconds * 1000),
        "faults": sorted(set(_faults(one.timeline))),
        "deviations": [text.partition(":")[0] for text in one.deviations],
    }


def _told(one: ScenarioResult, server: str) -> dict[str, Any]:
    """What is shown of a scenario; entries of its timeline that every one has are marked."""
    routine = [
        number
        for number, entry in enumerate(one.timeline)
        if entry["part"] == server and is_routine(entry["what"])
    ]
    rows = [[entry[key] for key in ("at", "part", "what", "details")] for entry in one.timeline]
    return {"text": one.text, "observed": one.observed, "timeline": rows, "routine": routine}


def _suite(one: ScenarioResult) -> str:
    """suites/responder of suites/responder/test_at_reload.py::test_x."""
    return one.id.partition("::")[0].rpartition("/")[0] or "."


def _faults(timeline: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The names of the faults that a scenario has put in force, or that were met."""
    for entry in timeline:
        for fault in entry["details"].get("faults") or ():
            name = fault.get("fault") if isinstance(fault, dict) else fault
            if isinstance(name, str):
                yield name


def _json(value: Any) -> str:
    """For a script: what ends one, or a line of one, is written otherwise."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
