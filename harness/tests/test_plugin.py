"""What becomes of a scenario: that the harness sees what breaks, says so in one line, and leaves
what a person needs to understand it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from lab_run import SCENARIOS, LabRun, index_of, nginx, told_of

from staplelab.runs.results import differences

SPOILT = str(SCENARIOS / "around_nginx.sh")
UNCLAIMED = "nginx logged what no scenario claimed: "
KILLED = f"{UNCLAIMED}[alert] worker process N exited on signal 9"
BARE = "expected a staple in the first handshake; nginx has none"

#: what must become of each scenario of scenarios/breakage.py: outcome and reason ("...": more)
EXPECTED = {
    "test_in_order": ("pass", ""),
    "test_line_unclaimed": (
        "fail",
        f"{UNCLAIMED}[error] OCSP response not successful (3: trylater) while requesting "
        "certificate status, responder: ocsp.staplelab.test, peer: responder, "
        'certificate: "PKI/www.chain.pem"',
    ),
    "test_line_claimed": ("pass", ""),
    "test_line_that_never_came": (
        "fail",
        "claimed 1 times, logged 0 times: [error] 'OCSP response not successful (3: trylater)'",
    ),
    "test_octets_that_are_no_line": (
        "fail",
        f"{UNCLAIMED}[alert] ==1==ERROR: AddressSanitizer: heap-use-after-free",
    ),
    "test_worker_killed": ("fail", KILLED),
    "test_worker_killed_and_claimed_as_an_error": ("fail", KILLED),
    "test_worker_killed_and_claimed_as_an_alert": ("pass", ""),
    "test_process_left_over": ("fail", "nginx left behind: process N (tail)"),
    "test_nginx_ends_with_another_status": ("fail", "nginx ended with status 3"),
    "test_nginx_does_not_start": ("error", "nginx does not respond ..."),
    "test_nginx_was_not_started": (
        "error",
        "nginx was not started in this scenario: call lab.start()",
    ),
    "test_handshake_before_the_start": (
        "error",
        "nginx was not started in this scenario: call lab.start()",
    ),
    "test_fault_never_served": ("fail", "responder: fault http-5xx was set and never done"),
    "test_fault_of_the_name_server_never_served": (
        "fail",
        "stub: fault nxdomain was set and never done",
    ),
    "test_fault_unknown": (
        "error",
        "there is no fault 'status-try-latter'; the nearest is 'status-try-later'; all ... are in "
        "docs/faults.md",
    ),
    "test_fault_of_the_name_server_unknown": (
        "error",
        "there is no fault 'nxdomian'; the nearest is 'nxdomain'; all ... are in docs/faults.md",
    ),
    "test_match_unknown": (
        "error",
        'responder: /0/match/cert: unknown match key "cert"; accepted: '
        "listener, client, serial, certificate, method, path, host, http_version",
    ),
    "test_match_of_the_name_server_unknown": (
        "error",
        'stub: /0/match/name: unknown match key "name"; accepted: '
        "listener, client, transport, qname, qtype",
    ),
    "test_parameter_unknown": (
        "error",
        'responder: /0/sequence/0/do/0/ofset: unknown member "ofset"; accepted: fault, offset',
    ),
    "test_certificate_unknown": (
        "error",
        "the PKI has no certificate 'wwww'; it has: root, issuing, rogue, ...",
    ),
    "test_verdict_is_another": ("fail", "assert 'NO_STAPLE' == 'GOOD'"),
    "test_expired_staple_from_a_file": ("fail", "assert 'EXPIRED' == 'GOOD'"),
    "test_deviation_pinned": ("known-deviation", f"X-001: {BARE}"),
    "test_deviation_that_is_no_more": ("fail", f"no longer deviates, ...: X-001: {BARE}"),
    "test_deviation_outside_its_versions": ("fail", f"... is not known to deviate: X-002: {BARE}"),
    "test_no_deviation_outside_its_versions": ("pass", ""),
    "test_deviation_misspelt": (
        "error",
        'unknown deviation "NGX-01"; the nearest are: NGX-001...',
    ),
    "test_deviation_with_an_outcome_that_is_neither": (
        "fail",
        "'NO_STAPLE' where 'GODD' or 'NO_STAPEL' is known, ...: NGX-001: expected ...",
    ),
    "test_not_applicable": ("not-applicable", "there is no moon tonight"),
    "test_failed_by_hand": ("fail", "said by nginx"),
    "test_mistake_of_the_author": ("error", "ZeroDivisionError"),
    "test_mess": ("fail", "assert 2030-01-02T03:46:40Z == 2030-01-01T00:00:00Z"),
    "test_no_trace_of_the_mess": ("pass", ""),
    "test_failure_of_two_lines": ("fail", "the first line"),
}
NAMES = sorted(EXPECTED)
UNEXPECTED = [name for name in NAMES if EXPECTED[name][0] in ("fail", "error")]


@pytest.fixture(scope="module", autouse=True)
def real_nginx() -> Iterator[None]:
    """around_nginx.sh stands before this one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAPLELAB_REAL_NGINX", nginx())
        yield


def judged(factory: pytest.TempPathFactory, jobs: int) -> LabRun:
    options = ("--nginx", SPOILT, "--out", "out", "--jobs", str(jobs))
    return LabRun(
        factory.mktemp("r"), "staplelab", "run", *options, ".", scenarios="breakage"
    ).end()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    """All the breakage, one scenario after another in one process."""
    return judged(tmp_path_factory, 1)


@pytest.fixture(scope="module")
def run_by_two(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    """The same, shared out to two processes."""
    return judged(tmp_path_factory, 2)


# ----- outcomes and reasons -----


def test_every_scenario_has_its_expectation(run: LabRun) -> None:
    assert sorted(run.scenarios()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_outcome(run: LabRun, name: str) -> None:
    seen = run.scenarios()[name]
    outcome, reason = EXPECTED[name]
    pattern = re.escape(reason).replace(r"\.\.\.", ".*")
    assert seen["outcome"] == outcome, seen
    assert re.fullmatch(pattern, seen["reason"]), seen["reason"]


def test_an_nginx_that_does_not_start_is_quoted(run: LabRun) -> None:
    reason = run.scenarios()["test_nginx_does_not_start"]["reason"]
    assert re.search(r': \[emerg\] unknown directive "nonsense" in RUN/nginx.conf:\d+', reason)


def test_what_was_left_over_is_ended(run: LabRun) -> None:
    run.wait_for_nothing()
    assert "nginx left behind: process " in run.said()


def test_what_a_scenario_observed(run: LabRun) -> None:
    """Of one that does not apply nothing counts, whatever it had done by then."""
    seen = run.scenarios()
    observed = seen["test_in_order"]["observed"]
    octets = observed["handshakes"][1].pop("octets")
    assert octets > 400
    assert observed == {
        "handshakes": [{"verdict": "NO_STAPLE"}, {"verdict": "GOOD"}],
        "requests": 1,
        "queries": 2,
        "log": [],
    }
    (expired,) = seen["test_expired_staple_from_a_file"]["observed"]["handshakes"]
    assert expired["verdict"] == "EXPIRED"
    assert seen["test_not_applicable"]["observed"] == {}


# ----- what a run says and leaves -----


def test_a_surprise_is_an_exit_status_and_a_line(run: LabRun) -> None:
    said = run.said()
    assert run.status == 1
    assert "Everything as expected" not in said
    seen = run.scenarios()
    for name in UNEXPECTED:
        listed = f"  {seen[name]['outcome']}: {seen[name]['id']}\n    {seen[name]['reason']}\n"
        assert listed in said
    assert f"\nKnown deviations from a standard, pinned:\n    1 x X-001: {BARE}\n" in said
    assert "\nNot applicable here: 1\n    1 x there is no moon tonight\n" in said
    # each letter is explained, and all is said once
    assert said.startswith(
        ". pass  d known deviation  n not applicable  F fail  E error\n"
    )
    assert said.count("there is no moon tonight") == 1 and "short test summary" not in said
    last = said.splitlines()[-1]
    assert re.match(r"\d+ failed, \d+ passed, 1 known deviations, 1 not applicable in ", last)


def test_a_failure_leaves_its_folder_and_names_it(run: LabRun) -> None:
    kept = {path.name for path in (run.out / "kept").iterdir()}
    assert kept == {f"test_breakage.py_{name}" for name in UNEXPECTED}
    titled = re.findall(r"^-+ Scenario folder -+\n(.*)$", run.said(), re.MULTILINE)
    assert sorted(titled) == sorted(f"out/kept/{name}" for name in kept)


def test_a_folder_holds_what_a_person_needs(run: LabRun) -> None:
    folder = run.out / "kept" / "test_breakage.py_test_line_unclaimed"
    assert "ssl_stapling on;" in (folder / "nginx.conf").read_text()
    assert "3: trylater" in (folder / "error.log").read_text()
    assert "'status-try-later'" in (folder / "responder.events").read_text()
    assert "'qname': 'ocsp.staplelab.test'" in (folder / "stub.events").read_text()
    assert (folder / "pki" / "www.key").read_text().startswith("-----BEGIN")
    assert "127." in (folder / "hosts").read_text()


def totals(run: LabRun) -> Counter[str]:
    return Counter(entry["outcome"] for entry in run.scenarios().values())


def junit(run: LabRun) -> dict[str, str]:
    """What junit.xml says of every scenario."""
    cases = ElementTree.parse(run.out / "junit.xml").getroot().iter("testcase")
    tags = {case.attrib["name"]: [part.tag for part in case] for case in cases}
    return {name: next(iter({*found} - {"system-out"}), "passed") for name, found in tags.items()}


def report(run: LabRun) -> list[tuple[str, ...]]:
    """The scenarios of the report: outcome, id, reason."""
    suites = index_of(run.out)["suites"]
    return [(one["outcome"], one["id"], one["reason"]) for _, ours in suites for one in ours]


def test_totals(run: LabRun) -> None:
    expected = Counter(outcome for outcome, _ in EXPECTED.values())
    assert +Counter(run.results()["totals"]) == totals(run) == expected
    counted = ", ".join(f"{expected[outcome]} {outcome}" for outcome in run.results()["totals"])
    assert re.search(rf"{len(NAMES)} scenarios in \d+\.\d s, median \d+ ms: {counted}", run.said())


def test_junit(run: LabRun) -> None:
    kinds = {"fail": "failure", "error": "error", "not-applicable": "skipped"}
    assert junit(run) == {name: kinds.get(EXPECTED[name][0], "passed") for name in NAMES}


def test_report(run: LabRun) -> None:
    shown = report(run)
    assert [(outcome, name.partition("::")[2]) for outcome, name, _ in shown] == [
        (EXPECTED[name][0], name) for name in NAMES
    ]
    reasons = {name.partition("::")[2]: reason for _, name, reason in shown}
    assert reasons["test_process_left_over"] == "nginx left behind: process N (tail)"
    assert reasons["test_in_order"] == ""


def test_report_tells_a_failure_to_its_end(run: LabRun) -> None:
    """What the parts saw after the scenario last looked is there, too."""
    told = told_of(run.out)["test_breakage.py::test_expired_staple_from_a_file"]
    rows = [(part, what) for _, part, what, _ in told["timeline"]]
    assert [what for part, what in rows if part == "responder"] == [
        *("accept", "request", "response", "close")
    ]
    assert rows.index(("scenario", "handshake")) > rows.index(("scenario", "run"))


def test_two_processes_find_what_one_finds(run: LabRun, run_by_two: LabRun) -> None:
    """Seconds aside; how the kernel turned away from an nginx that died is no finding, either."""

    def found(run: LabRun) -> dict[str, Any]:
        results = run.results()
        for entry in results["scenarios"]:
            entry["reason"] = re.sub(r"\(\[Errno \d+\] [\w ]+\)", "", entry["reason"])
        return results

    assert "[gw0] linux" in run_by_two.said()
    assert "bringing up nodes" not in run_by_two.said()
    assert list(differences(found(run), found(run_by_two))) == []
    assert found(run_by_two) == found(run)
    assert run_by_two.status == run.status == 1
    assert junit(run_by_two) == junit(run)
    assert [entry[:2] for entry in report(run_by_two)] == [entry[:2] for entry in report(run)]
    assert sorted(os.listdir(run_by_two.out / "kept")) == sorted(os.listdir(run.out / "kept"))


def test_a_run_without_the_command(tmp_path_factory: pytest.TempPathFactory) -> None:
    """pytest alone, without --out: no results, but a failure still leaves its folder."""
    chosen = ("-k", "test_in_order or test_line_unclaimed", f"--nginx={nginx()}")
    run = LabRun(
        *(tmp_path_factory.mktemp("r"), "pytest", "-p", "staplelab.plugin", *chosen),
        scenarios="breakage",
    ).end()
    assert run.status == 1
    assert "1 failed, 1 passed" in run.said()
    assert not run.out.exists()
    kept = os.listdir(run.folder / "results" / "kept")
    assert os.listdir(run.folder / "results") == ["kept"]
    assert kept == ["test_breakage.py_test_line_unclaimed"]
    assert "Results:" not in run.said()


def test_keep_keeps_a_scenario_in_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "1", "-k", "test_in_order", "--keep")
    run = LabRun(
        tmp_path_factory.mktemp("r"), "staplelab", "run", *options, ".", scenarios="breakage"
    ).end()
    assert run.status == 0
    assert "\nEverything as expected.\n" in run.said()
    assert os.listdir(run.out / "kept") == ["test_breakage.py_test_in_order"]
    run.wait_for_nothing()


def test_a_scenario_whose_process_dies_is_an_error(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """It is not missing from the results, and the others are run all the same."""
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "2")
    run = LabRun(
        tmp_path_factory.mktemp("r"), "staplelab", "run", *options, ".", scenarios="crash"
    ).end()
    assert run.status == 1
    outcomes = {name: (seen["outcome"], seen["reason"]) for name, seen in run.scenarios().items()}
    assert outcomes == {
        "test_before": ("pass", ""),
        "test_driver_dies": ("error", "the process that ran it died"),
        "test_after": ("pass", ""),
    }
    assert "Everything as expected" not in run.said()
    run.wait_for_nothing()
