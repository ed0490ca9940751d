"""A reload with another configuration."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site


def test_another_certificate(lab: Lab) -> None:
    """The new workers know no staple; the next one they fetch is that of the new certificate."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    old = lab.handshake()
    assert (old.serial, old.verdict) == ("1001", "GOOD")
    lab.reconfigure(Site(certificates=("www-rsa",)))
    first = lab.handshake()
    assert (first.serial, first.verdict) == ("1002", "NO_STAPLE")
    lab.settle(connections=1)
    second = lab.handshake()
    assert (second.serial, second.verdict) == ("1002", "GOOD")
    assert [request["serials"] for request in lab.responder.requests()] == [["1001"], ["1002"]]


def test_another_certificate_during_a_fetch(lab: Lab) -> None:
    """The old worker's fetch is ended by the old worker: its response is for nobody."""
    lab.responder.fault("fixed-latency", ms=1000, times=1)
    lab.start()
    (old,) = lab.nginx.workers()
    lab.handshake()
    lab.settle(connections=1)
    lab.reconfigure(Site(certificates=("www-rsa",)), wait=False)
    lab.nginx.wait_for_new_worker(old)
    assert lab.handshake().serial == "1002"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.step(1)
    lab.nginx.wait_for_end(old)
    assert [request["serials"] for request in lab.responder.requests()] == [["1001"], ["1002"]]


def test_stapling_switched_on(lab: Lab) -> None:
    lab.start(stapling=False)
    lab.handshake()
    lab.settle()
    assert lab.responder.requests() == []
    lab.reconfigure()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
