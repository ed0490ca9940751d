"""A server that is no nginx, by docs/adding-a-server.md: the lab asks it for what it can."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import child_run
import pytest
from lab_run import LabRun, index_of
from schemas import said

from staplelab.places import repository
from staplelab.servers.error_log import Line
from staplelab.servers.refused import Refused

OPENSSL = shutil.which("openssl") or "openssl"
PLUGINS = ("pytest", "-q", "-p", "staplelab.plugin", "-p", "s_server")

LACKS = "the scenario needs a server with"
EXPECTED = {
    "test_it_staples": ("pass", ""),
    "test_without_stapling": ("pass", ""),
    "test_what_it_says_must_be_claimed": (
        "fail",
        "s_server logged what no scenario claimed: [error] cert_status: error querying responder",
    ),
    "test_claimed": ("pass", ""),
    "test_clock": ("pass", ""),
    "test_needs[workers]": ("not-applicable", f"{LACKS} workers True; it has False"),
    "test_needs[cache]": ("not-applicable", f"{LACKS} cache 'worker'; it has 'nobody'"),
    "test_needs_misspelt": (
        "error",
        "there is no ability of a server 'worker'; the nearest is 'workers'; "
        "accepted: fetches_for, cache, workers, reload, upgrade, separate_times",
    ),
    "test_what_it_cannot_do[reload]": ("not-applicable", f"{LACKS} reload True; it has False"),
    "test_what_it_cannot_do[upgrade]": ("not-applicable", f"{LACKS} upgrade True; it has False"),
    "test_what_it_cannot_do[quit]": ("not-applicable", "s_server knows one way to end"),
    "test_what_it_cannot_do[reconfigure]": (
        "not-applicable",
        f"{LACKS} reload True; it has False",
    ),
    "test_refusal": ("not-applicable", "s_server says in too many ways why it does not start"),
    "test_directives": (
        "not-applicable",
        "s_server has a certificate and -status, and no other choice",
    ),
    "test_one_time_alone": ("pass", ""),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    folder = tmp_path_factory.mktemp("r")  # short: a Unix socket's path has at most 107 octets
    shutil.copy(Path(__file__).with_name("s_server.py"), folder)
    options = ("--server", f"s_server={OPENSSL}", "--out", "out", ".")
    return LabRun(folder, *PLUGINS, *options, scenarios="second_server").end()


def test_outcomes(run: LabRun) -> None:
    seen = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    assert seen == EXPECTED, run.said()


def test_the_results_name_it(run: LabRun) -> None:
    results = run.results()
    assert results["server"]["name"] == "s_server" and results["server"]["path"] == OPENSSL
    assert f"judged s_server {results['server']['version']} ({OPENSSL})" in run.said()
    assert index_of(run.out)["title"].startswith("s_server ")


def test_the_results_hold_their_schemas(run: LabRun) -> None:
    assert said("results", json.loads((run.out / "results.json").read_text())) == []
    for line in (run.out / "record.jsonl").read_text().splitlines():
        assert said("record", json.loads(line)) == []


def test_nothing_is_left(run: LabRun) -> None:
    run.wait_for_nothing()


@pytest.mark.parametrize("suite", ["client_certificates", "lifecycle", "workers"])
def test_suites_ask_for_what_they_call(
    tmp_path_factory: pytest.TempPathFactory, suite: str
) -> None:
    """They may fail with a server that they were not observed on, but no method is missing."""
    folder = tmp_path_factory.mktemp("r")
    shutil.copy(Path(__file__).with_name("s_server.py"), folder)
    options = ("-c", "pytest.ini", "--server", f"s_server={OPENSSL}", "--out", "out")
    # -k: the faults in the tables are led the same way, each
    more = ("-k", "not faults", str(repository() / "suites" / suite))
    run = LabRun(folder, *PLUGINS, *options, *more).end()
    found = run.results()["scenarios"]
    assert len(found) > 3 and "error" not in {one["outcome"] for one in found}, run.said()


def test_a_refusal_names_it() -> None:
    with pytest.raises(AssertionError, match="^s_server took the configuration; "):
        Refused("x").hold_against([], "s_server")
    with pytest.raises(AssertionError, match="^s_server refused the configuration, but did not"):
        Refused("x").hold_against([Line("emerg", "y")], "s_server")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--server", "nginx"), "--server nginx: write it as NAME=PATH"),
        (("--server", "nginx="), "--server nginx=: write it as NAME=PATH"),
        (
            ("--server", "ngimx=/x"),
            "there is no server 'ngimx'; the nearest is 'nginx'; accepted: nginx",
        ),
        (("--server", "nginx=/none"), "--nginx /none: there is no such file; "),
        (
            ("--server", "nginx=/x", "--nginx", "/x"),
            "--server NAME=PATH goes with --host local, and with no other server",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, options: tuple[str, ...], complaint: str) -> None:
    done = child_run.start(tmp_path, "staplelab", "run", *options, ".")
    assert done.returncode == 2
    assert done.stderr.startswith(f"staplelab: {complaint}") and done.stderr.count("\n") == 1
