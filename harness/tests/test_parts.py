"""What becomes of a scenario that chooses its parts, by a run of each."""

from __future__ import annotations

import os
import re
import signal
from typing import Any

import pytest
from lab_run import LabRun, nginx, whole_run

from staplelab import processes
from staplelab.hosts.namespace import WHY_NOT
from staplelab.hosts.roles import ROLES
from staplelab.waiting import until

EXPECTED = {
    "test_program_that_stays": ("pass", ""),
    "test_program_of_the_scenario_before_is_gone": ("pass", ""),
    "test_program_says_nothing_of_the_scenario_before": ("pass", ""),
    "test_program_is_on_the_lab_clock": ("pass", ""),
    "test_program_that_works_is_waited_for": ("pass", ""),
    "test_program_that_does_not_start": (
        "error",
        "no-such-program did not start: ...No such file or directory",
    ),
    "test_program_that_ends_at_once": ("error", "mine did not start: no"),
    "test_program_that_fails_later": ("fail", "mine ended with status 1; it said: had enough"),
    "test_program_killed": ("pass", ""),
    "test_program_of_a_name_that_is_taken": (
        "error",
        "there is a part 'stub' already: give the program another name=",
    ),
    "test_program_of_the_name_of_a_role": (
        "error",
        "there is a role 'dnsmasq' already: give the program another name=",
    ),
    "test_command_line_in_one_word": (
        "error",
        "the words of a command line are a list: ['sleep', '100']",
    ),
    "test_settle_at_a_part_that_counts_nothing": (
        "error",
        "there is no responder 'mine'; accepted: responder",
    ),
    "test_part_of_another_class": ("error", "stub is a DnsStub, not a OcspResponder"),
    "test_protocol_misspelt": (
        "error",
        "there is no protocol 'upd'; the nearest is 'udp'; accepted: tcp, udp",
    ),
    "test_never_and_then_for_real": ("pass", ""),
    "test_never_of_what_nobody_knows_to_be_met": (
        "error",
        "nobody knows who meets connection-refused: never=True cannot be held",
    ),
    "test_inject_nothing": ("error", "inject() takes the name of a fault"),
    "test_inject_without_a_name": (
        "error",
        "a fault is named by its member 'fault' or 'primitive': {'falt': 'http-5xx'}",
    ),
    "test_heal_while_one_is_dead": ("pass", ""),
    "test_program_of_no_name": (
        "error",
        "'../error' is no name of a part: letters, digits, dashes and dots are",
    ),
    "test_program_of_no_words": ("error", "the command line names no program"),
    "test_program_that_ends_well": ("pass", ""),
    "test_program_that_leaves_something_behind": ("fail", "mine left behind: process N (tail)"),
    "test_program_that_does_not_come_to_listen": (
        "error",
        "waited 0.2 s in vain for: tail to listen at ...",
    ),
    "test_program_that_did_not_come_to_listen_is_gone": ("pass", ""),
    "test_child_of_a_thread_is_waited_for": ("pass", ""),
    "test_fetch_after_the_last_settle": (
        "fail",
        "nginx sent 2 new queries to the name server after the last settle",
    ),
    "test_exempt_without_need": ("fail", "it is exempt from staple-origin, and need not be"),
    "test_topology_by_keyword": (
        "error",
        "there is no topology \"name='dnsmasq'\"; the nearest is 'dnsmasq'; accepted: ...",
    ),
    "test_started_twice": ("error", "nginx was started already: lab.restart() starts it anew"),
    "test_restarted_after_a_refusal": ("pass", ""),
    "test_word_in_the_place_of_a_site": (
        "error",
        "'www' is no Site; a choice has a name: certificates=(...)",
    ),
    "test_topology_misspelt": (
        "error",
        "there is no topology 'dnsmask'; the nearest is 'dnsmasq'; accepted: standard, ...",
    ),
    "test_fault_that_two_parts_know": (
        "error",
        "more than one part knows http-5xx: say at='responder' or at='other-responder'",
    ),
    "test_fault_at_one_of_two": ("pass", ""),
    "test_fault_at_the_wrong_part": (
        "error",
        "stub does not know the fault: http-5xx",
    ),
    "test_fault_at_nobody": (
        "error",
        "there is no part with faults 'responder2'; the nearest is 'responder'; "
        "accepted: stub, responder",
    ),
    "test_faults_of_two_parts": ("error", "no part knows all of these faults: http-5xx, servfail"),
    "test_faults_of_two_layers": (
        "error",
        "partition is a fault of the network: inject http-5xx by itself",
    ),
    "test_network_fault_with_a_match": (
        "error",
        "partition is a fault of the network and has no match",
    ),
    "test_never_and_met": ("fail", "responder: fault http-5xx was not to be met, and was"),
    "test_never_and_not_met": ("pass", ""),
    "test_network_never_and_met": (
        "fail",
        "network fault egress-blocked:responder was not to meet a packet, and did",
    ),
    "test_network_never_and_not_met": ("pass", ""),
    "test_healed_where_no_faults_are": (
        "error",
        "there is no part with faults 'nginx'; accepted: stub, responder",
    ),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return whole_run(tmp_path_factory, "parts").scenarios()


def test_every_scenario_has_its_expectation(seen: dict[str, dict[str, Any]]) -> None:
    assert sorted(seen) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_outcome(seen: dict[str, dict[str, Any]], name: str) -> None:
    outcome, reason = seen[name]["outcome"], seen[name]["reason"]
    if WHY_NOT in reason:
        assert outcome == "not-applicable"
        return
    expected, words = EXPECTED[name]
    pattern = ".*".join(map(re.escape, words.split("...")))
    assert outcome == expected and re.fullmatch(pattern, reason), (outcome, reason)


def test_nothing_beside_outlives_a_killed_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither dnsmasq nor a program of the author's own."""
    run = LabRun(
        *(tmp_path_factory.mktemp("r"), "staplelab", "run", "--out", "out", "--jobs", "1"),
        *("--nginx", nginx(), "."),
        scenarios="beside_endless",
    )
    run.wait_for("nginx", 2)
    run.wait_for("dnsmasq", 1)
    beside = run.wait_for("cat", 1)
    os.kill(run.process.pid, signal.SIGKILL)
    run.wait_for_nothing()
    until(lambda: not any(map(processes.title, beside)), "every process that was seen to end")
    run.end()


def test_no_two_parts_have_the_same_address() -> None:
    """Where all addresses lie in one network, a part has an octet and the next one."""
    octets = {role.part: role.octet for role in ROLES.values()}
    taken = sorted(octets.values())
    assert all(2 <= octet <= 253 for octet in taken)
    assert all(after - before >= 2 for before, after in zip(taken, taken[1:], strict=False)), octets
    assert {role.part for role in ROLES.values()} == ROLES.keys() - {
        name for name, role in ROLES.items() if role.second
    }
