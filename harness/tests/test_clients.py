"""What becomes of a scenario with clients in the background, by a run of each."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from lab_run import LabRun, is_alive, nginx, whole_run

from staplelab.waiting import until

STAGES = "connected, half-hello, hello, handshake, request, response, closed"

EXPECTED = {
    "test_left_to_the_lab": ("pass", ""),
    "test_left_to_the_lab_after_a_quit": ("pass", ""),
    "test_left_after_the_server_has_closed": ("pass", ""),
    "test_left_by_a_scenario_that_fails": ("fail", "it is enough"),
    "test_never_let_go": (
        "fail",
        "client 1 (--stop-at hello) has not ended within 0.1 s; it has reached 'hello'",
    ),
    "test_nothing_to_wait_for": (
        "error",
        "a client in the background waits for something: --get PATH or --stop-at STAGE",
    ),
    "test_stage_misspelt": (
        "error",
        f"there is no stage of a client 'helo'; the nearest is 'hello'; accepted: {STAGES}",
    ),
    "test_before_the_server": (
        "error",
        "nginx was not started in this scenario: call lab.start()",
    ),
    "test_unknown_certificate": (
        "error",
        "the PKI has no certificate 'cleint'; it has: root, issuing, rogue, delegate, "
        "delegate-no-eku, delegate-wrong-eku, delegate-expired, delegate-rogue, www, www-rsa, "
        "must-staple, www-ed25519, other",
    ),
    "test_no_settle_is_kept_waiting": ("pass", ""),
}

#: what of the clients stands in results.json
OBSERVED: dict[str, list[dict[str, Any]]] = {
    "test_left_to_the_lab": [
        {"stages": ["connected", "hello", "handshake"], "verdict": "NO_STAPLE", "http": None},
        {"stages": ["connected", "half-hello"], "verdict": None},
        {"stages": ["connected"], "verdict": None},
    ],
    "test_left_to_the_lab_after_a_quit": [
        {"stages": ["connected", "hello", "handshake"], "verdict": "NO_STAPLE"},
    ],
    "test_left_after_the_server_has_closed": [
        {"stages": ["connected", "hello", "handshake", "closed"], "verdict": "NO_STAPLE"},
    ],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    return whole_run(tmp_path_factory, "clients")


def test_each_scenario_comes_to_what_it_should(run: LabRun) -> None:
    found = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    assert found == EXPECTED, run.said()


@pytest.mark.parametrize("name", OBSERVED)
def test_what_the_clients_saw_is_observed(run: LabRun, name: str) -> None:
    assert run.scenarios()[name]["observed"]["clients"] == OBSERVED[name]


def test_who_has_none_says_nothing_of_them(run: LabRun) -> None:
    assert "clients" not in run.scenarios()["test_before_the_server"]["observed"]


def test_they_end_with_a_run_that_is_killed(tmp_path_factory: pytest.TempPathFactory) -> None:
    run = LabRun(
        *(tmp_path_factory.mktemp("r"), "staplelab", "run", "--out", "out", "--nginx", nginx()),
        *("--jobs", "2", "."),
        scenarios="many_clients",
    )
    try:
        before = run.wait_for("staple-check", 6)  # 4 that wait, and one for all handshakes, each
        os.kill(run.process.pid, signal.SIGKILL)
        run.wait_for_nothing()
        until(lambda: not any(map(is_alive, before)), "every process that was seen to end")
    finally:
        run.kill()
