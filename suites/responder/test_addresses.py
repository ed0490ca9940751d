"""A responder with two addresses: when nginx tries the second one, and when it should have.

Since 1.19.0 (aa94ee82f) the next address is tried after errors of the transport and of HTTP
itself, never after a response that was understood and not liked.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.deviation import Deviation
from staplelab.scenario.lab import Lab

CLOSED = "OCSP responder prematurely closed connection"
RESET = "recv() failed (104: Connection reset by peer)"

SINGLE_ADDRESS = Deviation(
    "E11",
    "when one address of the responder fails the next one is tried",
    "RFC 8305; nginx ticket 1330, fixed in 1.19.0 (aa94ee82f)",
    versions="<1.19.0",
)
STATUS_NOT_RESET = Deviation(
    "B10",
    "a failed answer of one address does not spoil the answer of the next",
    "nginx keeps the status code of the first address (ngx_ssl_ocsp_next); no ticket known",
)
NO_FAILOVER = Deviation(
    "E11-content",
    "an address whose answer is of no use gives way to the next one",
    "requirements for OCSP stapling support, item 5; nginx tries the next address only after "
    "errors of transport and HTTP parsing (ngx_ssl_ocsp_error, ngx_ssl_ocsp_next)",
)


def fetch(lab: Lab, fault: str, connections: int) -> str | None:
    """The verdict after a fetch from a faulty first and a healthy second address."""
    lab.stub.record(
        "ocsp.staplelab.test", "A", lab.address("responder"), lab.address("responder-2")
    )
    lab.responder.fault(fault, match={"listener": "responder"})
    lab.start()
    lab.handshake()
    lab.settle(connections=connections)
    verdict = lab.handshake().verdict
    lab.settle()
    return verdict


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
    lab.deviation(SINGLE_ADDRESS, conforms=verdict == "GOOD")
    for text in logged:
        lab.claim(text)


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
    lab.deviation(STATUS_NOT_RESET, conforms=verdict == "GOOD")
    assert len(lab.responder.events("accept")) == (2 if failover else 1)
    for text in logged:
        lab.claim(text)


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
    lab.deviation(NO_FAILOVER, conforms=verdict == "GOOD")
    assert len(lab.responder.events("accept")) == 1
    for text in logged:
        lab.claim(text)


def test_timeout_is_for_each_address(lab: Lab) -> None:
    """60 s for the first address, then the second one responds."""
    if not lab.server.within(">=1.19.0"):
        lab.not_applicable("only one address is tried before nginx 1.19.0")
    lab.stub.record(
        "ocsp.staplelab.test", "A", lab.address("responder"), lab.address("responder-2")
    )
    lab.responder.fault("accept-then-silence", match={"listener": "responder"})
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.step(61)
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.claim("OCSP responder timed out (110: Connection timed out)")
