"""Shards: every scenario in exactly one, the same cut everywhere, about the same length."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from child_run import start
from hypothesis import given
from hypothesis import strategies as st
from lab_run import nginx
from randomized import repeatable

from staplelab import cli
from staplelab.runs import shard, views
from staplelab.errors import LabError
from staplelab.runs.results import Results, ScenarioResult
from staplelab.runs.shard import Shard
from staplelab.servers.sut import ServerUnderTest

# ----- which shard -----


@pytest.mark.parametrize(
    ("text", "number", "of"), [("1/1", 1, 1), ("4/4", 4, 4), ("02/10", 2, 10), ("1/9999", 1, 9999)]
)
def test_a_shard_is_read(text: str, number: int, of: int) -> None:
    assert shard.parse(text) == Shard(number, of)
    assert str(Shard(number, of)) == f"{number}/{of}"


NO_SHARDS = ["0/4", "5/4", "x", "", "/", "1/", "/4", "0/0", "1/0", "-1/4", "1/-4", "1/4/2", "1.5/4"]
NO_SHARDS += ["1 of 4", " 1/4", "1/4\n", "1/10000", "²/4", "١/٤", "1" * 9999 + "/4"]


@pytest.mark.parametrize("text", NO_SHARDS)
def test_no_shard(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = f"--shard {text!r}: give I/N, the I-th of N shards, such as 1/4 to 4/4"
    with pytest.raises(LabError) as refused:
        shard.parse(text)
    assert str(refused.value) == said
    assert cli.main(["run", f"--shard={text}", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr() == ("", f"staplelab: {said}\n")
    assert not (tmp_path / "out").exists()


# ----- the cut -----

_lengths = st.one_of(st.floats(0, 1000), st.sampled_from([0.0, 0.5, 1.0]))
_ids = st.text("abcdef", min_size=1, max_size=3)
_known = st.dictionaries(_ids, _lengths, max_size=40)
_scenarios = st.lists(_ids, unique=True, max_size=40)
_counts = st.integers(1, 9)


@repeatable
@given(_scenarios, _known, _counts)
def test_every_scenario_is_in_exactly_one_shard(
    scenarios: list[str], known: dict[str, float], count: int
) -> None:
    parts = shard.cut(scenarios, known, count)
    assert len(parts) == count
    assert sorted(name for part in parts for name in part) == sorted(scenarios)
    chosen = [shard.Cut(Shard(i + 1, count), known).mine(scenarios) for i in range(count)]
    assert chosen == [set(part) for part in parts]


@repeatable
@given(_scenarios, _known, _counts, st.randoms())
def test_order_has_no_say(
    scenarios: list[str], known: dict[str, float], count: int, random: Any
) -> None:
    shuffled, entries = list(scenarios), list(known.items())
    random.shuffle(shuffled)
    random.shuffle(entries)
    assert shard.cut(shuffled, dict(entries), count) == shard.cut(scenarios, known, count)


@repeatable
@given(st.dictionaries(_ids, _lengths, min_size=1, max_size=40), _counts)
def test_the_longest_shard_is_bounded(known: dict[str, float], count: int) -> None:
    """Greedy: when a shard got its last scenario, no other had less to do than it."""
    loads = [sum(known[name] for name in part) for part in shard.cut(known, known, count)]
    bound = sum(known.values()) / count + max(known.values())
    assert max(loads) <= bound * (1 + 1e-9)


@repeatable
@given(_scenarios, _counts)
def test_without_durations_each_counts_the_same(scenarios: list[str], count: int) -> None:
    sizes = [len(part) for part in shard.cut(scenarios, {}, count)]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("scenarios", "known", "parts"),
    [
        ("dcba", {}, ["ac", "bd"]),
        ("abcd", {"a": 3, "b": 1, "c": 1, "d": 1}, ["a", "bcd"]),
        ("abcd", {"d": 4, "c": 3, "b": 2, "a": 1}, ["da", "cb"]),
        # x is not known and counts 2, the median; what is gone does not count
        ("abx", {"a": 1, "b": 2, "gone": 50}, ["ba", "x"]),
        ("abx", {"a": 1, "b": 2, "gone": 1.5}, ["b", "xa"]),
        ("xyz", {"gone": 0}, ["xz", "y"]),
        ("", {"a": 1}, ["", ""]),
        ("a", {}, ["a", ""]),
    ],
)
def test_cut_by_hand(scenarios: str, known: dict[str, float], parts: Sequence[str]) -> None:
    assert shard.cut(scenarios, known, 2) == [list(part) for part in parts]


# ----- durations -----


def write_results(folder: Path, **seconds: float) -> Path:
    library = ("OpenSSL", "3.5.2", "OpenSSL 3.5.2")
    server = ServerUnderTest("/opt/nginx", "1.28.0", *library, debug=False)
    scenarios = [ScenarioResult(name, "pass", seconds=taken) for name, taken in seconds.items()]
    views.write(Results(server, "local", scenarios), folder)
    return folder / "results.json"


def test_durations_of_an_earlier_run(tmp_path: Path) -> None:
    file = write_results(tmp_path, a=0.25, b=3)
    assert shard.durations(file) == shard.durations(tmp_path) == {"a": 0.25, "b": 3.0}


def test_what_is_wanted(tmp_path: Path) -> None:
    file = write_results(tmp_path, a=0.25)
    assert shard.wanted(None, None) is None
    assert shard.wanted("2/3", None) == shard.Cut(Shard(2, 3), {})
    assert shard.wanted("2/3", str(file)) == shard.Cut(Shard(2, 3), {"a": 0.25})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        ("words", "not JSON: Expecting value"),
        ("[]", "not a results.json of schema 2"),
        ("null", '"seconds" of a is None: 0 or more is accepted'),
        ('"1"', "\"seconds\" of a is '1': 0 or more"),
        ("true", '"seconds" of a is True: 0 or more'),
        ("-0.1", '"seconds" of a is -0.1: 0 or more'),
        ("NaN", '"seconds" of a is nan: 0 or more'),
        ("Infinity", '"seconds" of a is inf: 0 or more'),
    ],
)
def test_no_durations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    file = tmp_path / "results.json"
    if content in ("words", "[]"):
        file.write_text(str(content))
    elif content is not None:
        whole = write_results(tmp_path, a=77).read_text()
        assert whole.count("77") == 1
        file.write_text(whole.replace("77", content))
    assert cli.main(["run", "--shard", "1/2", "--durations", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"staplelab: {file}: {said}")
    assert captured.err.count("\n") == 1


def test_durations_without_a_shard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_results(tmp_path, a=1)
    assert cli.main(["run", "--durations", str(file)]) == 2
    said = f"staplelab: {file}: durations only serve to cut shards; give --shard I/N, too\n"
    assert capsys.readouterr() == ("", said)


# ----- the plugin: scenarios that need no lab, an nginx that says what it is -----

_LAB = """
import pytest

@pytest.fixture
def lab():
    return None
"""

_TESTS = """
import pytest

@pytest.mark.parametrize("name", ["a", "b", "c", "d", "e"])
def test_scenario(lab, name):
    pass

def test_no_scenario():
    pass
"""

_NGINX = """#!/bin/sh
[ "$1" = -V ] || exec REAL "$@"
echo 'nginx version: nginx/1.28.0
built with OpenSSL 3.5.2 5 Aug 2025
configure arguments: --with-http_ssl_module' >&2
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "conftest.py").write_text(_LAB)
    (folder / "test_tiny.py").write_text(_TESTS)
    (folder / "nginx").write_text(_NGINX.replace("REAL", nginx()))
    (folder / "nginx").chmod(0o755)
    return folder


def run(suite: Path, out: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    always = ("--nginx", "./nginx", "--out", out)
    return start(suite, "staplelab", "run", *always, *arguments, "test_tiny.py")


def ran(folder: Path) -> list[str]:
    """The letters of the scenarios that ran."""
    results = json.loads((folder / "results.json").read_text())
    return [scenario["id"][-2] for scenario in results["scenarios"]]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_shard_runs_its_scenarios_and_every_other_test(suite: Path, jobs: str) -> None:
    seconds = {f"test_tiny.py::test_scenario[{name}]": 1.0 for name in "abcd"}
    seconds["test_tiny.py::test_scenario[e]"] = 3.5
    earlier = write_results(suite / "earlier", **seconds)
    options = ("--jobs", jobs, "--durations", str(earlier))
    first = run(suite, "1", "--shard", "1/2", *options)
    second = run(suite, "2", "--shard", "2/2", *options)
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + second.stdout
    assert (ran(suite / "1"), ran(suite / "2")) == (["e"], ["a", "b", "c", "d"])
    assert "Shard 1/2: 1 of 5 scenarios\n" in first.stdout
    assert "Shard 2/2: 4 of 5 scenarios\n" in second.stdout
    assert "2 passed" in first.stdout and "5 passed" in second.stdout
    if jobs == "1":  # under xdist only the workers know, and they do not say
        assert "4 deselected" in first.stdout and "1 deselected" in second.stdout


def test_what_k_leaves_is_shared_out(suite: Path) -> None:
    """Cut before -k, both of these would be in the second shard."""
    for number in ("1", "2"):
        done = run(suite, number, "--jobs", "1", "--shard", f"{number}/2", "-k", "b] or d]")
        assert f"Shard {number}/2: 1 of 2 scenarios\n" in done.stdout
    assert (ran(suite / "1"), ran(suite / "2")) == (["b"], ["d"])


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_shard_with_nothing_to_do(suite: Path, jobs: str) -> None:
    """It leaves empty results and is as expected; -k that matches nothing is not."""
    done = run(suite, "empty", "--jobs", jobs, "--shard", "2/2", "-k", "a]")
    assert done.returncode == 0, done.stdout
    assert "Shard 2/2: 0 of 1 scenarios\n" in done.stdout
    assert ran(suite / "empty") == []
    assert run(suite, "none", "--jobs", jobs, "--shard", "2/2", "-k", "nosuch").returncode == 2
    assert list((suite / "none").iterdir()) == []


def test_what_a_whole_run_leaves(suite: Path) -> None:
    done = run(suite, "out", "--jobs", "1")
    assert done.returncode == 0, done.stdout
    assert ran(suite / "out") == ["a", "b", "c", "d", "e"]
    assert "Shard" not in done.stdout
    left = sorted(path.name for path in (suite / "out").iterdir())
    assert left == ["junit.xml", "record.jsonl", "report", "results.json"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard=0/4"], "--shard '0/4': give I/N"),
        (["--shard=1/4", "--shard-durations=gone"], "gone: cannot be read: No such file"),
        (["--shard-durations=gone"], "gone: durations only serve to cut shards"),
    ],
)
def test_pytest_refuses_what_makes_no_sense(suite: Path, options: list[str], said: str) -> None:
    done = start(suite, "pytest", "-p", "staplelab.plugin", "--nginx=./nginx", *options)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stdout == ""
    assert done.stderr.strip().startswith(f"ERROR: staplelab: {said}")
    assert done.stderr.strip().count("\n") == 0
