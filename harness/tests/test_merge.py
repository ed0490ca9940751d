"""Merging: shards together are the run that was cut, and nothing else passes for one."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lab_run import index_of, told_of
from child_run import start
from hypothesis import given
from hypothesis import strategies as st
from randomized import repeatable

from staplelab import cli
from staplelab.runs import record, summary
from staplelab.servers import sut
from staplelab.errors import LabError
from staplelab.runs.merge import merge
from staplelab.runs.results import OUTCOMES, PARTIAL, Results, ScenarioResult
from staplelab.runs.shard import Cut, Shard
from staplelab.servers.sut import ServerUnderTest

OF_SERVER = ("path", "version", "library", "library_version", "built_with", "product")
SERVER = ServerUnderTest("/opt/nginx", "1.28.0", "OpenSSL", "3.5.2", "OpenSSL 3.5.1", debug=False)
ENTRY = {"at": 1.5, "part": "nginx", "what": "fetch", "details": {"n": 1}}
MERGED = ["junit.xml", "record.jsonl", "report", "results.json"]


def octets(folder: Path) -> dict[str, bytes]:
    """All that lies in a folder but the record."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "record.jsonl"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def scenario(name: str, outcome: str = "pass", **more: Any) -> ScenarioResult:
    return ScenarioResult(name, outcome, **{"seconds": 0.5, "timeline": [dict(ENTRY)], **more})


def results(*scenarios: ScenarioResult) -> Results:
    return Results(SERVER, "local", list(scenarios))


def leave(
    folder: Path, part: Results, shard: Shard | None = None, collected: Sequence[str] = ()
) -> Path:
    """The files of a run, of a shard or a whole one."""
    written = record.Record(folder)
    written.begin(part, shard)
    for one in part.scenarios:
        written.add(json.dumps(vars(one)))
    written.finish(part, collected)
    written.release()
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
    whole.seconds = math.fsum(one.seconds for one in scenarios)
    leave(folder / "whole", whole)
    inputs = leave_shards(folder, whole, count)
    random.shuffle(inputs)
    merged, lines = merge(inputs, folder / "merged")
    assert names(folder / "merged") == MERGED
    # but the record, which is in the order in which the scenarios ended
    assert octets(folder / "merged") == octets(folder / "whole")
    assert lines[:-2] == list(summary.lines(whole, None))


def test_what_a_merge_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pinned = scenario("b", "known-deviation", reason="X; Y; Z", deviations=["X; Y", "Z"])
    left = leave_shards(tmp_path, results(scenario("a"), pinned, scenario("c")), 2)
    expected = [
        f"Staplelab {summary.__version__} judged nginx 1.28.0 (/opt/nginx)",
        "  OpenSSL 3.5.2 (built with OpenSSL 3.5.1), host: local, clock: lab",
        "  3 scenarios in 1.5 s, median 500 ms: "
        "2 pass, 0 fail, 1 known-deviation, 0 not-applicable, 0 error",
        "Known deviations from a standard, pinned:",
        "    1 x X; Y",
        "    1 x Z",
        "Everything as expected.",
        f"Merged from {left[0]}, {left[1]}; the time is the sum over the scenarios",
        "Results: OUT/results.json, OUT/junit.xml, OUT/report/index.html",
    ]
    written = []
    for order in (left, left[::-1]):
        out = tmp_path / f"out-{len(written)}"
        assert cli.main(["merge", "--out", str(out), *map(str, order)]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        assert captured.out.replace(str(out), "OUT").splitlines() == expected
        written.append(octets(out))
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


def test_two_runs_that_are_no_shards(tmp_path: Path) -> None:
    """Also by the name of the record alone; the merged run is a run."""
    first, second = results(scenario("a")), results(scenario("b"))
    first.clock = second.clock = "faketime"
    one, two = leave(tmp_path / "one", first), leave(tmp_path / "two", second)
    out = tmp_path / "out"
    merged, lines = merge([two, one / "record.jsonl"], out)
    both = results(scenario("a"), scenario("b"))
    assert merged.as_json() == {**both.as_json(), "clock": "faketime"}
    assert json.loads((out / "results.json").read_text()) == merged.as_json()
    assert lines[-1].startswith(f"Results: {out}/results.json")
    assert names(out) == MERGED
    assert record.read(out).results.as_json() == merged.as_json()


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


@pytest.mark.parametrize("member", [*OF_SERVER, "host", "clock"])
def test_another_server(tmp_path: Path, capsys: pytest.CaptureFixture[str], member: str) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    mine, other = results(scenario("a")), results(scenario("b"))
    leave(one, mine)
    if member in ("host", "clock"):
        what, was = member, getattr(mine, member)
        setattr(other, member, "other")
    else:
        what, was = f"server {member}", getattr(SERVER, member)
        other.server = replace(SERVER, **{member: "other"})
    leave(two, other)
    said = f"not of one run: {what} is {was!r} in {one} and 'other' in {two}"
    assert refused(tmp_path, capsys, one, two) == said


def test_the_same_scenario_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    leave(one, results(scenario("a"), scenario("c"), scenario("b")))
    leave(two, results(scenario("c"), scenario("d"), scenario("b")))
    said = f"the same scenario stands in {one} and {two}: b (and 1 more)"
    assert refused(tmp_path, capsys, one, two) == said


def test_a_shard_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = leave_shards(tmp_path, results(scenario("a"), scenario("b")), 2)
    said = f"the same scenario stands in {left[0]} and {left[0]}: a"
    assert refused(tmp_path, capsys, left[0], left[0]) == said


def test_nothing_to_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = f"{tmp_path}/gone: cannot be read: No such file or directory"
    assert refused(tmp_path, capsys, tmp_path / "gone") == said


def test_the_inputs_are_kept(tmp_path: Path) -> None:
    left = leave_shards(tmp_path, results(scenario("a")), 1)
    for run in (left[0], left[0] / "record.jsonl"):
        with pytest.raises(LabError, match="is a folder to merge from; give another one"):
            merge([run], tmp_path / "x" / ".." / "shard-1")
    assert names(left[0]) == MERGED


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
    leave(tmp_path / "plain", results(scenario("b")))
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


def test_a_shard_that_was_cut_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is merged, and every view and the exit status say that this is not the whole."""
    left = leave_shards(tmp_path, results(scenario("a"), scenario("b")), 2)
    lines = (left[1] / "record.jsonl").read_text().splitlines(keepends=True)
    (left[1] / "record.jsonl").unlink()
    (left[1] / "record.jsonl.partial").write_text("".join(lines[:1]))
    out = tmp_path / "out"
    assert cli.main(["merge", "--out", str(out), *map(str, left)]) == 2
    said = capsys.readouterr().out
    assert f"\n{PARTIAL}\n" in said and f"\n{left[1]}: {PARTIAL}\n" in said
    assert "Everything as expected" not in said
    assert json.loads((out / "results.json").read_text())["complete"] is False
    assert index_of(out)["partial"] == PARTIAL
    assert 'name="complete" value="false"' in (out / "junit.xml").read_text()
    assert not record.read(out).results.complete


def test_a_test_that_fails_in_every_shard(tmp_path: Path) -> None:
    """It is no scenario, so that it runs in each."""
    broken = scenario("x", "error")
    one = leave(tmp_path / "one", results(scenario("a"), broken), Shard(1, 2), ["a", "b"])
    two = leave(tmp_path / "two", results(broken, scenario("b")), Shard(2, 2), ["a", "b"])
    merged, _ = merge([one, two], tmp_path / "out")
    assert [found.id for found in merged.sorted()] == ["a", "b", "x"]


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
    told = [told_of(tmp_path / name) for name in ("whole", "merged")]
    counted = [sum(len(one["timeline"]) for one in run.values()) for run in told]
    assert counted[0] == counted[1] > 20
    root = ElementTree.parse(tmp_path / "merged" / "junit.xml").getroot()
    assert [root.get(name) for name in ("tests", "failures", "skipped")] == ["6", "1", "1"]
    assert len(list(root.iter("testcase"))) == 6
