"""The report of conformance in Markdown, JSON and HTML: sentences that stand for themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from staplelab import __version__, files
from staplelab.runs.conformance import (
    FAIL,
    KNOWN,
    NOT_APPLICABLE,
    NOT_RUN,
    OUTCOMES,
    PASS,
    QUESTIONS,
    Conformance,
    Finding,
)
from staplelab.runs.results import PARTIAL
from staplelab.scenario.requirements import GROUPS

SCHEMA = 1
NAMES = ("conformance.md", "conformance.json", "conformance.html")
_FEW = 4
#: what each outcome means, so that it can follow "of 102 requirements, 60 "
_MEANING = {
    PASS: "hold",
    KNOWN: "are departed from, as is known of this version",
    FAIL: "did not hold as expected",
    NOT_APPLICABLE: "do not apply to this server, or cannot be looked at",
    NOT_RUN: "were not looked at in this run",
}
#: how each thing that is measured reads (suites/conformance/test_measures.py)
_MEASURED = {
    "bare_after_a_start": "handshakes without a staple after a start",
    "bare_after_a_reload": "handshakes without a staple after a reload",
    "bare_after_an_outage": "handshakes without a staple after the responder is back from an "
    "outage that outlasted the staple, with a client a minute at each worker",
    "seconds_without_a_staple_after_an_outage": "seconds until all clients have a staple again "
    "then",
    "seconds_of_an_outage_survived": "seconds of an outage that are survived with a staple, for a "
    "validity of a day, at the worst moment",
    "seconds_until_a_revocation_is_learnt": "seconds until the server hears of a revocation",
    "seconds_until_good_is_served_no_more": 'seconds until the old "good" is served no more then',
    "requests_in_three_hours": "requests for one certificate in three hours, with a client every "
    "half an hour",
    "requests_in_twenty_minutes_of_failures": "requests for one certificate in twenty minutes in "
    "which each fails",
    "seconds_that_a_fetch_adds_to_a_handshake": "seconds that a fetch of 30 s adds to the "
    "handshake that sets it off",
}


def write(report: Conformance, folder: Path) -> list[Path]:
    """Writes all three, or none; LabError when they cannot be."""
    makers = (markdown, as_json, html)
    files.write(folder, {name: make(report) for name, make in zip(NAMES, makers, strict=True)})
    return [folder / name for name in NAMES]


# ----- sentences -----


def title(report: Conformance) -> str:
    return f"OCSP stapling in {report.results.server.title}: what holds of the requirements"


def introduction(report: Conformance) -> str:
    server = report.results.server
    return (
        f"{server.title} with {server.library_title} was judged by Staplelab {__version__} in "
        f"{len(report.results.scenarios)} scenarios. In each of them it ran beside an OCSP "
        "responder and a name server that misbehave on demand, on a clock that stands still until "
        "it is moved, so that another run finds the same. Each requirement has the document that "
        "asks for it, and the scenarios that hold the server to it."
    )


def summary(report: Conformance) -> str:
    """How many of the requirements hold."""
    counts = [
        f"{count} {_MEANING[outcome]}" for outcome, count in report.counted().items() if count
    ]
    return f"Of {len(report.findings)} requirements, {'; '.join(counts)}."


def verdict(finding: Finding) -> str:
    """What came of a requirement, in sentences."""
    if finding.outcome == PASS:
        return "This holds."
    if finding.outcome == KNOWN:
        parts = [
            f"Expected: {one.expected}. nginx {one.does} ({one.id})."
            for one in finding.deviations
        ]
        return " ".join(parts)
    if finding.outcome == FAIL:
        return f"This did not hold as expected. {'. '.join(finding.reasons)}."
    if finding.outcome == NOT_RUN:
        return "This run has none of the scenarios that hold it."
    return f"This was not looked at: {'; '.join(finding.reasons)}."


def evidence(finding: Finding) -> str:
    """The scenarios, and what was seen in them; "" where there were none."""
    if not finding.scenarios:
        return ""
    names = Counter(id_.partition("[")[0] for id_ in finding.scenarios)
    few = [*names.items()][:_FEW]
    shown = [f"`{name}`{f' ({count} cases)' if count > 1 else ''}" for name, count in few]
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    seen = [f"Shown by {', '.join(shown)}{more}."]
    if finding.verdicts:
        said = ", ".join(f"{verdict} {count} times" if count > 1 else f"{verdict} once"
                         for verdict, count in finding.verdicts.items())
        seen.append(f"Clients said {said}.")
    if finding.log:
        seen.append(f"The log has {'; '.join(f'`{line}`' for line in finding.log)}.")
    return " ".join(seen)


def measured(report: Conformance) -> list[tuple[str, Mapping[int, int]]]:
    """What was measured, in words and in the order of these, and the numbers."""
    order = [*_MEASURED, *(name for name in report.measures if name not in _MEASURED)]
    return [
        (_MEASURED.get(name, name.replace("_", " ")), report.measures[name])
        for name in order
        if name in report.measures
    ]


# ----- Markdown -----


def markdown(report: Conformance) -> str:
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Conformance) -> Iterator[str]:
    yield f"# {title(report)}\n"
    yield f"{introduction(report)}\n"
    yield f"{summary(report)}\n"
    if not report.results.complete:
        yield f"**{PARTIAL}**\n"
    yield from _departures(report)
    yield from _tables(report)
    for letter, name in GROUPS.items():
        yield f"## {letter}. {name}\n"
        for finding in report.findings:
            if finding.requirement.id[0] == letter:
                yield from _item(finding)


def _departures(report: Conformance) -> Iterator[str]:
    if not report.deviations():
        return
    yield "## Where it departs\n"
    for one in report.deviations():
        yield f"**{one.title}.** Expected: {one.expected}. {one.source} says:\n"
        yield f"> {one.quotation}\n"
        items = [f.requirement.id for f in report.findings if one in f.deviations]
        yield f"nginx {one.does}. Read in {one.read_in} ({one.id}; {', '.join(items)} below).\n"


def _tables(report: Conformance) -> Iterator[str]:
    if report.study:
        yield "## The questions of 2018\n"
        yield (
            "The study that asked web servers these is T. Chung and others, Is the Web Ready for "
            "OCSP Must-Staple?, IMC 2018; the answers are those of this server.\n"
        )
        yield "| question | answer |\n| --- | --- |"
        for question, answer in report.study.items():
            yield f"| {QUESTIONS[question]} | {answer} |"
        yield ""
    if report.measures:
        sizes = sorted({workers for row in report.measures.values() for workers in row})
        yield "## What was measured\n"
        yield f"| what | {' | '.join(_of_workers(size) for size in sizes)} |"
        yield f"| --- {'| --- ' * len(sizes)}|"
        for what, row in measured(report):
            values = " | ".join(str(row.get(size, "")) for size in sizes)
            yield f"| {what} | {values} |"
        yield ""


def _of_workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"


def _item(finding: Finding) -> Iterator[str]:
    one = finding.requirement
    yield f"**{one.id}. {one.statement}.** ({one.source}.) {finding.outcome}. {verdict(finding)}\n"
    if one.quotation:
        yield f"> {one.quotation}\n"
    if shown := evidence(finding):
        yield f"{shown}\n"


# ----- JSON, HTML -----


def as_json(report: Conformance) -> str:
    server = report.results.server
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "staplelab": __version__,
        "server": {"title": server.title, "library": server.library_title},
        "complete": report.results.complete,
        "totals": report.counted(),
        "requirements": [_member(one) for one in report.findings],
        "study": dict(report.study),
        "measures": {
            name: {str(size): value for size, value in row.items()}
            for name, row in report.measures.items()
        },
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _member(finding: Finding) -> dict[str, Any]:
    one = finding.requirement
    return {
        "id": one.id,
        "statement": one.statement,
        "source": one.source,
        "quotation": one.quotation or None,
        "outcome": finding.outcome,
        "deviations": [deviation.id for deviation in finding.deviations],
        "reasons": [*finding.reasons],
        "scenarios": [*finding.scenarios],
        "verdicts": dict(finding.verdicts),
        "log": [*finding.log],
    }


def html(report: Conformance) -> str:
    sizes = sorted({workers for row in report.measures.values() for workers in row})
    environment = files.environment(Path(__file__).parent / "templates")
    return environment.get_template("conformance.html.j2").render(
        report=report,
        title=title(report),
        introduction=introduction(report),
        summary=summary(report),
        partial="" if report.results.complete else PARTIAL,
        groups=GROUPS,
        outcomes=OUTCOMES,
        counted=report.counted(),
        questions=QUESTIONS,
        sizes=sizes,
        of_workers=_of_workers,
        measured=measured(report),
        verdict=verdict,
        evidence=lambda finding: evidence(finding).replace("`", ""),
    )
