"""What stands on who is the master of nginx: signals, workers, exit status."""

from __future__ import annotations

from staplelab import processes
from staplelab.scenario.lab import Lab
from staplelab.servers.refused import Refused


def stapled(lab: Lab) -> None:
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


def test_reload(lab: Lab) -> None:
    lab.start(workers=2)
    before = lab.nginx.wait_for_workers(2)
    assert all(processes.parent(pid) == lab.nginx.pid for pid in before)
    lab.reconfigure()
    assert not set(before) & set(lab.nginx.workers())
    stapled(lab)


def test_refused(lab: Lab) -> None:
    lab.start(http="nonsense on;", expect=Refused("unknown directive"))
    lab.start()
    stapled(lab)


def test_upgrade(lab: Lab) -> None:
    lab.start(upgradable=True)
    old = lab.nginx.pid
    lab.upgrade()
    assert lab.nginx.pid != old
    stapled(lab)


def test_quit(lab: Lab) -> None:
    lab.start()
    stapled(lab)
    lab.quit()
    assert lab.nginx.wait() == 0


def test_quit_not_waited_for(lab: Lab) -> None:
    lab.start()
    lab.quit(wait=False)
    assert lab.nginx.wait() == 0
