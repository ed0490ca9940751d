"""The checklist, the marks of the suites, and the report that is made of a run."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from lab_run import LabRun, nginx
from test_record import leave, leave_killed, results, scenario

from staplelab import cli
from staplelab.errors import LabError
from staplelab.places import repository
from staplelab.runs import conformance, conformance_views, record
from staplelab.runs.conformance import (
    FAIL,
    KNOWN,
    NOT_APPLICABLE,
    NOT_RUN,
    PASS,
    Conformance,
    find,
)
from staplelab.scenario import register, suites_code
from staplelab.scenario.held import Holder, holders, matching
from staplelab.scenario.requirement import MARK, Requirement, holding, read_mark
from staplelab.scenario.requirements import BY_ID, GROUPS, REQUIREMENTS

SUITES = repository() / "suites"
#: how many each group has
SIZES = dict(zip("ABCDEFGHIJK", (14, 5, 15, 18, 15, 8, 9, 3, 5, 3, 7), strict=True))


# ----- the checklist -----


def test_the_ids() -> None:
    assert [one.id for one in REQUIREMENTS] == [
        f"{letter}{number}" for letter, size in SIZES.items() for number in range(1, size + 1)
    ]
    assert len(REQUIREMENTS) == 102 and [*GROUPS] == [*SIZES]


@pytest.mark.parametrize("one", REQUIREMENTS, ids=lambda one: one.id)
def test_a_requirement_is_whole(one: Requirement) -> None:
    for text in (one.statement, one.source, *filter(None, (one.quotation, one.why))):
        assert text == text.strip() and "\n" not in text and "  " not in text
    words_of_a_standard = r"status_request|stream|application/"
    assert one.statement[0].isupper() or re.match(words_of_a_standard, one.statement)
    assert not one.statement.endswith(".") and not one.why.endswith(".")
    assert all(register.find(id_) for id_ in one.deviations)


def test_quotations_are_of_their_source() -> None:
    """The same words are not put into two mouths."""
    sources = {(one.quotation, one.source.partition(",")[0]) for one in REQUIREMENTS}
    quoted = Counter(quotation for quotation, _ in sources if quotation)
    assert quoted and set(quoted.values()) == {1}


# ----- what holds it -----


def test_each_requirement_has_a_scenario_or_a_reason() -> None:
    held = holders(SUITES)
    assert [id_ for id_, by in held.items() if not by and not BY_ID[id_].why] == []
    assert [id_ for id_, by in held.items() if by and BY_ID[id_].why] == [], "reasons that are over"


def test_each_pattern_of_cases_fits_one() -> None:
    dead = []
    for name, function in suites_code.scenarios(SUITES):
        ids = [case for case, _ in suites_code.cases(function)]
        for mark in getattr(function, "pytestmark", ()):
            if mark.name == MARK and "cases" in mark.kwargs:
                by = Holder(name, mark.kwargs["cases"])
                if not any(by.has(f"{name}[{case}]") for case in ids):
                    dead.append((name, mark.args, by.cases))
    assert dead == []


def test_a_holder_has_its_cases() -> None:
    by = [Holder("a.py::test_x", "status-*"), Holder("a.py::test_y")]
    ids = ["a.py::test_x[status-1]", "a.py::test_x[other]", "a.py::test_y", "a.py::test_y[1]",
           "b.py::test_x[status-1]", "a.py::test_x"]
    assert matching(by, ids) == [ids[0], ids[2], ids[3]]


def test_what_a_table_holds() -> None:
    def test_x() -> None: ...

    holding({"A1": "a-*", "A2": ("b", "c")})(test_x)
    marks = [(m.args, m.kwargs) for m in test_x.pytestmark]  # type: ignore[attr-defined]
    assert sorted(marks, key=str) == [
        (("A1",), {"cases": "a-*"}), (("A2",), {"cases": "b"}), (("A2",), {"cases": "c"})
    ]


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        (("A99",), {}, "there is no requirement 'A99'; the nearest is A9; accepted: A1 to A14, B1"),
        (("a1",), {}, "there is no requirement 'a1'; the nearest is A1; accepted: "),
        ((), {}, 'the mark requirement names what a scenario holds: requirement("A1")'),
        (("A1",), {"case": "x"}, "there is no option of the mark requirement 'case'; the nearest"),
    ],
)
def test_a_bad_mark(args: tuple[str, ...], kwargs: dict[str, str], said: str) -> None:
    with pytest.raises(LabError, match=f"^{re.escape(said)}") as error:
        read_mark(args, kwargs, BY_ID)
    assert "\n" not in str(error.value)


def test_a_bad_mark_is_an_error_of_its_scenario(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("r")
    (folder / "test_x.py").write_text(
        "import pytest\n\n"
        '@pytest.mark.requirement("A99")\ndef test_bad(lab):\n    lab.start()\n\n'
        '@pytest.mark.requirement("A1")\ndef test_good(lab):\n    lab.start()\n'
    )
    run = LabRun(folder, "staplelab", "run", "--out", "out", "--nginx", nginx(), ".").end()
    seen = run.scenarios()
    assert seen["test_good"]["outcome"] == "pass"
    assert seen["test_bad"]["outcome"] == "error"
    said = "there is no requirement 'A99'; the nearest is A9;"
    assert seen["test_bad"]["reason"].startswith(said)


# ----- the outcome of a requirement -----

OWN = Requirement("A1", "It does", "RFC 1", deviations=("NGX-001", "NGX-002"))


def of(id_: str) -> str:
    return str(register.find(id_))


@pytest.mark.parametrize(
    ("ended", "outcome", "deviations"),
    [
        ([("pass", [])], PASS, []),
        ([("pass", []), ("not-applicable", [])], PASS, []),
        ([("pass", []), ("known-deviation", ["NGX-001"])], KNOWN, ["NGX-001"]),
        ([("known-deviation", ["NGX-002", "NGX-001"])], KNOWN, ["NGX-001", "NGX-002"]),
        ([("known-deviation", ["NGX-003"])], PASS, []),  # it departs from others
        ([("known-deviation", ["NGX-001"]), ("fail", [])], FAIL, ["NGX-001"]),
        ([("error", [])], FAIL, []),
        ([("not-applicable", []), ("not-applicable", [])], NOT_APPLICABLE, []),
        ([], NOT_RUN, []),
    ],
)
def test_outcomes(
    ended: list[tuple[str, list[str]]], outcome: str, deviations: list[str]
) -> None:
    found = find(
        OWN,
        [
            scenario(f"s::{n}", word, deviations=[*map(of, ids)], reason="why")
            for n, (word, ids) in enumerate(ended)
        ],
    )
    assert (found.outcome, [one.id for one in found.deviations]) == (outcome, deviations)
    assert found.reasons == {
        FAIL: (f"s::{len(ended) - 1}: why",), NOT_APPLICABLE: ("why",)
    }.get(outcome, ())
    ran = [f"s::{n}" for n, (word, _) in enumerate(ended) if word != "not-applicable"]
    assert [*found.scenarios] == ran


def test_a_deviation_that_no_requirement_names_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conformance, "_HOMES", set())
    found = find(OWN, [scenario("s", "known-deviation", deviations=[of("NGX-005")])])
    assert (found.outcome, found.deviations) == (KNOWN, (register.find("NGX-005"),))


def test_a_reason_without_scenarios() -> None:
    found = find(Requirement("A1", "It does", "RFC 1", why="nobody can"), [])
    assert (found.outcome, found.reasons) == (NOT_APPLICABLE, ("nobody can",))


def test_evidence() -> None:
    log = ["[error] OCSP_basic_verify() failed (SSL: error:1 a) while requesting", "[warn] x"]
    seen = {"handshakes": [{"verdict": "GOOD"}, {"verdict": None}], "log": log}
    found = find(OWN, [scenario("s", observed=seen), scenario("t", observed=seen)])
    assert found.verdicts == {"GOOD": 2, "None": 2}
    line = "[error] OCSP_basic_verify() failed (SSL: ...) while requesting"
    assert found.log == (line, "[warn] x")


# ----- the report -----


def whole(**more: Any) -> Conformance:
    """A run of two scenarios, of which one departs, and one has measured."""
    name = "suites/first_steps/test_life_of_a_staple.py::test_first_handshake_is_bare"
    seen = {"study": {"prefetch": "no"}, "measures": {"workers": 2, "bare_after_a_start": 2}}
    study = {"study": {"prefetch": "yes", "cache": "yes"}, "measures": {"workers": 1, "new": 5}}
    made = results(
        scenario(name, "known-deviation", deviations=[of("NGX-001")], observed=seen),
        scenario("suites/x.py::test_y", observed=study),
        scenario("suites/x.py::test_z", "fail", reason="<b>", observed=seen),
        **more,
    )
    return conformance.judge(made, SUITES)


def test_the_whole() -> None:
    made = whole()
    outcomes = {one.requirement.id: one.outcome for one in made.findings}
    assert (outcomes["B1"], outcomes["A1"], outcomes["J2"]) == (KNOWN, NOT_RUN, NOT_APPLICABLE)
    assert made.study == {"prefetch": "in part", "cache": "yes"}
    assert made.measures == {"bare_after_a_start": {2: 2}, "new": {1: 5}}
    assert made.counted()[KNOWN] == 1 and sum(made.counted().values()) == 102
    assert [one.id for one in made.deviations()] == ["NGX-001"]


def test_markdown_is_sentences() -> None:
    text = conformance_views.markdown(whole())
    assert text.startswith("# OCSP stapling in nginx 1.28.0: what holds of the requirements\n")
    assert "| handshakes without a staple after a start |  | 2 |\n| new | 5 |  |\n" in text
    one = register.find("NGX-001")
    assert f"> {one.quotation}\n" in text
    assert f"KNOWN DEVIATION. Expected: {one.expected}. nginx {one.does} (NGX-001)." in text
    assert "Partial" not in text
    assert "**Partial: " in conformance_views.markdown(whole(complete=False))
    headings = re.findall(r"^\*\*([A-K]\d+)\. ", text, re.MULTILINE)
    assert headings == [*BY_ID]


def test_json_says_the_same() -> None:
    said = json.loads(conformance_views.as_json(whole()))
    assert [one["id"] for one in said["requirements"]] == [*BY_ID]
    (b1,) = [one for one in said["requirements"] if one["id"] == "B1"]
    assert (b1["outcome"], b1["deviations"]) == (KNOWN, ["NGX-001"])
    members = set(re.findall(r"`(\w+)`", _table("conformance.json")))
    assert {*said} | {*b1} <= members


def _table(heading: str) -> str:
    page = (repository() / "docs" / "conformance.md").read_text()
    return page.partition(f"## {heading}\n")[2]


def test_the_page_has_every_outcome() -> None:
    words = re.findall(r"^\| `([A-Z ]+)` \|", _table("The outcomes"), re.MULTILINE)
    assert sorted(words) == sorted(conformance.OUTCOMES)
    assert conformance_views._MEANING.keys() == {*conformance.OUTCOMES}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.ids += [str(value) for name, value in attrs if name == "id"]


def test_html_has_every_requirement_and_escapes() -> None:
    found = [find(one, [scenario("s", "fail", reason="<img>")]) for one in REQUIREMENTS]
    made = Conformance(results(), found, {}, {})
    reader = _Reader()
    reader.feed(conformance_views.html(made))
    assert reader.ids == [*BY_ID] and reader.tags["img"] == 0


def test_measures_have_words() -> None:
    """Whatever the suites measure reads as a sentence would."""
    text = (SUITES / "conformance" / "test_measures.py").read_text()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    named = [one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "measure"]
    assert {word.arg for one in named for word in one.keywords} == {*conformance_views._MEASURED}


# ----- the command -----


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = leave(tmp_path / "run", results(scenario("suites/x.py::test_y")))
    assert cli.main(["conformance", str(run)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "OCSP stapling in nginx 1.28.0: what holds of the requirements"
    assert said[-1] == "Report: " + ", ".join(str(run / n) for n in conformance_views.NAMES)
    other = tmp_path / "other"
    assert cli.main(["conformance", str(run / record.NAME), "--out", str(other)]) == 0
    for name in conformance_views.NAMES:
        assert (other / name).read_bytes() == (run / name).read_bytes()


def test_a_run_that_failed_or_was_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = leave(tmp_path / "failed", results(scenario("s", "fail")))
    assert cli.main(["conformance", str(failed)]) == 1
    killed = leave_killed(tmp_path / "killed", results(scenario("s")))
    assert cli.main(["conformance", str(killed)]) == 2
    assert "Partial: " in capsys.readouterr().out


def test_no_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["conformance", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    file = tmp_path / record.NAME
    assert said == f"staplelab: {file}: cannot be read: No such file or directory\n"


def test_a_new_run_puts_the_report_of_the_one_before_away(tmp_path: Path) -> None:
    run = leave(tmp_path / "run", results(scenario("s")))
    assert cli.main(["conformance", str(run)]) == 0
    leave(run, results(scenario("s")))
    for name in conformance_views.NAMES:
        assert not (run / name).exists() and (run / record.EARLIER / name).exists()
