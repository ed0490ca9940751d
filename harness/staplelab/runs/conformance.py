"""What a run says of the checklist: an outcome for each requirement, and the evidence for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from staplelab.runs.results import Results, ScenarioResult
from staplelab.scenario import register
from staplelab.scenario.deviation import Deviation
from staplelab.scenario.held import holders, matching
from staplelab.scenario.requirement import Requirement
from staplelab.scenario.requirements import REQUIREMENTS

PASS, FAIL, KNOWN = "PASS", "FAIL", "KNOWN DEVIATION"
NOT_APPLICABLE, NOT_RUN = "NOT APPLICABLE", "NOT RUN"
OUTCOMES = (PASS, KNOWN, FAIL, NOT_APPLICABLE, NOT_RUN)

#: the study's questions, as scenarios observe the answers (suites/conformance/test_study.py)
QUESTIONS = {
    "prefetch": "Does it fetch a response before the first client comes?",
    "cache": "Does it keep what it has fetched?",
    "respect nextUpdate": "Does it stop serving a response at its nextUpdate?",
    "retain on error": "Does it keep a valid response when a refresh fails?",
}
#: more of a log than that says nothing new
_LINES = 4
_ID = re.compile(r"(NGX-\d+): ")
#: the TLS library's reasons, in words that change from version to version
_OF_THE_LIBRARY = re.compile(r"\(SSL: .*?\)(?= while |$)")
#: the requirements that a deviation departs from, by its id
_HOMES = {id_ for one in REQUIREMENTS for id_ in one.deviations}


@dataclass(frozen=True)
class Finding:
    """What came of one requirement."""

    requirement: Requirement
    outcome: str
    #: the deviations that were seen
    deviations: tuple[Deviation, ...] = ()
    #: why it failed, or does not apply; one sentence each
    reasons: tuple[str, ...] = ()
    #: the ids of the scenarios that ran
    scenarios: tuple[str, ...] = ()
    #: what clients said in them, and how often
    verdicts: Mapping[str, int] = field(default_factory=dict)
    #: what the server logged in them, as it is the same in each run
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conformance:
    """The whole report."""

    results: Results
    findings: Sequence[Finding]
    #: "yes", "no" or "in part" to each question of the study that was put
    study: Mapping[str, str]
    #: what was measured: of each thing a number for so many workers
    measures: Mapping[str, Mapping[int, int]]

    def counted(self) -> dict[str, int]:
        """How many requirements ended how."""
        count = Counter(one.outcome for one in self.findings)
        return {outcome: count[outcome] for outcome in OUTCOMES}

    def deviations(self) -> list[Deviation]:
        """Those that were seen, in the order of their ids."""
        seen = {one for finding in self.findings for one in finding.deviations}
        return sorted(seen, key=lambda one: one.id)


def judge(results: Results, suites: Path) -> Conformance:
    """The report of a run; `suites`: where the marks of its scenarios are read."""
    by_id = {one.id: one for one in results.sorted()}
    holding = holders(suites)
    findings = [
        find(one, [by_id[id_] for id_ in matching(holding[one.id], by_id)]) for one in REQUIREMENTS
    ]
    return Conformance(results, findings, _study(by_id.values()), _measures(by_id.values()))


def find(requirement: Requirement, held_by: Sequence[ScenarioResult]) -> Finding:
    """What these scenarios, which hold it, say of a requirement."""
    ran = [one for one in held_by if one.outcome != "not-applicable"]
    if not ran:
        if requirement.why:
            return Finding(requirement, NOT_APPLICABLE, reasons=(requirement.why,))
        reasons = tuple(dict.fromkeys(one.reason for one in held_by))
        return Finding(requirement, NOT_APPLICABLE if held_by else NOT_RUN, reasons=reasons)
    failed = [one for one in ran if one.unexpected]
    deviations = _deviations(requirement, ran)
    outcome = FAIL if failed else KNOWN if deviations else PASS
    verdicts = Counter(
        str(shake["verdict"]) for one in ran for shake in one.observed.get("handshakes", ())
    )
    lines = Counter(
        _OF_THE_LIBRARY.sub("(SSL: ...)", str(line))
        for one in ran
        for line in one.observed.get("log", ())
    )
    return Finding(
        requirement,
        outcome,
        deviations,
        tuple(f"{one.id}: {one.reason}" for one in failed),
        tuple(one.id for one in ran),
        dict(sorted(verdicts.items())),
        tuple(line for line, _ in lines.most_common(_LINES)),
    )


def _deviations(
    requirement: Requirement, ran: Iterable[ScenarioResult]
) -> tuple[Deviation, ...]:
    """What was seen of those that depart from this requirement.  One that no requirement names
    counts wherever it was seen: it must not be lost."""
    seen = {
        match[1] for one in ran for text in one.deviations if (match := _ID.match(text))
    }
    own = {id_ for id_ in seen if id_ in requirement.deviations or id_ not in _HOMES}
    return tuple(register.find(id_) for id_ in sorted(own))


def _study(scenarios: Iterable[ScenarioResult]) -> dict[str, str]:
    answers: dict[str, set[str]] = {}
    for one in scenarios:
        for question, answer in _observed(one, "study").items():
            answers.setdefault(question, set()).add(str(answer))
    return {
        question: answers[question].pop() if len(answers[question]) == 1 else "in part"
        for question in QUESTIONS
        if question in answers
    }


def _measures(scenarios: Iterable[ScenarioResult]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for one in scenarios:
        values = dict(_observed(one, "measures"))
        workers = values.pop("workers", 0)
        for name, value in values.items():
            found.setdefault(name, {})[workers] = value
    return {name: dict(sorted(row.items())) for name, row in found.items()}


def _observed(one: ScenarioResult, name: str) -> dict[str, Any]:
    """What a scenario has observed under that name, where it came to its end."""
    return {} if one.unexpected else one.observed.get(name, {})
