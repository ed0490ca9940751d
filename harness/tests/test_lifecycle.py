"""What becomes of a scenario that expects something of its server's life, by a run of each."""

from __future__ import annotations

import os
import re
import signal
from typing import Any

import pytest
from lab_run import LabRun, is_alive, nginx, whole_run

from staplelab.waiting import until

REASON = '[emerg] unknown directive "nonsense" in RUN/nginx.conf'

CHOICES = (
    "certificates, chain, directives, http, http2, http_directives, include, log_level, main, "
    "plain, resolver, server_name, stapling, stream, trusted, upgradable, verify, "
    "worker_connections, workers"
)

EXPECTED = {
    "test_refused_start_expected": ("pass", ""),
    "test_refused_start_and_then_a_good_one": ("pass", ""),
    "test_refused_start_for_another_reason": (
        "fail",
        f"nginx refused the configuration, but did not say 'no such file': {REASON}",
    ),
    "test_start_that_was_to_be_refused": (
        "fail",
        "nginx took the configuration; expected was that it says "
        "'unknown directive \"nonsense\"'",
    ),
    "test_refused_reload_expected": ("pass", ""),
    "test_refused_reload_for_another_reason": (
        "fail",
        f"nginx refused the configuration, but did not say 'no such file': {REASON}",
    ),
    "test_refused_reload_unexpected": ("fail", f"nginx refused the configuration: {REASON}"),
    "test_reload_that_was_to_be_refused": (
        "fail",
        "nginx took the configuration; expected was that it says "
        "'unknown directive \"nonsense\"'",
    ),
    "test_refusal_not_waited_for": (
        "error",
        "a refusal has to be waited for: leave wait=False out",
    ),
    "test_restart_with_a_site": ("pass", ""),
    "test_reconfigure_with_a_site": ("pass", ""),
    "test_quit": ("pass", ""),
    "test_upgrade_where_there_is_none": (
        "error",
        "nginx was not started for an upgrade: start it by lab.start(upgradable=True)",
    ),
    "test_upgrade": ("pass", ""),
    "test_refused_daemon": ("pass", ""),
    "test_upgrade_that_was_to_be_refused": (
        "fail",
        "nginx took the configuration; expected was that it says "
        "'unknown directive \"nonsense\"'",
    ),
    "test_refused_upgrade_unexpected": ("fail", f"nginx refused the configuration: {REASON}"),
    "test_daemon_that_ends_unbidden": ("fail", "nginx ended with status 255"),
    "test_daemon_whose_worker_stays": ("error", "the program did not end within 10 s"),
    "test_choice_misspelt": (
        "error",
        f"there is no choice of the server 'verfy'; the nearest is 'verify'; accepted: {CHOICES}",
    ),
    "test_choice_misspelt_at_a_reload": (
        "error",
        f"there is no choice of the server 'worker'; the nearest is 'workers'; accepted: {CHOICES}",
    ),
    "test_choice_beside_sites": ("error", "there are Sites: say of one of them verify"),
    "test_network_fault_misspelt": (
        "error",
        "there is no fault 'partitoin'; the nearest is 'partition'; all N are in docs/faults.md",
    ),
    "test_network_mode_unknown": (
        "error",
        "there is no mode of egress-blocked 'icmp'; accepted: drop, reject, reset",
    ),
    "test_network_parameter_misspelt": (
        "error",
        "there is no parameter of small-mtu 'msss'; the nearest is 'mss'; accepted: mss",
    ),
    "test_network_part_unknown": (
        "error",
        "there is no part 'respnder'; the nearest is 'responder'; accepted: stub, responder",
    ),
    "test_part_unknown": ("error", "there is no part 'dnsmasq'; accepted: stub, responder"),
    "test_address_of_a_part_unknown": (
        "error",
        "there is no address of the responder 'responder-3'; the nearest is 'responder-2'; "
        "accepted: responder, responder-2",
    ),
    "test_role_unknown": (
        "error",
        "there is no role 'responder2'; the nearest is 'responder-2'; accepted: nginx, responder, "
        "responder-2, other-responder, beside, dnsmasq, stub, stub-2",
    ),
    "test_settle_without_a_client": (
        "fail",
        "nginx made no new connection to the responder: expected 1, came 0; no client has come "
        "since the last settle, and nginx asks for one only",
    ),
    "test_serial_of_another_profile": (
        "error",
        "serial '1001' is that of www in the profile 'standard'; the certificates of this scenario "
        "are those of 'aia-forms'",
    ),
    "test_serial_of_this_profile": ("pass", ""),
    **{f"test_leaves_a_folder[{turn}]": ("pass", "") for turn in range(3)},
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return whole_run(tmp_path_factory, "lifecycle").scenarios()


def test_every_scenario_has_its_expectation(seen: dict[str, dict[str, Any]]) -> None:
    assert sorted(seen) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_outcome(seen: dict[str, dict[str, Any]], name: str) -> None:
    outcome, reason = seen[name]["outcome"], seen[name]["reason"]
    plain = re.sub(r"(nginx\.conf):\d+", r"\1", re.sub(r"all \d+ are", "all N are", reason))
    assert (outcome, plain) == EXPECTED[name]


def test_a_refusal_is_in_the_results(seen: dict[str, dict[str, Any]]) -> None:
    assert seen["test_refused_reload_expected"]["observed"]["log"] == [REASON] * 3


@pytest.mark.parametrize(
    ("scenario", "processes"), [("two_masters", 4), *[("one_after_the_other", 3)] * 3]
)
def test_no_upgraded_nginx_outlives_a_killed_run(
    tmp_path_factory: pytest.TempPathFactory, scenario: str, processes: int
) -> None:
    """Neither master is a child of a program that the driver has started."""
    folder = tmp_path_factory.mktemp("r")
    options = ("--out", "out", "--jobs", "1", "--nginx", nginx(), "-k", scenario, ".")
    run = LabRun(folder, "staplelab", "run", *options, scenarios="upgraded")
    try:
        before = run.wait_for("nginx", processes)
        os.kill(run.process.pid, signal.SIGKILL)
        run.wait_for_nothing()
    finally:
        run.kill()
    until(lambda: not any(map(is_alive, before)), "every process that was seen to end")
