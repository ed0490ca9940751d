"""A responder with two addresses: when nginx tries the second one, and when it should have.

Since 1.19.0 (aa94ee82f) the next address is tried after errors of the transport and of HTTP
itself, never after a response that was understood and not liked.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

CLOSED = "OCSP responder prematurely closed connection"
RESET = "recv() failed (104: Connection reset by peer)"


def fetch(lab: Lab, fault: str, connections: int) -> str | None:
    """The verdict after a fetch from a faulty first and a healthy second address."""
    lab.stub.record(
        "ocsp.staplelab.test", "A", lab.address("responder"), lab.address("responder-2")
    )
    lab.inject(fault, match={"listener": "responder"})
    lab.start()
    lab.handshake()
    lab.settle(connections, queries=2)
    verdict = lab.handshake().verdict
    lab.settle()
    return verdict


@pytest.mark.requirement("E11")
@pytest.mark.parametrize(
    ("fault", "logged"),
    [
        ("accept-then-fin", [CLOSED]),
        ("rst-on-accept", [RESET, CLOSED]),
        ("rst-after-request", [RESET, CLOSED]),
        ("garbage-then-close", ["OCSP responder sent invalid response"]),
    ],
)
def test_next_address(lab: Lab, fault: str, logged: list[str]) -> None:
    failover = lab.server.within(">=1.19.0")
    verdict = fetch(lab, fault, connections=2 if failover else 1)
    lab.deviation("NGX-018", verdict, conforms="GOOD", deviates="NO_STAPLE")
    for text in logged:
        lab.claim(text)


@pytest.mark.requirement("E11")
@pytest.mark.parametrize(
    ("fault", "logged"),
    [
        ("fin-mid-headers", [CLOSED]),
        ("content-type-wrong", ['OCSP responder sent invalid "Content-Type" header']),
    ],
)
def test_next_address_is_asked_in_vain(lab: Lab, fault: str, logged: list[str]) -> None:
    """The second address responds well, and its response is thrown away without a word."""
    failover = lab.server.within(">=1.19.0")
    verdict = fetch(lab, fault, connections=2 if failover else 1)
    lab.deviation("NGX-019", verdict, conforms="GOOD", deviates="NO_STAPLE")
    assert len(lab.responder.events("accept")) == (2 if failover else 1)
    for text in logged:
        lab.claim(text)


@pytest.mark.requirement("E11")
@pytest.mark.parametrize(
    ("fault", "logged"),
    [
        ("http-5xx", []),
        ("status-try-later", ["OCSP response not successful (3: trylater)"]),
        ("der-truncated", ["d2i_OCSP_RESPONSE() failed"]),
    ],
)
def test_no_other_address_is_tried(lab: Lab, fault: str, logged: list[str]) -> None:
    verdict = fetch(lab, fault, connections=1)
    lab.deviation("NGX-020", verdict, conforms="GOOD", deviates="NO_STAPLE")
    assert len(lab.responder.events("accept")) == 1
    for text in logged:
        lab.claim(text)


@pytest.mark.requirement("E8", "E11")
def test_timeout_is_for_each_address(lab: Lab) -> None:
    """60 s for the first address, then the second one responds."""
    if not lab.server.within(">=1.19.0"):
        lab.not_applicable("only one address is tried before nginx 1.19.0")
    lab.stub.record(
        "ocsp.staplelab.test", "A", lab.address("responder"), lab.address("responder-2")
    )
    lab.inject("accept-then-silence", match={"listener": "responder"})
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.step(61)
    lab.settle(connections=1, queries=0)
    assert lab.handshake().verdict == "GOOD"
    lab.claim("OCSP responder timed out (110: Connection timed out)")
