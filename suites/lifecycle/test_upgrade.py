"""SIGUSR2: another process of nginx takes over, in good order."""

from __future__ import annotations

import pytest

from staplelab import processes
from staplelab.scenario.lab import Lab
from staplelab.servers.refused import Refused


@pytest.mark.requirement("G2")
def test_upgrade_loses_the_staple(lab: Lab) -> None:
    """Nothing but the listening sockets goes from the old process to the new one."""
    lab.needs(upgrade=True)
    lab.start(upgradable=True)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    old = lab.nginx.pid
    lab.upgrade()
    assert lab.nginx.pid != old
    first = lab.handshake()
    lab.deviation("NGX-003", first.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert len(lab.responder.requests()) == 2


def test_the_lab_clock_stays(lab: Lab) -> None:
    """The new process, too, fetches when it is time, and can be upgraded itself."""
    lab.needs(upgrade=True)
    lab.start(upgradable=True)
    lab.upgrade()
    lab.upgrade()
    lab.handshake()
    lab.settle(connections=1)
    lab.step(3601)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    assert len(lab.responder.requests()) == 2


def test_refused_upgrade(lab: Lab) -> None:
    """The new process ends by itself, the old one goes on with its staple."""
    lab.needs(upgrade=True)
    lab.start(upgradable=True)
    lab.handshake()
    lab.settle(connections=1)
    good = lab.handshake()
    assert good.verdict == "GOOD"
    old = lab.nginx.pid
    lab.nginx.configure("nonsense on;\n")
    lab.upgrade(expect=Refused('unknown directive "nonsense"'))
    assert lab.nginx.pid == old
    assert lab.handshake().staple["sha256"] == good.staple["sha256"]
    assert len(lab.responder.requests()) == 1


def test_quit_after_an_upgrade(lab: Lab) -> None:
    lab.needs(upgrade=True, workers=True)
    lab.start(upgradable=True)
    lab.upgrade()
    lab.quit()
    assert lab.nginx.workers() == []


def test_back_to_the_old_binary(lab: Lab) -> None:
    """Both masters are there; the old one takes new workers, which know no staple, and the new one
    ends."""
    lab.needs(upgrade=True, workers=True)
    lab.start(upgradable=True)
    lab.handshake()
    lab.settle(connections=1)
    old, (worker,) = lab.nginx.pid, lab.nginx.workers()
    lab.nginx.begin_upgrade()
    new, (its_worker,) = lab.nginx.pid, lab.nginx.workers()
    assert new != old and its_worker != worker
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.nginx.roll_back()
    assert lab.nginx.pid == old
    (another,) = lab.nginx.workers()
    assert another not in (worker, its_worker)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert len(lab.responder.requests()) == 3


@pytest.mark.requirement("G2")
def test_upgrade_during_a_fetch(lab: Lab) -> None:
    """The old worker's fetch goes on, for nobody; the new one fetches for itself meanwhile."""
    lab.needs(upgrade=True, workers=True)
    lab.inject("fixed-latency", ms=1000, times=1)
    lab.start(upgradable=True)
    old, (worker,) = lab.nginx.pid, lab.nginx.workers()
    lab.handshake()
    lab.settle(connections=1)
    lab.nginx.begin_upgrade(wait=False)
    assert lab.nginx.pid != old
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert processes.title(worker), "the old worker left its fetch alone"
    lab.step(1)
    lab.nginx.wait_for_end(worker)
    lab.nginx.finish_upgrade()
    assert lab.handshake().verdict == "GOOD"
    assert len(lab.responder.requests()) == 2


def test_workers_are_dismissed(lab: Lab) -> None:
    """SIGWINCH: nobody accepts, but the master keeps the sockets, so a client waits for the next
    workers; they come with SIGHUP."""
    lab.needs(upgrade=True, workers=True)
    lab.start(upgradable=True)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.nginx.dismiss_workers()
    assert lab.nginx.workers() == []
    waiting = lab.client("--stop-at", "hello")
    assert not waiting.ended
    lab.reload()
    waiting.go_on()
    assert waiting.result().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


def test_workers_are_dismissed_during_a_fetch(lab: Lab) -> None:
    """As with SIGQUIT they end what they have begun."""
    lab.needs(upgrade=True, workers=True)
    lab.inject("fixed-latency", ms=1000)
    lab.start(upgradable=True)
    (worker,) = lab.nginx.workers()
    lab.handshake()
    lab.settle(connections=1)
    lab.nginx.dismiss_workers(wait=False)
    lab.settle()
    assert lab.nginx.workers() == [worker]
    lab.step(1)
    lab.nginx.wait_for_end(worker)
    assert lab.nginx.workers() == []
