"""What a scenario is told when nginx does not do what it waits for, and how soon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab_run import LabRun, nginx

NO_CONNECTION = "nginx made no new connection to the responder: expected 1, came 0"
EXPECTED = {
    "test_no_connection": ("fail", NO_CONNECTION),
    "test_one_connection_of_two": (
        "fail",
        "nginx made too few new connections to the responder: expected 2, came 1",
    ),
    "test_no_query": ("fail", "nginx sent no new query to the name server: expected 2, came 0"),
    "test_not_before_the_last_settle": ("fail", NO_CONNECTION),
    "test_not_of_the_part_before": ("fail", NO_CONNECTION),
    "test_no_client": (
        "fail",
        f"{NO_CONNECTION}; no client has come since the last settle, and nginx asks for one only",
    ),
    "test_the_kernel_takes_its_time": ("pass", ""),
    "test_more_connections": (
        "fail",
        "nginx made too many new connections to the responder: expected 0, came 1",
    ),
    "test_more_queries": (
        "fail",
        "nginx sent too many new queries to the name server: expected 1, came 2",
    ),
    "test_fewer_queries": (
        "fail",
        "nginx sent too few new queries to the name server: expected 2, came 1",
    ),
    "test_so_far": ("pass", ""),
    "test_too_few_so_far": (
        "fail",
        "nginx made too few new connections to the responder: expected 2, came 1",
    ),
}
#: of the bound of 10 s hardly anything is used; this leaves room for a slow machine
AT_ONCE = 3.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "1")
    folder = tmp_path_factory.mktemp("r")
    return LabRun(folder, "staplelab", "run", *options, ".", scenarios="missing").end()


@pytest.mark.parametrize("name", EXPECTED)
def test_what_does_not_come(run: LabRun, name: str) -> None:
    one = run.scenarios()[name]
    assert (one["outcome"], one["reason"]) == EXPECTED[name]


def test_at_once(run: LabRun) -> None:
    """Not after the bound: whoever judges a broken nginx has hundreds of these."""
    results = json.loads((Path(run.out) / "results.json").read_text())
    seconds = {one["id"].partition("::")[2]: one["seconds"] for one in results["scenarios"]}
    assert seconds.keys() == EXPECTED.keys()
    assert [name for name, took in seconds.items() if took > AT_ONCE] == []
