"""What a server that is no nginx does in the lab."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.refused import Refused


def test_it_staples(lab: Lab) -> None:
    """It asks in the handshake, and again in the next one."""
    lab.start()
    for _ in range(2):
        assert lab.handshake().verdict == "GOOD"
        lab.settle(connections=1)
    assert len(lab.responder.requests()) == 2


def test_without_stapling(lab: Lab) -> None:
    lab.start(stapling=False)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    assert lab.responder.requests() == []


def test_what_it_says_must_be_claimed(lab: Lab) -> None:
    lab.start()
    lab.inject("http-5xx")
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)


def test_claimed(lab: Lab) -> None:
    lab.start()
    lab.inject("http-5xx")
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    lab.claim("cert_status: error querying responder")


def test_clock(lab: Lab) -> None:
    lab.start()
    lab.step(1000)
    assert lab.handshake().staple["produced_at"] == lab.now


@pytest.mark.parametrize("ask", ["workers", "cache"])
def test_needs(lab: Lab, ask: str) -> None:
    lab.needs(**{"workers": {"workers": True}, "cache": {"cache": "worker"}}[ask])


def test_needs_misspelt(lab: Lab) -> None:
    lab.needs(worker=True)


@pytest.mark.parametrize("what", ["reload", "upgrade", "quit", "reconfigure"])
def test_what_it_cannot_do(lab: Lab, what: str) -> None:
    lab.start()
    getattr(lab, what)()


def test_refusal(lab: Lab) -> None:
    lab.start(expect=Refused("x"))


def test_directives(lab: Lab) -> None:
    lab.start(directives=("x;",))


def test_one_time_alone(lab: Lab) -> None:
    lab.needs(separate_times=True)
    lab.start()
    lab.step(10, wall=False)
    lab.restart()
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
