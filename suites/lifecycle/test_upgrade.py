"""SIGUSR2: another process of nginx takes over, in good order."""

from __future__ import annotations

import pytest

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
