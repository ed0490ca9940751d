"""A responder that somebody kills in mid-run: one scenario pays for it and says why, the next one
has a new one, and the record holds them all."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_run import LabRun, nginx

from staplelab.waiting import until

DEAD = {
    "responder": "the responder (faulty-ocspd) ended with status 137; it said nothing",
    "stub": "the stub (faulty-dnsd) ended with status 137; it said nothing",
}
RUN = ("staplelab", "run", "--out", "out", "--nginx", nginx())


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")  # short: the path of a Unix socket has at most 107 octets


def test_where_it_may_happen(folder: Path) -> None:
    """The scenarios run in the order of their names, in one process."""
    run = LabRun(folder, *RUN, "--jobs", "1", ".", scenarios="part_killed").end()
    assert run.status == 1, run.said()
    assert run.results()["complete"] is True
    found = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    assert found == {
        "test_1_before_the_start[responder]": ("error", DEAD["responder"]),
        "test_1_before_the_start[stub]": ("error", DEAD["stub"]),
        "test_2_in_the_midst": ("error", DEAD["responder"]),
        "test_3_before_an_assertion": ("error", DEAD["responder"]),
        "test_4_at_the_end": ("error", DEAD["responder"]),
        "test_5_both": ("error", f"{DEAD['stub']}; {DEAD['responder']}"),
        "test_6_between_two": ("pass", ""),
        "test_7_whole_again": ("pass", ""),
    }
    run.wait_for_nothing()


# ----- from outside, whenever it comes -----


@pytest.fixture(params=[1, 2])
def run(request: pytest.FixtureRequest, folder: Path) -> Iterator[LabRun]:
    started = LabRun(folder, *RUN, "--jobs", str(request.param), ".", scenarios="endless")
    yield started
    started.kill()


def recorded(run: LabRun) -> list[dict[str, Any]]:
    """The scenarios that have ended by now."""
    partial = run.out / "record.jsonl.partial"
    whole, _, _ = partial.read_text().rpartition("\n") if partial.exists() else ("", "", "")
    return [entry for entry in map(json.loads, whole.splitlines()) if "outcome" in entry]


def wait_for_scenarios(run: LabRun, count: int) -> None:
    def have_ended() -> bool:
        assert run.process.poll() is None, run.said()
        return len(recorded(run)) >= count

    until(have_ended, f"{count} scenarios to end", bound=30)


def test_from_outside(run: LabRun) -> None:
    """Where it comes between two scenarios none of them notices."""
    wait_for_scenarios(run, 4)
    for _ in range(3):
        processes = run.wait_for("faulty-ocspd", 1)
        os.kill(next(p for p, n in processes.items() if n == "faulty-ocspd"), signal.SIGKILL)
        wait_for_scenarios(run, len(recorded(run)) + 6)
    os.kill(run.process.pid, signal.SIGTERM)
    assert run.end().status == 2, run.said()
    _, *found, last = map(json.loads, (run.out / "record.jsonl").read_text().splitlines())
    assert last["complete"] is False and len(found) >= 22
    wrong = [(one["outcome"], one["reason"]) for one in found if one["outcome"] != "pass"]
    assert len(wrong) <= 3 and set(wrong) <= {("error", DEAD["responder"])}, wrong
    run.wait_for_nothing()
