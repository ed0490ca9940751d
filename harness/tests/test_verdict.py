"""The lab's verdicts are those of staple-check, no more and no fewer."""

from __future__ import annotations

import json
import re

from staple_check import EXIT, run
from staplelab.hosts.base import Finished
from staplelab.parts.client import read
from staplelab.parts.verdict import Verdict
from staplelab.places import repository

PAGE = (repository() / "docs" / "verdicts.md").read_text()


def test_every_verdict_of_the_program_is_one_of_the_lab_and_the_other_way_round() -> None:
    done = run("--list-verdicts")
    assert [line.split()[1] for line in done.stdout.splitlines()] == list(Verdict)
    assert list(EXIT) == list(Verdict)


def test_a_verdict_is_its_word() -> None:
    assert Verdict.GOOD == "GOOD"
    assert Verdict.GOOD != "NO_STAPLE"
    assert all(verdict.name == verdict.value for verdict in Verdict)
    assert f"{Verdict.GOOD} {Verdict.GOOD!r}" == "GOOD 'GOOD'"
    assert json.dumps([Verdict.NO_STAPLE]) == '["NO_STAPLE"]'


def test_the_page_has_every_verdict_with_its_exit_code_and_what_others_say() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \| (\d+) \| \S", PAGE, re.MULTILINE)
    assert {word: int(code) for word, code in listed} == EXIT
    observed, read_there = PAGE.split("**Observed**")[1].split("**Firefox**")
    for verdict in set(Verdict) - {Verdict.NOT_REQUESTED, Verdict.RESUMED_NO_STATUS}:
        assert f"\n| `{verdict}`" in observed, verdict
        assert f"\n| `{verdict}`" in read_there, verdict


def test_the_page_has_every_remark() -> None:
    source = (repository() / "harness" / "clients" / "remarks.c").read_text()
    words = set(re.findall(r'add\(out, "([a-z0-9-]+)"', source))
    assert len(words) > 10
    section = PAGE.split("## Remarks")[1].split("\n## ")[0]
    assert set(re.findall(r"`([a-z][a-z0-9-]+)`", section)) - {"remarks"} == words


def test_remarks_and_failures_of_a_handshake() -> None:
    lines = (
        {"try": 1, "verdict": "GOOD", "reason": "x", "remarks": [{"remark": "old", "text": "y"}]},
        {"try": 2, "verdict": None, "error": "the handshake failed", "seen": {}},
    )
    done = Finished(3, "".join(json.dumps(line) + "\n" for line in lines), "")
    good, failed = read(done)
    assert (good.remarks, failed.remarks) == (["old"], [])
    assert (failed.verdict, failed.failure) == (None, "the handshake failed")
