"""The timeline has all that a scenario does and claims, in its order, and reads well."""

from __future__ import annotations

import importlib.util
import inspect
import json
from types import ModuleType

import pytest
from lab_run import SCENARIOS, LabRun, nginx, told_of

from staplelab import times
from staplelab.parts.background import Client
from staplelab.parts.dnsmasq import Dnsmasq
from staplelab.parts.responder import OcspResponder
from staplelab.parts.stub import DnsStub
from staplelab.places import repository
from staplelab.runs import report
from staplelab.scenario.lab import Lab
from staplelab.scenario.timeline import WORDS
from staplelab.servers.nginx import Nginx
from staplelab.servers.routine import is_routine

#: what has no entry, by the reason
NOT_NOTED = {
    "it asks, and changes nothing": """
        Breaking.endpoint Clients.certificate Lifecycle.address Lifecycle.has_listener
        Lifecycle.log_lines Lifecycle.part Lifecycle.resolver Lifecycle.responder_url
        Lifecycle.shared Lab.observed Lab.causes
        Client.observed Client.result Client.waits
        DnsStub.resolver DnsStub.target Dnsmasq.resolver Dnsmasq.shown OcspResponder.target
        FaultyServer.findings FaultyServer.listener FaultyServer.listeners FaultyServer.lives
        FaultyServer.observed FaultyServer.requests FaultyServer.ended
        Part.events Part.last_words Part.new_events Part.observed Part.resolver
        Program.findings Program.lines Program.target
        Nginx.crashes Nginx.has_leaving_workers Nginx.log Nginx.log_position Nginx.reports
        Nginx.workers
    """,
    "where it does not hold, `not_applicable` has an entry": """
        Lifecycle.needs Lifecycle.needs_module
    """,
    "what it waits for has an entry, of the client, the part or the server": """
        Client.await_stop Client.reached FaultyServer.wait Nginx.wait
    """,
    "`start` and its like do it": """
        Lifecycle.render Lifecycle.write_hosts Nginx.render
    """,
    "the lab's method does it, and notes it": """
        Nginx.start Nginx.refuse Nginx.reload Nginx.upgrade Nginx.quit Nginx.stop Nginx.again
    """,
    "`settle` and `step` do it, which are noted": """
        FaultyServer.collect FaultyServer.quiet FaultyServer.wake Part.wake Program.collect
        Program.quiet Nginx.barrier Nginx.wake
    """,
    "it is no scenario's, but the plugin's or the world's": """
        Lab.abandon Lab.ended_parts Lab.finish Lab.keep Client.kill Nginx.kill
        FaultyServer.close FaultyServer.reset Part.close Part.reset
    """,
}


def _scenarios() -> ModuleType:
    spec = importlib.util.spec_from_file_location("noted", SCENARIOS / "noted.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_method_is_noted_or_has_a_reason() -> None:
    classes = (Lab, OcspResponder, DnsStub, Dnsmasq, Client, Nginx)
    there = {
        function.__qualname__
        for one in classes
        for name, function in inspect.getmembers(one, inspect.isfunction)
        if not name.startswith("_")
    }
    noted = set(_scenarios().NOTED)
    listed = [name for names in NOT_NOTED.values() for name in names.split()]
    assert sorted([*noted, *listed]) == sorted(there)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    options = ("--nginx", nginx(), "--out", "out", "--jobs", "1")
    folder = tmp_path_factory.mktemp("n")
    return LabRun(folder, "staplelab", "run", *options, ".", scenarios="noted").end()


@pytest.mark.parametrize("name", ["test_everything", "test_order"])
def test_a_scenario_finds_itself_in_its_timeline(run: LabRun, name: str) -> None:
    one = run.scenarios()[name]
    assert one["outcome"] in ("pass", "known-deviation"), run.said()


def test_instants_in_a_failed_assertion(run: LabRun) -> None:
    one = run.scenarios()["test_instants_that_differ"]
    wanted = "assert 2030-01-02T03:46:40Z == 2030-01-01T00:00:00Z"
    assert (one["outcome"], one["reason"]) == ("fail", wanted)
    assert "+1 d 3 h 46 min 40 s apart" in run.said()


def test_start_and_end_of_nginx_are_folded(run: LabRun) -> None:
    """The lines are there, and marked."""
    for told in told_of(run.out).values():
        marked = [told["timeline"][number][2] for number in told["routine"]]
        lines = [what for _, part, what, _ in told["timeline"] if part == "nginx"]
        wanted = [one for one in lines if "event method" in one or "[notice] exit" in one]
        assert all(one in marked for one in wanted) and all(map(is_routine, marked))
    assert any(told["routine"] for told in told_of(run.out).values())


@pytest.mark.parametrize(
    ("line", "routine"),
    [
        ('[notice] using the "epoll" event method', True),
        ("[notice] nginx/1.22.1", True),
        ("[notice] nginx/1.29.4 (nginx-plus-r35)", True),
        ("[notice] Angie/1.10.2", True),
        ("[notice] OS: Linux 6.1.0-18-amd64", True),
        ("[notice] getrlimit(RLIMIT_NOFILE): 1024:1048576", True),
        ("[notice] start worker process 17", True),
        ("[notice] signal 17 (SIGCHLD) received from 17", True),
        ("[notice] worker process 17 exited with code 0", True),
        ("[notice] exit", True),
        ("[info] client closed connection while waiting for request, client: 127.0.0.1", True),
        ("[notice] worker process 17 exited with code 2", False),
        ("[alert] worker process 17 exited on signal 11", False),
        ("[notice] signal 1 (SIGHUP) received from 17, reconfiguring", False),
        ("[info] client timed out (110: Connection timed out) while SSL handshaking", False),
        ("[error] exit", False),
        ("[notice] exit of another kind", False),
        ("[notice] exit\nand more", False),
    ],
)
def test_what_is_routine(line: str, routine: bool) -> None:
    assert is_routine(line) is routine


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "+0 s"),
        (1, "+1 s"),
        (3600, "+1 h"),
        (3601, "+1 h 0 min 1 s"),
        (604_860, "+7 d 0 h 1 min"),
        (-90, "-1 min 30 s"),
        (0.5, "+0.5 s"),
        (59.9999, "+1 min"),
    ],
)
def test_offsets(seconds: float, said: str) -> None:
    assert times.offset(seconds) == said


def test_an_instant_is_a_number_for_programs() -> None:
    instant = times.Instant(1893456000)
    assert (json.dumps(instant), str(instant), f"{instant}") == ("1893456000",) * 3
    assert repr(instant + 60) == repr(60 + instant) == "2030-01-01T00:01:00Z"
    assert repr((instant + 60) - instant) == "60" and repr(instant - 60) == "2029-12-31T23:59:00Z"
    assert times.compared("==", instant, 5) is None and times.compared("==", 5, 6) is None


def test_the_report_knows_every_member_that_is_unix_seconds() -> None:
    events = json.loads((repository() / "docs" / "schema" / "events.json").read_text())
    found = {
        name
        for one in events["$defs"].values()
        for name, member in one.get("properties", {}).items()
        if "Unix seconds" in member.get("description", "")
    }
    assert found - {"time"} == set(report.INSTANTS)  # the time of an event is that of its entry


def test_the_words_are_documented() -> None:
    page = (repository() / "docs" / "writing-scenarios.md").read_text()
    assert [word for word in WORDS if f"`{word}`" not in page] == []
