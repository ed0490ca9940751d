"""Scenarios whose nginx crashes, or seems to: run by test_crash.py."""

from __future__ import annotations

import contextlib
import os
import signal

from staplelab.errors import LabError, NotHere
from staplelab.scenario.lab import Lab


def crash(lab: Lab) -> None:
    os.kill(lab.nginx.workers()[0], signal.SIGSEGV)


def test_all_else_is_well(lab: Lab) -> None:
    lab.start()
    crash(lab)
    lab.nginx.barrier()


def test_a_handshake_fails(lab: Lab) -> None:
    lab.start()
    crash(lab)
    assert lab.handshake().verdict == "GOOD"


def test_a_fetch_is_missing(lab: Lab) -> None:
    lab.start()
    crash(lab)
    lab.settle(connections=1)


def test_the_scenario_cannot_go_on(lab: Lab) -> None:
    lab.start()
    crash(lab)
    with contextlib.suppress(LabError):
        lab.nginx.barrier()
    raise OSError("no such thing")


def test_the_network_is_whole(lab: Lab) -> None:
    """A fault of the network that was never met is the lesser news."""
    lab.start()
    lab.inject("egress-blocked")
    crash(lab)
    lab.nginx.barrier()


def test_the_host_cannot_go_on(lab: Lab) -> None:
    lab.start()
    crash(lab)
    lab.nginx.barrier()
    raise NotHere("there is no such thing here")


def test_the_run_is_interrupted(lab: Lab) -> None:
    """No finding may take the place of that, or the run would go on to its end."""
    if "STAPLELAB_TEST_INTERRUPT" not in os.environ:
        lab.not_applicable("it would end the run")
    lab.start()
    crash(lab)
    os.kill(os.getpid(), signal.SIGTERM)


def test_claimed(lab: Lab) -> None:
    lab.start()
    crash(lab)
    lab.claim("exited on signal 11", alert=True)
    lab.nginx.barrier()


def test_claimed_and_something_else_is_wrong(lab: Lab) -> None:
    lab.start()
    crash(lab)
    lab.claim("exited on signal 11", alert=True)
    raise AssertionError("something else")


def test_killed_by_the_lab(lab: Lab) -> None:
    """That is no crash: what the scenario says comes first."""
    lab.start()
    lab.nginx.kill_worker(lab.nginx.workers()[0])
    raise AssertionError("something else")
