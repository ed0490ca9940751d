"""A responder with two addresses, of which the first one is faulty."""

from __future__ import annotations

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.client_certificate import asking_for_certificates, claim_failed_goodbye
from staplelab.scenario.lab import Lab
from suites.client_certificates.check import FAILED, GOOD, REVOKED, SAYS_WHY, check

pytestmark = pytest.mark.profile("clients")

RESET = "recv() failed (104: Connection reset by peer)"
CLOSED = "OCSP responder prematurely closed connection"

#: faults after which the next address is asked: nginx's lines, and whether the first one reads the
#: request
ASKS_ON = {
    "accept-then-fin": ((CLOSED,), False),
    "rst-on-accept": ((RESET, CLOSED), False),
    "rst-after-request": ((RESET, CLOSED), True),
    "garbage-then-close": (("OCSP responder sent invalid response",), True),
}
#: the same, but nginx keeps what it has read of the response, and the next one is lost on it
IN_VAIN = {
    "fin-mid-headers": CLOSED,
    "content-type-wrong": 'OCSP responder sent invalid "Content-Type" header',
}
#: faults that count as a response, and what comes of them
IS_CONTENT = {
    "http-5xx": (FAILED, None),
    "not-der": (FAILED, "d2i_OCSP_RESPONSE() failed"),
    "bad-signature": (FAILED, "OCSP_basic_verify() failed"),
    "cert-status-revoked": (REVOKED, None),
}


def start(lab: Lab, checks: str = "leaf") -> None:
    lab.stub.record(OCSP_HOST, "A", lab.address("responder"), lab.address("responder-2"))
    lab.start(asking_for_certificates(lab, *SAYS_WHY, checks=checks))


def listeners(lab: Lab) -> list[str]:
    return [event["listener"] for event in lab.responder.events("accept")]


@pytest.mark.parametrize("fault", ASKS_ON)
def test_the_next_address(lab: Lab, fault: str) -> None:
    lines, reads = ASKS_ON[fault]
    lab.inject(fault, match={"listener": "responder"})
    start(lab)
    asked = ["client"] * (2 if reads else 1)
    check(lab, "client", GOOD, asked=asked, connections=2, queries=2)
    assert listeners(lab) == ["responder", "responder-2"]
    for line in lines:
        lab.claim(line)


@pytest.mark.parametrize("fault", IN_VAIN)
def test_the_next_address_in_vain(lab: Lab, fault: str) -> None:
    """So a client is refused though a responder has said that its certificate is good."""
    lab.inject(fault, match={"listener": "responder"})
    start(lab)
    seen = lab.handshake("--get", "/", certificate="client")
    lab.settle(connections=2, queries=2)
    said = seen.http["body"] if seen.http else None
    lab.deviation("NGX-019", said, conforms=GOOD, deviates=FAILED)
    assert listeners(lab) == ["responder", "responder-2"]
    lab.claim(IN_VAIN[fault])


def test_one_that_nobody_listens_at(lab: Lab) -> None:
    lab.kill("responder")
    lab.revive("responder", only="responder-2")
    start(lab)
    check(lab, "client", GOOD, asked=["client"], queries=2)
    lab.claim("recv() failed (111: Connection refused)")
    lab.claim(CLOSED)


@pytest.mark.parametrize("fault", IS_CONTENT)
def test_no_next_address(lab: Lab, fault: str) -> None:
    said, line = IS_CONTENT[fault]
    lab.inject(fault, match={"listener": "responder"})
    start(lab)
    check(lab, "client", said, asked=["client"])
    assert listeners(lab) == ["responder"]
    if line is not None:
        lab.claim(line)


def test_all_are_faulty(lab: Lab) -> None:
    lab.inject("accept-then-fin")
    start(lab)
    check(lab, "client", FAILED, connections=2, queries=2)
    lab.claim(CLOSED, 2)


@pytest.mark.requirement("K7")
def test_a_silent_one_has_no_next(lab: Lab) -> None:
    """No time is set for it, so the next address is never asked; the client is given up."""
    lab.inject("accept-then-silence", match={"listener": "responder"})
    start(lab)
    with lab.client("--get", "/", certificate="client") as waiting:
        lab.settle(connections=1)
        lab.step(61)
        seen = waiting.result()
    lab.settle()
    came = "accepted" if seen.status == 200 else "closed"
    lab.deviation("NGX-032", came, conforms="accepted", deviates="closed")
    assert len(lab.log_lines("client timed out")) == 1
    claim_failed_goodbye(lab)
