"""record.jsonl: what it says, who may write it, and what becomes of the run before."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lab_run import index_of

from staplelab import cli
from staplelab.errors import LabError
from staplelab.runs import record, views
from staplelab.runs.results import PARTIAL, Results, ScenarioResult, load
from staplelab.runs.shard import Shard
from staplelab.servers.sut import ServerUnderTest

SERVER = ServerUnderTest("/opt/nginx", "1.28.0", "OpenSSL", "3.5.2", "OpenSSL 3.5.1", debug=False)
ENTRY = {"at": 1.5, "part": "nginx", "what": "fetch", "details": {"n": 1}}


def scenario(name: str, outcome: str = "pass", **more: Any) -> ScenarioResult:
    return ScenarioResult(name, outcome, **{"seconds": 0.5, "timeline": [dict(ENTRY)], **more})


def results(*scenarios: ScenarioResult, complete: bool = True) -> Results:
    return Results(SERVER, "local", list(scenarios), complete, 1.5)


def begin(folder: Path, found: Results, shard: Shard | None = None) -> record.Record:
    written = record.Record(folder)
    written.begin(found, shard)
    for one in found.scenarios:
        written.add(json.dumps(vars(one)))
    return written


def leave(folder: Path, found: Results, shard: Shard | None = None) -> Path:
    """A whole run."""
    written = begin(folder, found, shard)
    written.finish(found, [one.id for one in found.scenarios] if shard else [])
    written.release()
    return folder


def leave_killed(folder: Path, found: Results) -> Path:
    """What is there once the process is gone: its lines, and no lock."""
    begin(folder, found).release()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def octets(folder: Path) -> dict[str, bytes]:
    """All that lies in a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


LEFT = sorted([record.NAME, *views.NAMES])

# ----- what it says -----


def test_a_record_is_read_back(tmp_path: Path) -> None:
    found = results(
        scenario("b", "fail", reason="größer\ud800", text="at\nlength", observed={"n": [1]}),
        scenario("a", "known-deviation", reason="X", deviations=["X"]),
    )
    leave(tmp_path, found, Shard(2, 3))
    said = record.read(tmp_path)
    assert said == record.Recorded(found, Shard(2, 3), frozenset("ab"))
    assert record.read(tmp_path / "record.jsonl") == said
    first, *_, last = map(json.loads, (tmp_path / "record.jsonl").read_text().splitlines())
    assert (first["schema"], first["server"]["version"], first["host"]) == (1, "1.28.0", "local")
    assert first["staplelab"] == record.__version__
    assert last == {"complete": True, "seconds": 1.5, "collected": ["a", "b"]}
    assert names(tmp_path) == LEFT


def test_views_of_an_interrupt_between_a_line_and_its_result(tmp_path: Path) -> None:
    """A signal can come at any place of the code; the record has the line all the same."""
    found = results(scenario("a"), complete=False)
    written = begin(tmp_path, found)
    written.add(json.dumps(vars(scenario("b"))))
    written.finish(found)
    written.release()
    assert [one.id for one in record.read(tmp_path).results.scenarios] == ["a", "b"]
    loaded = json.loads((tmp_path / "results.json").read_text())
    assert [one["id"] for one in loaded["scenarios"]] == ["a", "b"]


def test_every_line_is_there_when_its_scenario_has_ended(tmp_path: Path) -> None:
    written = begin(tmp_path, results())
    for number, name in enumerate("abc", 1):
        written.add(json.dumps(vars(scenario(name))))
        text = (tmp_path / "record.jsonl.partial").read_bytes()
        assert text.endswith(b"\n") and text.count(b"\n") == 1 + number
    assert names(tmp_path) == ["record.jsonl.partial"]
    written.release()


def test_what_goes_wrong_after_the_judgement_counts(tmp_path: Path) -> None:
    late = scenario("a", "error", reason="late")
    twice = [scenario("b"), scenario("b", "fail"), scenario("b", "error")]
    leave(tmp_path, results(scenario("a"), late, *twice))
    seen = {one.id: (one.outcome, one.reason) for one in record.read(tmp_path).results.scenarios}
    assert seen == {"a": ("error", "late"), "b": ("fail", "")}


Change = Callable[[list[Any]], object]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it[0].update(schema=2), "not a record of schema 1"),
        (lambda it: it[0].pop("staplelab"), "not a record of schema 1"),
        (lambda it: it.insert(0, []), "not a record of schema 1"),
        (lambda it: it[0].pop("server"), '"server" is not an object of added, built_with, debug'),
        (lambda it: it[0].update(server="nginx"), '"server" is not an object of '),
        (lambda it: it[0]["server"].pop("library"), '"server" is not an object of '),
        (lambda it: it[0]["server"].update(version=1), '"server" is not an object of '),
        (lambda it: it[0]["server"].update(more="x"), '"server" is not an object of '),
        (lambda it: it[0].pop("host"), '"host" is not a text'),
        (lambda it: it[0].update(host=["local"]), '"host" is not a text'),
        (lambda it: it[0].pop("clock"), '"clock" is not a text'),
        (lambda it: it[0].update(clock=3), '"clock" is not a text'),
        (lambda it: it[0].update(clock=""), '"clock" is not a text'),
        (lambda it: it[0].update(shard="3/2"), "\"shard\" is '3/2', not I/N"),
        (lambda it: it[0].update(shard=[1, 2]), '"shard" is [1, 2], not I/N'),
        (lambda it: it[1].update(more=1), "line 2: unknown or missing in a scenario: more"),
        (lambda it: it[1].pop("seconds"), "line 2: unknown or missing in a scenario: seconds"),
        (lambda it: it.insert(1, 7), "line 2: unknown or missing in a scenario: everything"),
        (
            lambda it: it[1].update(outcome="passed"),
            "line 2: \"outcome\" is 'passed', not pass, fail, known-deviation, not-applicable,",
        ),
        (lambda it: it[1].update(seconds="1"), "line 2: \"seconds\" is '1'"),
        (lambda it: it[1].update(seconds=True), 'line 2: "seconds" is True'),
        (lambda it: it[1].update(timeline=[{}]), 'line 2: "timeline" is not a list of at, part,'),
        (lambda it: it[1].update(deviations=[1]), 'line 2: "deviations" is not a list of texts'),
        (lambda it: it[-1].update(complete=1), 'the last line is not "complete", "seconds"'),
        (lambda it: it[-1].pop("seconds"), 'the last line is not "complete", "seconds"'),
        (lambda it: it[-1].update(collected="a"), '"collected" is not a list of texts'),
        (lambda it: it.append(it[1]), "line 3: unknown or missing in a scenario: "),
    ],
)
def test_no_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, said: str
) -> None:
    """What is not known would be lost in a merge, so it is refused, in one line."""
    file = leave(tmp_path / "r", results(scenario("a"))) / "record.jsonl"
    lines = list(map(json.loads, file.read_text().splitlines()))
    change(lines)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    before = octets(tmp_path / "r")
    merge = ["merge", "--out", str(tmp_path / "out"), str(file)]
    for command in (merge, ["report", str(file.parent)]):
        assert cli.main(command) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(f"staplelab: {file}: {said}"), captured.err
        assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert octets(tmp_path / "r") == before


@pytest.mark.parametrize("content", ["", "[\n", "words", b"\xff\n"])
def test_a_record_that_is_no_json(tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "record.jsonl"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LabError) as refused:
        record.read(tmp_path)
    assert str(refused.value).startswith(f"{file}: not JSON: ")


# ----- a run that was killed -----


def test_the_views_of_a_killed_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As often as one likes; each says that it is not the whole."""
    leave_killed(tmp_path, results(scenario("a"), scenario("b", "fail", reason="late")))
    with (tmp_path / "record.jsonl.partial").open("a") as file:
        file.write('{"id": "c", "outc')  # the machine itself went down
    for _ in range(2):
        assert cli.main(["report", str(tmp_path)]) == 2
        said = capsys.readouterr().out
        assert f"\n{PARTIAL}\n" in said and "  fail: b\n    late\n" in said
        assert "2 scenarios in 1.0 s" in said
    assert names(tmp_path) == sorted(["record.jsonl.partial", *views.NAMES])
    assert load(tmp_path)["complete"] is False
    assert [entry["id"] for entry in load(tmp_path)["scenarios"]] == ["a", "b"]
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert [one.attrib for one in root.iter("property")] == [{"name": "complete", "value": "false"}]
    assert index_of(tmp_path)["partial"] == PARTIAL


@pytest.mark.parametrize(("outcome", "status"), [("pass", 0), ("fail", 1), ("error", 1)])
def test_the_views_of_a_whole_run_are_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], outcome: str, status: int
) -> None:
    leave(tmp_path, results(scenario("a", outcome)))
    before = octets(tmp_path)
    for name in before:
        if name != record.NAME:
            (tmp_path / name).unlink()
    assert cli.main(["report", str(tmp_path)]) == status
    assert PARTIAL not in capsys.readouterr().out
    assert octets(tmp_path) == before


@pytest.mark.parametrize("folder", [".", "gone", "file"])
def test_nothing_to_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    (tmp_path / "file").write_text("x")
    assert cli.main(["report", str(tmp_path / folder)]) == 2
    said = f"staplelab: {tmp_path / folder}: holds no record.jsonl\n"
    assert capsys.readouterr() == ("", said)
    assert names(tmp_path) == ["file"]


def test_diff_says_that_a_run_is_partial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    views.write(results(scenario("a")), whole)
    views.write(results(scenario("a"), complete=False), cut)
    said = f"no change in behaviour\n{cut}: {PARTIAL}\n"
    for pair in ((whole, cut), (cut, whole)):
        assert cli.main(["diff", *map(str, pair)]) == 2
        assert capsys.readouterr().out == said


def test_diff_reads_the_results_of_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    views.write(results(scenario("a")), tmp_path)
    old = json.loads((tmp_path / "results.json").read_text())
    del old["complete"]
    (tmp_path / "old.json").write_text(json.dumps({**old, "schema": 1}))
    assert cli.main(["diff", str(tmp_path / "old.json"), str(tmp_path)]) == 0
    (tmp_path / "odd.json").write_text(json.dumps({**old, "complete": "yes"}))
    assert cli.main(["diff", str(tmp_path / "odd.json"), str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith('odd.json: "complete" is neither true nor false\n')


# ----- the run before -----


def test_the_run_before_is_put_away(tmp_path: Path) -> None:
    """From the first line on nothing of it is in the place of this one's."""
    leave(tmp_path, results(scenario("first")))
    (tmp_path / "kept" / "first").mkdir(parents=True)
    written = begin(tmp_path, results())
    assert names(tmp_path) == ["earlier", "record.jsonl.partial"]
    assert names(tmp_path / "earlier") == LEFT
    written.finish(results(scenario("second")))
    written.release()
    leave_killed(tmp_path, results(scenario("third")))
    assert load(tmp_path / "earlier")["scenarios"][0]["id"] == "second"
    leave(tmp_path, results(scenario("fourth")))
    assert names(tmp_path / "earlier") == ["record.jsonl.partial"]
    assert record.read(tmp_path / "earlier").results.scenarios[0].id == "third"


def test_a_record_that_was_cut_short_is_put_away_octet_by_octet(tmp_path: Path) -> None:
    partial = leave_killed(tmp_path, results(scenario("first"))) / record.PARTIAL
    partial.write_bytes(partial.read_bytes() + b'{"id": "\xc3')
    said = partial.read_bytes()
    begin(tmp_path, results()).release()
    assert (tmp_path / "earlier" / record.PARTIAL).read_bytes() == said


def test_a_run_that_does_not_begin_changes_nothing(tmp_path: Path) -> None:
    record.Record(tmp_path / "new").release()
    assert names(tmp_path) == []
    (tmp_path / "there").mkdir()
    record.Record(tmp_path / "there").release()
    assert names(tmp_path) == ["there"] and names(tmp_path / "there") == []
    leave_killed(tmp_path, results(scenario("a")))
    before = (tmp_path / "record.jsonl.partial").read_bytes()
    record.Record(tmp_path).release()
    assert (tmp_path / "record.jsonl.partial").read_bytes() == before


# ----- one run at a time -----


def _refused(folder: Path, said: Any) -> None:
    try:
        record.Record(folder)
        said.put("not refused")
    except LabError as error:
        said.put(str(error))


def from_another_process(folder: Path) -> str:
    context = multiprocessing.get_context("spawn")
    said: Any = context.Queue()
    process = context.Process(target=_refused, args=(folder, said))
    process.start()
    line: str = said.get(timeout=20)
    process.join()
    return line


def test_a_second_run_is_refused(tmp_path: Path) -> None:
    """From the first moment on to the last, and no longer."""
    expected = (
        f"--out {tmp_path}: process {os.getpid()} writes its results there now; "
        "wait for its end or give another --out"
    )
    written = record.Record(tmp_path)
    assert from_another_process(tmp_path) == expected
    written.begin(results(), None)
    assert from_another_process(tmp_path) == expected
    written.add(json.dumps(vars(scenario("a"))))
    assert from_another_process(tmp_path) == expected
    written.finish(results(scenario("a")))
    written.release()
    assert from_another_process(tmp_path) == "not refused"


# ----- a full disk -----


@contextmanager
def room(octets: int) -> Iterator[None]:
    """No file can become longer than that."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_the_views_that_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(tmp_path, results(scenario("a")))
    before = octets(tmp_path)
    assert max(map(len, before.values())) > 1500
    with room(1500):
        assert cli.main(["report", str(tmp_path)]) == 2
    said = f"staplelab: {tmp_path}/report/index.html: cannot be written: File too large\n"
    assert capsys.readouterr() == ("", said)
    assert octets(tmp_path) == before


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    written = begin(tmp_path, results(scenario("a")))
    file = tmp_path / "record.jsonl.partial"
    before = file.read_bytes()
    with room(len(before) + 10), pytest.raises(LabError, match="cannot be written: File too large"):
        written.add(json.dumps(vars(scenario("b"))))
    assert file.read_bytes() == before
    written.add(json.dumps(vars(scenario("c"))))
    written.release()
    assert [one.id for one in record.read(tmp_path).results.scenarios] == ["a", "c"]


def test_a_full_disk_at_the_end_keeps_the_record(tmp_path: Path) -> None:
    written = begin(tmp_path, results(scenario("a")))
    with room(1500), pytest.raises(LabError, match="report/index.html: cannot be written"):
        written.finish(results(scenario("a")))
    written.release()
    assert names(tmp_path) == ["record.jsonl"]
    assert cli.main(["report", str(tmp_path)]) == 0
