"""Clients without a certificate, with one that nobody vouches for, and ssl_verify_client."""

from __future__ import annotations

import pytest

from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
from staplelab.servers.refused import Refused
from suites.client_certificates.check import FAILED, GOOD, REVOKED, SAYS_WHY, by_address, check

pytestmark = pytest.mark.profile("clients")


def start(lab: Lab, verify: str, root: str = "root", trusted: bool = False) -> None:
    lab.start(
        asking_for_certificates(
            lab,
            by_address(lab),
            *SAYS_WHY,
            checks="leaf",
            verify=verify,
            root=root,
            trusted=trusted,
        )
    )


def test_optional_and_none_is_there(lab: Lab) -> None:
    """There is nothing to ask about."""
    start(lab, "optional")
    check(lab, None, "NONE")


def test_optional_and_one_is_there(lab: Lab) -> None:
    """It is checked as strictly as where it is required."""
    start(lab, "optional")
    check(lab, "client", GOOD, asked=["client"])
    lab.responder.certificate("3001", status="revoked")
    check(lab, "client", REVOKED, asked=["client"])
    lab.inject("http-5xx")
    check(lab, "client", FAILED, asked=["client"])
    check(lab, None, "NONE")


def test_not_asked_for(lab: Lab) -> None:
    """Without ssl_verify_client no client is asked for a certificate."""
    start(lab, "off")
    check(lab, "client", "NONE")


def test_required_and_none_is_there(lab: Lab) -> None:
    start(lab, "on")
    seen = lab.handshake("--get", "/")
    lab.settle()
    assert seen.status == 400 and "No required SSL certificate was sent" in seen.http["body"]
    (line,) = lab.log_lines("client sent no required SSL certificate while reading client")
    assert line.level == "info"


@pytest.mark.parametrize("verify", ["on", "optional"])
@pytest.mark.parametrize(
    "certificate, root", [("client", "self-signed"), ("self-signed", "root")]
)
def test_nobody_vouches_for_it(lab: Lab, verify: str, certificate: str, root: str) -> None:
    """What the TLS library has refused is not asked about."""
    start(lab, verify, root)
    seen = lab.handshake("--get", "/", certificate=certificate)
    lab.settle()
    assert seen.status == 400 and seen.http["body"].startswith("FAILED:")
    (line,) = lab.log_lines("client SSL certificate verify error: (")
    assert line.level == "info"


def test_ssl_trusted_certificate_vouches_for_clients_too(lab: Lab) -> None:
    """What it trusts for staples it trusts for clients: they are asked about, and let in."""
    start(lab, "on", "self-signed", trusted=True)
    check(lab, "client", GOOD, asked=["client"])


def test_a_certificate_for_another_use(lab: Lab) -> None:
    """A server's certificate makes no client, so it is not asked about."""
    start(lab, "on")
    seen = lab.handshake("--get", "/", certificate="server-only")
    lab.settle()
    assert seen.status == 400
    assert len(lab.log_lines("client SSL certificate verify error: (")) == 1


@pytest.mark.parametrize("checks", ["on", "leaf"])
def test_optional_no_ca_is_refused(lab: Lab, checks: str) -> None:
    site = asking_for_certificates(lab, verify="optional_no_ca", checks=checks)
    lab.start(
        site, expect=Refused('"ssl_ocsp" is incompatible with "ssl_verify_client optional_no_ca"')
    )


def test_off(lab: Lab) -> None:
    """ssl_ocsp is off by default."""
    lab.responder.certificate("3001", status="revoked")
    lab.start(asking_for_certificates(lab, *SAYS_WHY, checks="off"))
    check(lab, "client", GOOD)


REASONS = {
    "cert-status-revoked": "certificate revoked",
    "cert-status-unknown": "certificate status unknown",
    "http-5xx": "certificate status request failed",
}


@pytest.mark.parametrize("fault", REASONS)
def test_what_a_refused_client_is_told(lab: Lab, fault: str) -> None:
    """A page of nginx's own, of status 400, which does not say why; the log does, at level info,
    and names neither the responder nor the certificate."""
    reason = REASONS[fault]
    lab.inject(fault)
    lab.start(asking_for_certificates(lab, by_address(lab), checks="leaf"))
    seen = lab.handshake("--get", "/", certificate="client")
    lab.settle(connections=1)
    assert seen.http is not None and seen.status == 400
    body = seen.http["body"]
    assert "<title>400 The SSL certificate error</title>" in body
    assert "<h1>400 Bad Request</h1>" in body and reason not in body
    (line,) = lab.log_lines("client SSL certificate verify error")
    context = f"client SSL certificate verify error: {reason} while reading client request headers"
    assert (line.level, line.text.partition(", client: ")[0]) == ("info", context)
    assert "responder" not in line.text and "certificate:" not in line.text
    assert not [one for one in lab.nginx.log() if one.level in ("warn", "error", "crit")]
