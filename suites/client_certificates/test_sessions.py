"""Sessions: who resumes one has its certificate checked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from staplelab.parts.client import Handshake
from staplelab.parts.faulty import use
from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
from suites.client_certificates.check import FAILED, GOOD, REVOKED, SAYS_WHY, UNKNOWN, by_address

pytestmark = [
    pytest.mark.profile("clients"),
    pytest.mark.parametrize(
        "tls, kept_by", [("1.2", "server"), ("1.2", "ticket"), ("1.3", "ticket")]
    ),
]

#: what comes of a client whose certificate meets a fault
SAYS = {"cert-status-revoked": REVOKED, "cert-status-unknown": UNKNOWN, "http-5xx": FAILED}
TICKETS = "ssl_session_tickets {};"


def start(
    lab: Lab, kept_by: str, *more: str, checks: str = "leaf", **choices: Any
) -> None:
    """Sessions are kept by the server alone, or by its clients in tickets."""
    lab.start(
        asking_for_certificates(
            lab,
            by_address(lab),
            *SAYS_WHY,
            "ssl_session_cache shared:tls:1m;",
            TICKETS.format("on" if kept_by == "ticket" else "off"),
            *more,
            checks=checks,
            **choices,
        )
    )


def twice(lab: Lab, tls: str, said: Sequence[str], asked: Sequence[str]) -> Handshake:
    """A client that comes twice, the second time by the session of the first."""
    before = len(lab.responder.requests())
    first, second = lab.handshakes_of(
        "--get", "/", "--resume", "--tls", tls, certificate="client"
    )
    assert (first.resumed, second.resumed) == (False, True)
    lab.settle(connections=len(asked))
    new = lab.responder.requests()[before:]
    assert [one for request in new for one in request["certificates"]] == list(asked)
    assert [one.http["body"] for one in (first, second) if one.http] == list(said)
    assert [one.status for one in (first, second)] == [
        400 if one.startswith("FAILED") else 200 for one in said
    ]
    return second


@pytest.mark.requirement("K4")
def test_both_are_asked_about(lab: Lab, tls: str, kept_by: str) -> None:
    start(lab, kept_by)
    twice(lab, tls, [GOOD, GOOD], ["client", "client"])


def test_the_whole_chain_again(lab: Lab, tls: str, kept_by: str) -> None:
    start(lab, kept_by, checks="on")
    twice(lab, tls, [GOOD, GOOD], ["client", "issuing"] * 2)


@pytest.mark.requirement("K4")
def test_an_authority_that_only_the_client_has(lab: Lab, tls: str, kept_by: str) -> None:
    """A session does not keep the chain that a client has sent.  Where the server has not got the
    authority's certificate itself, nginx does not fall back to a full handshake, and closes."""
    start(lab, kept_by, checks="on", trusted=False)
    first, second = lab.handshakes_of("--resume", "--tls", tls, certificate="client")
    assert (first.resumed, second.resumed) == (False, True)
    lab.settle(connections=2)
    closed = lab.log_lines("X509_verify_cert() failed while SSL handshaking")
    lab.deviation(
        "NGX-030", "closed" if closed else "served", conforms="served", deviates="closed"
    )
    lab.claim("X509_verify_cert() failed while SSL handshaking", len(closed))


@pytest.mark.requirement("K4")
@pytest.mark.parametrize("fault", SAYS)
def test_not_good_any_more(lab: Lab, tls: str, kept_by: str, fault: str) -> None:
    """Good at first, then something else: no session helps."""
    said = SAYS[fault]
    lab.responder.rules([{"sequence": [{"do": [], "times": 1}, {"do": [use(fault)]}]}])
    start(lab, kept_by)
    twice(lab, tls, [GOOD, said], ["client", "client"])
    reason = said.removeprefix("FAILED:")
    assert len(lab.log_lines(f"client SSL certificate verify error: {reason} while")) == 1


def test_good_again(lab: Lab, tls: str, kept_by: str) -> None:
    """nginx forgets the session of a client that it refuses; a ticket it cannot take back, and
    whoever has one is asked about."""
    lab.responder.rules([{"sequence": [{"do": [use("cert-status-revoked")], "times": 1}]}])
    start(lab, kept_by)
    first, second = lab.handshakes_of(
        "--get", "/", "--resume", "--tls", tls, certificate="client"
    )
    lab.settle(connections=2)
    assert (first.resumed, second.resumed) == (False, kept_by == "ticket")
    assert (first.status, second.status) == (400, 200)


def test_from_the_cache(lab: Lab, tls: str, kept_by: str) -> None:
    """What is kept of the certificate holds for both."""
    start(lab, kept_by, "ssl_ocsp_cache shared:ocsp:1m;")
    twice(lab, tls, [GOOD, GOOD], ["client"])
