"""`worker_connections` used up by clients: there is none left to ask the responder with.

A worker has one for each of two listening sockets and one for its master; a client half-way through
its handshake cannot be sent away (it is not reusable), and the client that is served has one, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from staplelab.scenario.lab import Lab

_TAKEN = 5


@contextmanager
def two_clients(lab: Lab) -> Iterator[None]:
    """One that is half-way, and one whose ClientHello makes nginx ask: both stay."""
    with lab.client("--stop-at", "half-hello"), lab.client("--stop-at", "hello"):
        yield


def next_time(lab: Lab) -> None:
    """The next attempt is 300 s later, not before."""
    lab.step(300)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    lab.step(1)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("B5")
def test_none_for_the_responder(lab: Lab) -> None:
    """It ends as any other failure does."""
    url = f"http://{lab.address('responder')}:{lab.responder.port}/"
    lab.start(worker_connections=_TAKEN, directives=(f"ssl_stapling_responder {url};",))
    with two_clients(lab):
        lab.wait_for_log("worker_connections are not enough")
    lab.claim(
        f"{_TAKEN} worker_connections are not enough while requesting certificate status, "
        f"responder: {lab.address('responder')}, peer: ",
        alert=True,
    )
    lab.settle()
    next_time(lab)


def test_none_after_the_look_up(lab: Lab) -> None:
    """The name server has taken the last one."""
    lab.start(worker_connections=_TAKEN + 1)
    with two_clients(lab):
        lab.wait_for_log("worker_connections are not enough")
    lab.claim(
        f"{_TAKEN + 1} worker_connections are not enough while requesting certificate status, "
        "responder: ocsp.staplelab.test, peer: ",
        alert=True,
    )
    lab.settle(queries=2)
    next_time(lab)


def test_enough(lab: Lab) -> None:
    """One more, and all is well."""
    lab.start(worker_connections=_TAKEN + 2)
    with two_clients(lab):
        lab.responder.wait("response", 1, 0)
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
