"""results.json, the comparison of two of them, and the summary in the terminal."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from lab_run import index_of
from hypothesis import given
from hypothesis import strategies as st
from randomized import repeatable

from staplelab import cli
from staplelab.runs import report, summary, views
from staplelab.errors import LabError
from staplelab.runs.results import OUTCOMES, SCHEMA, Results, ScenarioResult, differences, load
from staplelab.servers.sut import ServerUnderTest

LIBRARY = ("OpenSSL", "3.0.22", "OpenSSL 3.0.20")
SERVER = ServerUnderTest("/usr/sbin/nginx", "1.22.1", *LIBRARY, debug=True)
NOTHING: dict[str, Any] = {"handshakes": [], "requests": 0, "queries": 0, "log": []}


def scenario(name: str, outcome: str = "pass", **more: Any) -> ScenarioResult:
    return ScenarioResult(name, outcome, **{"observed": dict(NOTHING), **more})


def results(*scenarios: ScenarioResult) -> Results:
    return Results(SERVER, "local", list(scenarios))


# ----- a run -----


def test_totals_name_every_outcome() -> None:
    assert results().totals() == dict.fromkeys(OUTCOMES, 0)
    ran = results(scenario("a"), scenario("b"), scenario("c", "fail"), scenario("d", "error"))
    assert ran.totals() == {**dict.fromkeys(OUTCOMES, 0), "pass": 2, "fail": 1, "error": 1}


def test_median_of_what_ran() -> None:
    assert results().median_seconds() == 0
    skipped = scenario("skipped", "not-applicable", seconds=99.0)
    assert results(skipped).median_seconds() == 0
    ran = [scenario(str(seconds), seconds=seconds) for seconds in (0.1, 0.3, 7.0)]
    assert results(*ran, skipped).median_seconds() == 0.3


def test_json_of_a_run(tmp_path: Path) -> None:
    """Sorted by id, whatever order the processes finished in; nothing private to the report."""
    timeline = [{"at": 0.0, "part": "scenario", "what": "start", "details": {}}]
    one = scenario("b", "known-deviation", reason="X", seconds=0.12349, deviations=["X"])
    two = scenario("a", observed={**NOTHING, "requests": 1}, timeline=timeline)
    views.write(results(one, two), tmp_path / "new" / "folder")
    text = (tmp_path / "new" / "folder" / "results.json").read_text()
    assert text.endswith("}\n")
    assert json.loads(text) == {
        "schema": SCHEMA,
        "complete": True,
        "server": {
            "path": "/usr/sbin/nginx",
            "version": "1.22.1",
            "library": "OpenSSL",
            "library_version": "3.0.22",
            "built_with": "OpenSSL 3.0.20",
            "name": "nginx",
            "product": "nginx",
            "product_version": "1.22.1",
        },
        "host": "local",
        "clock": "lab",
        "totals": {**dict.fromkeys(OUTCOMES, 0), "pass": 1, "known-deviation": 1},
        "scenarios": [
            {
                "id": "a",
                "outcome": "pass",
                "reason": "",
                "observed": {**NOTHING, "requests": 1},
                "seconds": 0.0,
            },
            {
                "id": "b",
                "outcome": "known-deviation",
                "reason": "X",
                "observed": NOTHING,
                "seconds": 0.123,
            },
        ],
    }


def test_a_run_is_read_back(tmp_path: Path) -> None:
    ran = results(scenario("a"), scenario("b", "fail", reason="größer als erwartet"))
    views.write(ran, tmp_path)
    assert load(tmp_path) == load(tmp_path / "results.json") == ran.as_json()


def test_what_a_server_said_is_data_in_the_report() -> None:
    """The page itself has nothing of it, and no text of it ends the script that it stands in."""
    entry = {"at": 1.5, "part": "nginx", "what": "</script><b>\u2028", "details": {"n": 1}}
    failed = scenario("s/a::b[</script>]", "fail", reason="<b>", timeline=[entry])
    written = report.texts(results(failed, scenario("t/c")))
    made = ("data/0.js", "data/1.js", "data/index.js", "index.html")
    assert sorted(written) == [f"report/{name}" for name in made]
    assert "<b>" not in written["report/index.html"]
    scripts = [text for name, text in written.items() if name.endswith(".js")]
    assert not any("</" in text or "\u2028" in text for text in scripts)
    told = json.loads(written["report/data/0.js"].removeprefix("staplelab.suite(0, ")[:-3])
    assert told[failed.id]["timeline"] == [[1.5, "nginx", "</script><b>\u2028", {"n": 1}]]


def test_the_report_says_what_has_changed_since_the_run_before(tmp_path: Path) -> None:
    """Of what was run both times; earlier results that are none are no reason to fail."""
    before = tmp_path / "before"
    views.write(results(scenario("a"), scenario("gone")), before)
    views.write(results(scenario("a", "fail"), scenario("new")), tmp_path, before)
    assert index_of(tmp_path)["changes"] == ["a: outcome: pass -> fail"]
    (before / "results.json").write_text("{")
    views.write(results(scenario("a")), tmp_path, before)
    assert index_of(tmp_path)["changes"] == []


# ----- loading -----


def _json(**members: Any) -> str:
    return json.dumps({"schema": SCHEMA, **members})


ENTRY = {"id": "a", "outcome": "pass", "reason": "", "observed": {}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "not JSON: Expecting value"),
        ("{", "not JSON: Expecting property name"),
        ("[]", f'not a results.json of schema {SCHEMA} (no "schema": {SCHEMA})'),
        ("{}", f'not a results.json of schema {SCHEMA} (no "schema": {SCHEMA})'),
        ('{"schema": 99}', f'not a results.json of schema {SCHEMA} (no "schema": {SCHEMA})'),
        (_json(), '"scenarios" is not a list of objects with id, outcome, reason, observed'),
        (_json(scenarios={}), '"scenarios" is not a list'),
        (_json(scenarios=[1]), '"scenarios" is not a list of objects'),
        (_json(scenarios=[ENTRY, {**ENTRY, "id": 7}]), '"scenarios" is not a list of objects'),
        (_json(scenarios=[{"id": "a", "outcome": "pass"}]), '"scenarios" is not a list of objects'),
    ],
)
def test_what_cannot_be_loaded_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    views.write(results(scenario("a")), tmp_path / "good")
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content)
    with pytest.raises(LabError) as refused:
        load(bad)
    assert str(refused.value).startswith(f"{bad}: {said}")
    for pair in ([str(bad), str(tmp_path / "good")], [str(tmp_path / "good"), str(bad)]):
        assert cli.main(["diff", *pair]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err == f"staplelab: {refused.value}\n"


def test_octets_that_are_not_text(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(LabError, match="results.json: not JSON: 'utf-8' codec"):
        load(tmp_path)


# ----- differences -----


def changes(before: list[ScenarioResult], after: list[ScenarioResult]) -> list[str]:
    return list(differences(results(*before).as_json(), results(*after).as_json()))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([scenario("a")], [scenario("a")], []),
        ([scenario("a", seconds=1.0)], [scenario("a", seconds=2.0)], []),
        ([scenario("a"), scenario("b")], [scenario("b"), scenario("a")], []),
        ([scenario("a")], [], ["a: no longer run"]),
        ([], [scenario("a", "fail")], ["a: new, fail"]),
        (
            [scenario("a")],
            [scenario("a", "fail", reason="no staple")],
            ["a: outcome: pass -> fail", "a: reason: none -> no staple"],
        ),
        (
            [scenario("a", "fail", reason="this")],
            [scenario("a", "fail", reason="that")],
            ["a: reason: this -> that"],
        ),
        (
            [scenario("a", observed={"handshakes": [{"verdict": "GOOD", "octets": 471}], "n": 1})],
            [scenario("a", observed={"handshakes": [{"verdict": "GOOD", "octets": 470}], "m": 2})],
            [
                'a: handshakes: [{"verdict": "GOOD", "octets": 471}]'
                ' -> [{"verdict": "GOOD", "octets": 470}]',
                "a: m: null -> 2",
                "a: n: 1 -> null",
            ],
        ),
        (
            [scenario("c"), scenario("a")],
            [scenario("b"), scenario("c", "error")],
            ["a: no longer run", "b: new, pass", "c: outcome: pass -> error"],
        ),
    ],
)
def test_differences(
    before: list[ScenarioResult], after: list[ScenarioResult], expected: list[str]
) -> None:
    assert changes(before, after) == expected


def test_diff_prints_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    views.write(results(scenario("a"), scenario("b")), tmp_path / "old")
    views.write(results(scenario("a", "fail", reason="late", seconds=3.0)), tmp_path / "new")
    old, new = str(tmp_path / "old"), str(tmp_path / "new" / "results.json")
    assert cli.main(["diff", old, new]) == 1
    expected = "a: outcome: pass -> fail\na: reason: none -> late\nb: no longer run\n"
    assert capsys.readouterr().out == expected
    assert cli.main(["diff", new, new]) == 0
    assert capsys.readouterr().out == "no change in behaviour\n"


_facts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
_scenarios = st.lists(
    st.builds(
        ScenarioResult,
        id=st.text(min_size=1, max_size=5),
        outcome=st.sampled_from(OUTCOMES),
        reason=st.text(max_size=5),
        observed=st.dictionaries(st.text(max_size=3), _facts, max_size=3),
        seconds=st.floats(0, 100),
    ),
    unique_by=lambda scenario: scenario.id,
    max_size=5,
)


@repeatable
@given(_scenarios, st.randoms(), st.floats(0, 100))
def test_a_run_does_not_differ_from_itself(
    scenarios: list[ScenarioResult], random: Any, seconds: float
) -> None:
    again = copy.deepcopy(scenarios)
    random.shuffle(again)
    for one in again:
        one.seconds = seconds
    written = json.loads(json.dumps(results(*again).as_json()))
    assert list(differences(results(*scenarios).as_json(), written)) == []


@repeatable
@given(_scenarios, _scenarios)
def test_a_difference_shows_both_ways(
    before: list[ScenarioResult], after: list[ScenarioResult]
) -> None:
    there, back = changes(before, after), changes(after, before)
    assert len(there) == len(back)
    assert [name for name in there if name.endswith(": no longer run")] == [
        f"{name.partition(': new, ')[0]}: no longer run" for name in back if ": new, " in name
    ]


# ----- the summary -----


def test_summary_of_a_run_as_expected() -> None:
    pinned = [
        scenario(name, "known-deviation", seconds=0.2, deviations=["X1: first (RFC)", *more])
        for name, more in (("c", []), ("d", ["X0: second (RFC)"]))
    ]
    skipped = scenario("e", "not-applicable", reason="no IPv6 here")
    ran = results(scenario("a", seconds=0.1), *pinned, skipped)
    ran.seconds = 1.25
    assert list(summary.lines(ran, Path("out"))) == [
        f"Staplelab {summary.__version__} judged nginx 1.22.1 (/usr/sbin/nginx)",
        "  OpenSSL 3.0.22 (built with OpenSSL 3.0.20), host: local, clock: lab",
        "  4 scenarios in 1.2 s, median 200 ms: "
        "1 pass, 0 fail, 2 known-deviation, 1 not-applicable, 0 error",
        "Known deviations from a standard, pinned:",
        "    1 x X0: second (RFC)",
        "    2 x X1: first (RFC)",
        "Not applicable here: 1",
        "    1 x no IPv6 here",
        "Everything as expected.",
        "Results: out/results.json, out/junit.xml, out/report/index.html",
    ]


@pytest.mark.parametrize("outcome", ["fail", "error"])
def test_summary_names_what_was_not_expected(outcome: str) -> None:
    ran = results(scenario("b", outcome, reason="no staple"), scenario("a", "fail", reason="late"))
    said = list(summary.lines(ran, None))
    assert said[-5:] == [
        "Unexpected:",
        "  fail: a",
        "    late",
        f"  {outcome}: b",
        "    no staple",
    ]
    assert "Everything as expected." not in said
