"""Merging: shards together are the run that was cut, and nothing else passes for one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from child_run import start
from hypothesis import given
from hypothesis import strategies as st
from randomized import repeatable

from staplelab import cli
from staplelab.runs import report, shard_file, summary
from staplelab.servers import sut
from staplelab.errors import LabError
from staplelab.runs.merge import merge
from staplelab.runs.results import OUTCOMES, Results, ScenarioResult
from staplelab.runs.shard import Cut, Shard
from staplelab.servers.sut import ServerUnderTest

SERVER = ServerUnderTest("/opt/nginx", "1.28.0", "3.5.2", "3.5.1", debug=False)
ENTRY = {"at": 1.5, "part": "nginx", "what": "fetch", "details": {"n": 1}}
MERGED = ["junit.xml", "report.html", "results.json"]


def scenario(name: str, outcome: str = "pass", **more: Any) -> ScenarioResult:
    return ScenarioResult(name, outcome, **{"seconds": 0.5, "timeline": [dict(ENTRY)], **more})


def results(*scenarios: ScenarioResult) -> Results:
    return Results(SERVER, "local", list(scenarios))


def junit(tests: int, time: str = "1.250", failures: int = 0, skipped: int = 0) -> str:
    cases = "".join(f'<testcase name="t{n}&lt;é" time="0.1" />' for n in range(tests))
    return (
        '<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="0" '
        f'failures="{failures}" skipped="{skipped}" tests="{tests}" time="{time}">'
        f"{cases}</testsuite></testsuites>"
    )


def leave(folder: Path, part: Results, shard: Shard, collected: list[str]) -> Path:
    """The files of a run with --shard."""
    part.write(folder)
    shard_file.write(folder, shard, collected, part)
    (folder / "junit.xml").write_text(junit(len(part.scenarios)))
    return folder


def leave_shards(folder: Path, whole: Results, count: int) -> list[Path]:
    collected = [one.id for one in whole.scenarios]
    left = []
    for shard in (Shard(number, count) for number in range(1, count + 1)):
        mine = Cut(shard, {}).mine(collected)
        part = Results(whole.server, whole.host, [s for s in whole.scenarios if s.id in mine])
        left.append(leave(folder / f"shard-{shard.number}", part, shard, collected))
    return left


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# ----- the whole of its parts -----

_facts = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers())
_members = st.dictionaries(st.text(max_size=3), _facts, max_size=3)
_entries = {
    "at": st.floats(0, 1e6) | st.integers(0, 10**6),
    "part": st.text(max_size=5),
    "what": st.text(max_size=5),
    "details": st.dictionaries(st.text("abc", min_size=1, max_size=3), _facts, max_size=3),
}
_whole = st.lists(
    st.builds(
        ScenarioResult,
        id=st.text(min_size=1, max_size=5),
        outcome=st.sampled_from(OUTCOMES),
        reason=st.text(max_size=5),
        observed=_members,
        seconds=st.floats(0, 100).map(lambda seconds: round(seconds, 3)),
        timeline=st.lists(st.fixed_dictionaries(_entries), max_size=3),
        deviations=st.lists(st.text(max_size=5), max_size=2),
    ),
    unique_by=lambda one: one.id,
    max_size=7,
)


@repeatable
@given(_whole, st.integers(1, 4), st.randoms())
def test_shards_together_are_the_run(
    tmp_path_factory: pytest.TempPathFactory,
    scenarios: list[ScenarioResult],
    count: int,
    random: Any,
) -> None:
    """Octet for octet, in results.json and in the report; the summary too, its time aside."""
    folder = tmp_path_factory.mktemp("run")
    whole = Results(SERVER, "local", scenarios)
    whole.write(folder / "whole")
    report.write(whole, folder / "whole")
    inputs = leave_shards(folder, whole, count)
    random.shuffle(inputs)
    merged, lines = merge(inputs, folder / "merged")
    assert names(folder / "merged") == MERGED
    for name in ("results.json", "report.html"):
        assert (folder / "merged" / name).read_bytes() == (folder / "whole" / name).read_bytes()
    seconds = sum(one.seconds for one in scenarios)
    expected, mine = list(summary.lines(whole, seconds, None)), lines[:-2]
    assert [expected[:2], expected[3:]] == [mine[:2], mine[3:]]
    assert expected[2].partition(", median")[2] == mine[2].partition(", median")[2]


def test_what_a_merge_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pinned = scenario("b", "known-deviation", reason="X; Y; Z", deviations=["X; Y", "Z"])
    left = leave_shards(tmp_path, results(scenario("a"), pinned, scenario("c")), 2)
    expected = [
        f"Staplelab {summary.__version__} judged nginx 1.28.0 (/opt/nginx)",
        "  OpenSSL 3.5.2 (built with 3.5.1), host: local",
        "  3 scenarios in 1.5 s, median 500 ms: "
        "2 pass, 0 fail, 1 known-deviation, 0 not-applicable, 0 error",
        "Known deviations from a standard, pinned:",
        "    1 x X; Y",
        "    1 x Z",
        "Everything as expected.",
        f"Merged from {left[0]}, {left[1]}; the time is the sum over the scenarios",
        "Results: OUT/results.json, OUT/junit.xml, OUT/report.html",
    ]
    written = []
    for order in (left, left[::-1]):
        out = tmp_path / f"out-{len(written)}"
        assert cli.main(["merge", "--out", str(out), *map(str, order)]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        assert captured.out.replace(str(out), "OUT").splitlines() == expected
        written.append([(out / name).read_bytes() for name in names(out)])
    assert written[0] == written[1]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str], outcome: str) -> None:
    left = leave_shards(tmp_path, results(scenario("a"), scenario("b", outcome, reason="why")), 2)
    status = cli.main(["merge", "--out", str(tmp_path / "out"), *map(str, left)])
    unexpected = outcome in ("fail", "error")
    assert status == (1 if unexpected else 0)
    said = capsys.readouterr().out
    assert (f"Unexpected:\n  {outcome}: b\n    why\n" in said) is unexpected
    assert ("Everything as expected." in said) is not unexpected


# ----- runs that are no shards -----


def test_without_timelines_there_is_no_report(tmp_path: Path) -> None:
    """One run with --shard, one without: what cannot be had is not named as a result."""
    shard = leave(tmp_path / "s", results(scenario("a")), Shard(1, 1), ["a"])
    pinned = scenario("b", "known-deviation", reason="X; Y", deviations=["X", "Y"])
    results(pinned).write(tmp_path / "plain")
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("of an earlier run")
    merged, lines = merge([tmp_path / "plain", shard], out)
    assert [one.id for one in merged.sorted()] == ["a", "b"]
    assert names(out) == ["junit.xml", "results.json"]
    assert "    1 x X; Y" in lines
    plain = tmp_path / "plain"
    assert lines[-3:] == [
        f"Results: {out}/results.json, {out}/junit.xml",
        f"Not in junit.xml, because they have none: {plain}",
        f"No report.html: no shard.json (a run with --shard leaves it) in {plain}",
    ]


def test_files_of_any_name(tmp_path: Path) -> None:
    """What stands beside a renamed results.json is not taken for its own."""
    leave(tmp_path, results(scenario("z")), Shard(1, 1), ["z"])
    for name in ("a", "b"):
        results(scenario(name)).write(tmp_path / name)
        (tmp_path / name / "results.json").rename(tmp_path / f"{name}.json")
    out = tmp_path / "out"
    merged, lines = merge([tmp_path / "b.json", tmp_path / "a.json"], out)
    assert json.loads((out / "results.json").read_text()) == merged.as_json()
    assert merged.as_json() == results(scenario("a"), scenario("b")).as_json()
    assert f"Results: {out}/results.json" in lines
    assert names(out) == ["results.json"]


# ----- junit.xml -----


def test_sums_of_junit(tmp_path: Path) -> None:
    left = leave_shards(tmp_path, results(scenario("a"), scenario("b")), 2)
    (left[0] / "junit.xml").write_text(junit(3, "1.250", failures=1, skipped=2))
    (left[1] / "junit.xml").write_text(junit(2, "0.375", failures=1))
    merge(left, tmp_path / "out")
    root = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()
    assert root.tag == "testsuites"
    sums = {"tests": "5", "errors": "0", "failures": "2", "skipped": "2", "time": "1.625"}
    assert root.attrib == sums
    assert sorted(suite.attrib["time"] for suite in root) == ["0.375", "1.250"]
    cases = [case.attrib["name"] for case in root.iter("testcase")]
    assert sorted(cases) == ["t0<é", "t0<é", "t1<é", "t1<é", "t2<é"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not XML: no element found"),
        ("<testsuites>", "not XML: no element found"),
        ("<testsuite/>", "not a junit.xml (testsuites of testsuite with tests, errors, failures,"),
        (junit(1).replace("testsuite ", "o ").replace("testsuite>", "o>"), "not a junit.xml"),
        ("<testsuites><testsuite/></testsuites>", "not a junit.xml"),
        (junit(1, "soon"), "not a junit.xml"),
        (junit(1).replace('tests="1"', 'tests="one"'), "not a junit.xml"),
    ],
)
def test_no_junit(tmp_path: Path, content: str, said: str) -> None:
    left = leave_shards(tmp_path, results(scenario("a")), 1)
    (left[0] / "junit.xml").write_text(content)
    with pytest.raises(LabError) as refused:
        merge(left, tmp_path / "out")
    assert str(refused.value).startswith(f"{left[0]}/junit.xml: {said}")
    assert names(tmp_path / "out") == []


# ----- what is not one run -----


def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], *inputs: Path) -> str:
    """What is said, after the order made no difference and nothing was written."""
    said = set()
    for order in (inputs, inputs[::-1]):
        assert cli.main(["merge", "--out", str(tmp_path / "out"), *map(str, order)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("staplelab: ") and captured.err.count("\n") == 1
        said.add(captured.err.removeprefix("staplelab: ").rstrip("\n"))
    assert not (tmp_path / "out").exists()
    assert len(said) == 1
    return said.pop()


@pytest.mark.parametrize("member", ["path", "version", "openssl", "built_with", "host"])
def test_another_server(tmp_path: Path, capsys: pytest.CaptureFixture[str], member: str) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    mine, other = results(scenario("a")), results(scenario("b"))
    mine.write(one)
    if member == "host":
        what, was, other.host = member, mine.host, "other"
    else:
        what, was = f"server {member}", getattr(SERVER, member)
        other.server = replace(SERVER, **{member: "other"})
    other.write(two)
    said = f"not of one run: {what} is {was!r} in {one} and 'other' in {two}"
    assert refused(tmp_path, capsys, one, two) == said


def test_the_same_scenario_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    results(scenario("a"), scenario("c"), scenario("b")).write(one)
    results(scenario("c"), scenario("d"), scenario("b")).write(two)
    said = f"the same scenario stands in {one} and {two}: b (and 1 more)"
    assert refused(tmp_path, capsys, one, two) == said


def test_a_shard_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = leave_shards(tmp_path, results(scenario("a"), scenario("b")), 2)
    said = f"the same scenario stands in {left[0]} and {left[0]}: a"
    assert refused(tmp_path, capsys, left[0], left[0]) == said


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it.update(schema=2), 'not a results.json of schema 1 (no "schema": 1)'),
        (lambda it: it.pop("scenarios"), '"scenarios" is not a list of objects'),
        (lambda it: it.pop("server"), '"server" is not an object of texts: path, version, openssl'),
        (lambda it: it.update(server="nginx"), '"server" is not an object of texts'),
        (lambda it: it["server"].pop("openssl"), '"server" is not an object of texts'),
        (lambda it: it["server"].update(version=1), '"server" is not an object of texts'),
        (lambda it: it["server"].update(more="x"), '"server" is not an object of texts'),
        (lambda it: it.pop("host"), '"host" is not a text'),
        (lambda it: it.update(host=["local"]), '"host" is not a text'),
        (
            lambda it: it["scenarios"][0].update(more=1),
            "a: unknown or missing in a scenario: more",
        ),
        (
            lambda it: it["scenarios"][0].pop("seconds"),
            "a: unknown or missing in a scenario: seconds",
        ),
        (
            lambda it: it["scenarios"][0].update(outcome="passed"),
            "a: \"outcome\" is 'passed', not pass, fail, known-deviation, not-applicable, error",
        ),
        (lambda it: it["scenarios"][0].update(seconds="1"), 'a: "seconds" is not a number'),
        (lambda it: it["scenarios"][0].update(seconds=True), 'a: "seconds" is not a number'),
    ],
)
def test_no_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, said: str
) -> None:
    """What a merge does not know it would lose, so it is refused."""
    results(scenario("b")).write(tmp_path / "good")
    bad = tmp_path / "bad.json"
    content = results(scenario("a")).as_json()
    change(content)
    bad.write_text(json.dumps(content))
    assert refused(tmp_path, capsys, tmp_path / "good", bad).startswith(f"{bad}: {said}")


def test_nothing_to_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = f"{tmp_path}/gone: cannot be read: No such file or directory"
    assert refused(tmp_path, capsys, tmp_path / "gone") == said


def test_the_inputs_are_kept(tmp_path: Path) -> None:
    left = leave_shards(tmp_path, results(scenario("a")), 1)
    for run in (left[0], left[0] / "results.json"):
        with pytest.raises(LabError, match="is a folder to merge from; give another one"):
            merge([run], tmp_path / "x" / ".." / "shard-1")
    assert names(left[0]) == ["junit.xml", "results.json", "shard.json"]


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = leave_shards(tmp_path, results(scenario("a")), 1)
    (tmp_path / "file").write_text("x")
    assert cli.main(["merge", "--out", str(tmp_path / "file"), str(left[0])]) == 2
    said = f"staplelab: --out {tmp_path}/file: cannot be written: File exists\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("arguments", [["--out", "o"], ["a"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["merge", *arguments])
    assert "error: the following arguments are required: " in capsys.readouterr().err


# ----- what is not all of a run -----


def test_a_missing_shard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one with nothing in it: that it is as expected is not known."""
    left = leave_shards(tmp_path, results(scenario("a"), scenario("b")), 3)
    assert refused(tmp_path, capsys, left[0], left[2]) == "shards are missing: 2/3"
    assert refused(tmp_path, capsys, left[0], left[1]) == "shards are missing: 3/3"
    assert refused(tmp_path, capsys, left[1]) == "shards are missing: 1/3, 3/3"


def test_a_missing_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that crashed, or shards cut by different durations."""
    one = leave(tmp_path / "one", results(scenario("a")), Shard(1, 2), list("abc"))
    two = leave(tmp_path / "two", results(), Shard(2, 2), list("abc"))
    said = "collected, but in none of the results: b (and 1 more)"
    assert refused(tmp_path, capsys, one, two) == said
    results(scenario("b")).write(tmp_path / "plain")
    said = "collected, but in none of the results: c"
    assert refused(tmp_path, capsys, one, tmp_path / "plain") == said


def test_shards_of_different_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = leave(tmp_path / "one", results(scenario("a")), Shard(1, 2), list("ab"))
    two = leave(tmp_path / "two", results(scenario("b")), Shard(2, 2), list("bc"))
    three = leave(tmp_path / "three", results(scenario("b")), Shard(2, 3), list("ab"))
    said = f"not of one run: {one} and {two} were cut from different scenarios: a (and 1 more)"
    assert refused(tmp_path, capsys, one, two) == said
    said = f"not of one run: {one} is shard 1/2, {three} is shard 2/3"
    assert refused(tmp_path, capsys, one, three) == said


def test_a_shard_file_of_another_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = leave(tmp_path / "s", results(scenario("a")), Shard(1, 1), ["a"])
    results(scenario("a", seconds=0.75)).write(left)
    said = f"{left}/shard.json: does not belong to the results.json beside it; delete it if stale"
    assert refused(tmp_path, capsys, left) == said
    (left / "shard.json").unlink()
    assert cli.main(["merge", "--out", str(tmp_path / "out"), str(left)]) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it.pop("results"), "not what a run with --shard leaves"),
        (lambda it: it.update(shard=[1]), "not what a run with --shard leaves"),
        (lambda it: it.update(shard=[2, 1]), "not what a run with --shard leaves"),
        (lambda it: it.update(shard="1/1"), "not what a run with --shard leaves"),
        (lambda it: it.update(collected="a"), "not what a run with --shard leaves"),
        (lambda it: it.update(collected=[1]), "not what a run with --shard leaves"),
        (lambda it: it.update(timelines=[]), "not what a run with --shard leaves"),
        (lambda it: it.update(timelines={"a": None}), "not what a run with --shard leaves"),
        (lambda it: it.update(timelines={"a": [{}]}), "not what a run with --shard leaves"),
        (lambda it: it.update(deviations={"a": [1]}), "not what a run with --shard leaves"),
        (lambda it: it.pop("deviations"), "not what a run with --shard leaves"),
        (lambda it: it.update(timelines={"b": []}), "names other scenarios than the results.json"),
        (lambda it: it.update(deviations={}), "names other scenarios than the results.json"),
        (lambda it: it.update(collected=[]), "names other scenarios than the results.json"),
    ],
)
def test_no_shard_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, said: str
) -> None:
    file = leave(tmp_path / "s", results(scenario("a")), Shard(1, 1), ["a"]) / "shard.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    assert refused(tmp_path, capsys, tmp_path / "s").startswith(f"{file}: {said}")


@pytest.mark.parametrize("content", ["", "[", b"\xff"])
def test_a_shard_file_that_is_no_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | bytes
) -> None:
    file = leave(tmp_path / "s", results(scenario("a")), Shard(1, 1), ["a"]) / "shard.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert refused(tmp_path, capsys, tmp_path / "s").startswith(f"{file}: not JSON: ")
    file.write_text("[]")
    said = f"{file}: not what a run with --shard leaves"
    assert refused(tmp_path, capsys, tmp_path / "s") == said


# ----- a real nginx -----

_SUITE = '''
import pytest


@pytest.mark.parametrize("validity", [3600, 7200, 86400])
def test_staple(lab, validity):
    lab.responder.certificate("1001", validity=validity)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


def test_bare(lab):
    lab.start()
    lab.deviation("NGX-001", lab.handshake().verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.deviation("NGX-002", 2, conforms=1, deviates=2)
    lab.settle(connections=1)


def test_not_here(lab):
    lab.not_applicable("there is no such server")


def test_expects_too_much(lab):
    lab.start()
    assert lab.handshake().verdict == "GOOD", "no staple at first"
    lab.settle(connections=1)
'''


def test_three_shards_of_a_real_run(tmp_path: Path) -> None:
    """A run and its shards, one of them by two processes, find the same."""
    (tmp_path / "test_tiny.py").write_text(_SUITE)
    nginx = sut.find(os.environ.get("NGINX"))
    always = ("run", "--nginx", nginx, "test_tiny.py")
    whole = start(tmp_path, "staplelab", *always, "--jobs", "1", "--out", "whole")
    found = "3 pass, 1 fail, 1 known-deviation, 1 not-applicable, 0 error"
    assert found in whole.stdout, whole.stdout
    status = {}
    for number, jobs in (("1", "1"), ("2", "2"), ("3", "1")):
        cut = ("--shard", f"{number}/3", "--durations", "whole")
        done = start(tmp_path, "staplelab", *always, "--out", number, "--jobs", jobs, *cut)
        assert f"Shard {number}/3: " in done.stdout, done.stdout
        status[number] = done.returncode
    assert sorted(status.values()) == [0, 0, 1] and whole.returncode == 1
    merged = start(tmp_path, "staplelab", "merge", "--out", "merged", "3", "1", "2")
    assert merged.returncode == 1 and merged.stderr == "" and found in merged.stdout
    same = start(tmp_path, "staplelab", "diff", "whole", "merged")
    assert (same.stdout, same.returncode) == ("no change in behaviour\n", 0)
    assert names(tmp_path / "merged") == MERGED

    told = whole.stdout.partition(found)[2].partition("Results: ")[0]
    assert "x NGX-002: expected one fetch" in told and "no staple at first" in told
    assert merged.stdout.partition(found)[2].partition("Merged from ")[0] == told
    pages = [(tmp_path / name / "report.html").read_text() for name in ("whole", "merged")]
    assert pages[0].count("<tr class=") == pages[1].count("<tr class=") > 20
    root = ElementTree.parse(tmp_path / "merged" / "junit.xml").getroot()
    assert [root.get(name) for name in ("tests", "failures", "skipped")] == ["6", "1", "1"]
    assert len(list(root.iter("testcase"))) == 6
