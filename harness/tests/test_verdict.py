"""The lab's verdicts are those of staple-check, no more and no fewer."""

from __future__ import annotations

import json

from staple_check import EXIT, run
from staplelab.parts.verdict import Verdict


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
