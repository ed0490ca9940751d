"""A scenario that does everything there is to do, and looks whether the timeline has it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from staplelab.parts.background import Client
from staplelab.parts.program import Program
from staplelab.scenario.lab import Lab
from staplelab.scenario.timeline import WORDS

DISTURBED = "a wish of this scenario"
HALF_WAY = ("--stop-at", "hello")


def _client(lab: Lab) -> Client:
    return lab.clients[-1]


def _only(lab: Lab) -> None:
    with lab.nginx.only(lab.nginx.workers()[0]):
        pass


def _upgrade_by_hand(lab: Lab) -> None:
    lab.nginx.begin_upgrade()
    lab.nginx.finish_upgrade()


def _dismiss_workers(lab: Lab) -> None:
    lab.nginx.dismiss_workers()
    lab.reload()


def _not_applicable(lab: Lab) -> None:
    with pytest.raises(pytest.skip.Exception):
        lab.not_applicable("there is no moon tonight")


#: the worker that the client's reload leaves behind
_OLD: list[int] = []


def _half_way_at_a_reload(lab: Lab) -> None:
    _OLD[:] = lab.nginx.workers()
    lab.client(*HALF_WAY)
    lab.reload(wait=False)


def _wait_for_end(lab: Lab) -> None:
    _client(lab).close()
    lab.nginx.wait_for_end(_OLD[0])


#: what a scenario can do, by the method; the word of its entry; one call.  In this order.
NOTED: dict[str, tuple[str, Callable[[Lab], object]]] = {
    "Lifecycle.host_entry": ("hosts", lambda lab: lab.host_entry("x.staplelab.test", "127.0.0.9")),
    "Lifecycle.file": ("file", lambda lab: lab.file("index.txt", "")),
    "OcspResponder.certificate": (
        "certificate",
        lambda lab: lab.responder.certificate("1001", status="revoked"),
    ),
    "DnsStub.record": ("record", lambda lab: lab.stub.record("x.staplelab.test", "A", "127.0.0.9")),
    "DnsStub.forget": ("forget", lambda lab: lab.stub.forget("x.staplelab.test", "A")),
    "FaultyServer.inject": ("inject", lambda lab: lab.stub.inject("servfail", never=True)),
    "FaultyServer.rules": ("rules", lambda lab: lab.stub.rules([])),
    "FaultyServer.heal": ("heal", lambda lab: lab.stub.heal()),
    "Breaking.inject": ("inject", lambda lab: lab.inject("http-5xx", never=True)),
    "Breaking.heal": ("heal", lambda lab: lab.heal()),
    "Lifecycle.start": ("start", lambda lab: lab.start(stapling=False, upgradable=True)),
    "Clients.handshake": ("handshake", lambda lab: lab.handshake()),
    "Clients.handshakes_of": ("handshake", lambda lab: lab.handshakes_of()),
    "Clients.staple_check": ("staple-check", lambda lab: lab.staple_check()),
    "Clients.run": ("run", lambda lab: lab.run("true")),
    "Clients.client": ("client", lambda lab: lab.client(*HALF_WAY)),
    "Client.go_on": ("goes on", lambda lab: _client(lab).go_on()),
    "Client.close": ("is told to end", lambda lab: lab.client(*HALF_WAY).close()),
    "Settling.settle": ("settle", lambda lab: lab.settle()),
    "Settling.step": ("clock", lambda lab: lab.step(1)),
    "Settling.step_to": ("clock", lambda lab: lab.step_to(5)),
    "Breaking.beside": ("beside", lambda lab: lab.beside(["sleep", "1000"], name="mine")),
    "Breaking.pause": ("pause", lambda lab: lab.pause("mine")),
    "Breaking.resume": ("resume", lambda lab: lab.resume("mine")),
    "Breaking.kill": ("kill", lambda lab: lab.kill("mine")),
    "Breaking.revive": ("revive", lambda lab: lab.revive("mine")),
    "Program.pause": ("pause", lambda lab: lab.part("mine", Program).pause()),
    "Program.resume": ("resume", lambda lab: lab.part("mine", Program).resume()),
    "Program.kill": ("kill", lambda lab: lab.part("mine", Program).kill()),
    "Program.revive": ("revive", lambda lab: lab.part("mine", Program).revive()),
    "Program.wait": ("wait", lambda lab: lab.beside(["true"], name="short").wait()),
    "Part.pause": ("pause", lambda lab: lab.stub.pause()),
    "Part.resume": ("resume", lambda lab: lab.stub.resume()),
    "Part.kill": ("kill", lambda lab: lab.stub.kill()),
    "FaultyServer.revive": ("revive", lambda lab: lab.stub.revive()),
    "Nginx.only": ("only one worker", _only),
    "Nginx.wait_for_workers": ("wait for workers", lambda lab: lab.nginx.wait_for_workers(1)),
    "Nginx.kill_worker": (
        "kill worker",
        lambda lab: lab.nginx.kill_worker(lab.nginx.workers()[0]),
    ),
    "Lifecycle.claim": ("claim", lambda lab: lab.claim("exited on signal 9", alert=True)),
    "Lifecycle.wait_for_log": ("wait for log", lambda lab: lab.wait_for_log("start worker")),
    "Lifecycle.reconfigure": (
        "reconfigure",
        lambda lab: lab.reconfigure(stapling=False, upgradable=True),
    ),
    "Lifecycle.upgrade": ("upgrade", lambda lab: lab.upgrade()),
    "Nginx.begin_upgrade": ("begin upgrade", lambda lab: lab.nginx.begin_upgrade()),
    "Nginx.roll_back": ("roll back", lambda lab: lab.nginx.roll_back()),
    "Nginx.finish_upgrade": ("finish upgrade", _upgrade_by_hand),
    "Nginx.dismiss_workers": ("dismiss workers", _dismiss_workers),
    "Lifecycle.restart": ("stop", lambda lab: lab.restart(stapling=False)),
    "Nginx.configure": ("file", lambda lab: lab.nginx.configure(lab._configurations[-1])),
    "Lifecycle.reload": ("reload", _half_way_at_a_reload),
    "Nginx.wait_for_new_worker": (
        "wait for workers",
        lambda lab: lab.nginx.wait_for_new_worker(_OLD[0]),
    ),
    "Nginx.wait_for_end": ("wait for workers", _wait_for_end),
    "Lab.deviation": (
        "deviation",
        lambda lab: lab.deviation("NGX-001", "bare", conforms=("a", "b"), deviates="bare"),
    ),
    "Lab.observe": ("observe", lambda lab: lab.observe(moon="full")),
    "Lab.exempt": ("exempt", lambda lab: lab.exempt("query-form", DISTURBED)),
    "Lifecycle.not_applicable": ("not applicable", _not_applicable),
    "Lifecycle.quit": ("quit", lambda lab: lab.quit()),
}


def test_everything(lab: Lab) -> None:
    missing = []
    for method, (word, do) in NOTED.items():
        before = len(lab.timeline.entries)
        do(lab)
        part = "client" if method.startswith("Client.") else "scenario"
        new = [entry.what for entry in lab.timeline.entries[before:] if entry.part == part]
        if word not in new or (part == "scenario" and not {*new} <= WORDS.keys()):
            missing.append((method, word, new))
    lab._exempt.clear()  # it need not be
    assert missing == []


def test_order(lab: Lab) -> None:
    """An act, what it brings about, and only then the next act, also where nobody settles."""
    lab.start()
    lab.handshake()
    lab.responder.wait("close", 1, 0)
    lab.step(10)
    seen = [(entry.part, entry.what.split()[0]) for entry in lab.timeline.entries]
    start, client, clock = (
        seen.index(("scenario", what)) for what in ("start", "handshake", "clock")
    )
    at = [index for index, (part, _) in enumerate(seen) if part == "responder"]
    names = [index for index, (part, _) in enumerate(seen) if part == "stub"]
    log = [index for index, (part, _) in enumerate(seen) if part == "nginx"]
    assert start < log[0] < client < names[0] < at[0] < clock
    lines = [entry.what for entry in lab.timeline.entries[start:client] if entry.part == "nginx"]
    assert any("start worker process" in line for line in lines)
    assert [entry.at for entry in lab.timeline.entries] == [0.0] * clock + [10.0] * (
        len(seen) - clock
    )
    lab.settle(connections=1)


def test_instants_that_differ(lab: Lab) -> None:
    lab.start()
    began = lab.now
    lab.step(100_000)
    assert lab.now == began
