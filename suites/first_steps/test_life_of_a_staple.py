"""The life of a staple as operators are taught it, and where the teaching is wrong."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab


@pytest.mark.requirement("C1")
def test_none_fetched_refreshed(lab: Lab) -> None:
    """Client connects, certificate, staple attached, client verifies; the response expires and
    is fetched anew."""
    lab.responder.certificate("1001", validity=7200)
    lab.start()

    none = lab.handshake()
    assert none.verdict == "NO_STAPLE"
    lab.settle(connections=1)

    fetched = lab.handshake()
    assert fetched.verdict == "GOOD"
    assert fetched.staple["responses"][0]["next_update"] == lab.now + 7200

    lab.step(7201)
    expired = lab.handshake()
    assert expired.verdict == "NO_STAPLE"
    lab.settle(connections=1)

    refreshed = lab.handshake()
    assert refreshed.verdict == "GOOD"
    assert refreshed.staple["produced_at"] == lab.now
    assert len(lab.responder.requests()) == 2


@pytest.mark.requirement("B1")
def test_first_handshake_is_bare(lab: Lab) -> None:
    """Tutorials promise a staple for every client; nginx asks only when the first one is there."""
    lab.start()
    first = lab.handshake()
    lab.deviation("NGX-001", first.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.settle(connections=1)


@pytest.mark.requirement("A1")
def test_no_client_asks_no_fetch(lab: Lab) -> None:
    """A client without status_request gets no staple and makes nginx ask nobody."""
    lab.start()
    assert lab.handshake("--no-status").verdict == "NOT_REQUESTED"
    lab.settle()
    assert lab.responder.events("accept") == []
    assert lab.stub.requests() == []


@pytest.mark.requirement("A1")
def test_nobody_asked_but_a_staple_is_there(lab: Lab) -> None:
    """RFC 6066, section 8: no CertificateStatus for a client that did not ask."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert lab.handshake("--no-status").verdict == "NOT_REQUESTED"


@pytest.mark.requirement("A10")
def test_resumption_carries_no_staple(lab: Lab) -> None:
    """RFC 8446, 4.4.2.1: no Certificate message on resumption, hence no status; no fetch either."""
    for version in ("1.2", "1.3"):
        if version == "1.2":
            lab.start()
            lab.handshake()
            lab.settle(connections=1)
        full, resumed = lab.handshakes_of("--resume", "--tls", version)
        assert (full.verdict, full.resumed) == ("GOOD", False)
        assert (resumed.verdict, resumed.resumed) == ("RESUMED_NO_STATUS", True)
    lab.settle()
    assert len(lab.responder.requests()) == 1


@pytest.mark.requirement("A4", "A5")
def test_both_versions_get_the_same_octets(lab: Lab) -> None:
    """CertificateStatus in TLS 1.2, CertificateEntry extension in TLS 1.3: what was fetched."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    old, new = lab.handshake("--tls", "1.2"), lab.handshake("--tls", "1.3")
    assert (old.protocol, new.protocol) == ("TLSv1.2", "TLSv1.3")
    assert old.staple["sha256"] == new.staple["sha256"]
    (response,) = lab.responder.events("response")
    assert old.octets == response["octets"]


@pytest.mark.requirement("H1")
def test_must_staple_is_not_heeded(lab: Lab) -> None:
    """RFC 7633: a client that demands a staple fails at the first handshake with nginx."""
    lab.start(certificates=("must-staple",))
    first = lab.handshake()
    lab.deviation("NGX-004", first.verdict, conforms="GOOD", deviates="NO_STAPLE_MUST_STAPLE")
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
