"""Stapling over QUIC (RFC 9001 4.4: the handshake of TLS 1.3, and so its certificate_status)."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from suites.http3.quic import listen, staple


def test_first_and_second(lab: Lab) -> None:
    """As over TCP: the first client sets the fetch off and gets nothing, the next one is served."""
    at = listen(lab, "openssl")
    lab.start(directives=(f"listen {at} quic;",))
    assert staple(lab, at) is None
    lab.settle(connections=1)
    found = staple(lab, at)
    assert found == {"status": "good", "serial": lab.certificate().serial}


def test_tcp_and_quic_share_a_staple(lab: Lab) -> None:
    """It belongs to the certificate of a server{}, whatever the connection comes by."""
    at = listen(lab, "openssl")
    lab.start(directives=(f"listen {at} quic;",))
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert staple(lab, at) is not None
    lab.settle()


def test_responder_down(lab: Lab) -> None:
    """A handshake does not wait for a responder."""
    at = listen(lab, "openssl")
    lab.inject("accept-then-silence")
    lab.start(directives=(f"listen {at} quic;",))
    assert staple(lab, at) is None
    assert staple(lab, at) is None
    lab.settle(connections=1)


def test_expired(lab: Lab) -> None:
    """Served to the second of its nextUpdate, and not after it."""
    at = listen(lab, "openssl")
    lab.responder.certificate(lab.certificate().serial, validity=7200)
    lab.start(directives=(f"listen {at} quic;",))
    lab.handshake()
    lab.settle(connections=1)
    lab.inject("http-5xx")
    lab.step(7200 - 1)
    assert staple(lab, at) is not None
    lab.settle(connections=1)
    lab.step(2)
    assert staple(lab, at) is None
    lab.settle()
