"""Clients' certificates in stream{}: who is refused gets nothing at all.

nginx 1.27.2 to 1.29.6 asked the responder and let everybody in (CVE-2026-28755); each scenario with
a certificate that is not good fails there, and says so by what the client got.
"""

from __future__ import annotations

from typing import Any

import pytest

from staplelab import untrusted
from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.client_certificate import asking_for_certificates, claim_failed_goodbye
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused
from staplelab.waiting import until_written
from suites.client_certificates.check import (
    CLOSED,
    FAILED,
    FAILURES,
    GOOD,
    REVOKED,
    UNKNOWN,
    by_address,
    check_in_stream,
)

pytestmark = pytest.mark.profile("clients")


def site(lab: Lab, *more: str, checks: str = "leaf", **choices: Any) -> Site:
    return asking_for_certificates(lab, *more, checks=checks, stream=True, **choices)


def start(lab: Lab, *more: str, checks: str = "leaf", **choices: Any) -> None:
    lab.start(site(lab, *more, checks=checks, **choices))


STATUSES = {"good": GOOD, "revoked": REVOKED, "unknown": UNKNOWN}
each_status = pytest.mark.parametrize("status", STATUSES)


@pytest.mark.requirement("K5")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@each_status
def test_status(lab: Lab, version: str, status: str) -> None:
    said = STATUSES[status]
    lab.responder.certificate("3001", status=status)
    start(lab)
    check_in_stream(lab, "client", said, "--tls", version, asked=["client"])
    if said != GOOD:
        (line,) = lab.log_lines("client SSL certificate verify error: ")
        assert f"{said.partition(':')[2]} while SSL handshaking, client: " in line.text
        assert line.level == "info"


#: a client's chain without its root
CHAINS = {
    "client": ("client", "issuing"),
    "client-rsa": ("client-rsa", "issuing"),
    "client-of-sub": ("client-of-sub", "sub", "issuing"),
    "client-of-root": ("client-of-root",),
}


@pytest.mark.parametrize("certificate", CHAINS)
def test_whole_chain(lab: Lab, certificate: str) -> None:
    start(lab, by_address(lab), checks="on", depth=3)
    check_in_stream(lab, certificate, GOOD, asked=CHAINS[certificate])


def test_self_signed(lab: Lab) -> None:
    start(lab, by_address(lab), checks="on", root="self-signed")
    check_in_stream(lab, "self-signed", GOOD)


def test_an_authority_that_fails(lab: Lab) -> None:
    lab.inject("http-5xx", match={"serial": "0a"})
    start(lab, by_address(lab), checks="on")
    check_in_stream(lab, "client", FAILED, asked=["client", "issuing"])
    lab.heal()
    check_in_stream(lab, "client", GOOD, asked=["client", "issuing"])


FAULTS = {
    **FAILURES,
    "not-der": "d2i_OCSP_RESPONSE() failed",
    "signed-by-other-ca": "OCSP_basic_verify() failed",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_the_responder(lab: Lab, fault: str) -> None:
    lab.inject(fault)
    start(lab)
    check_in_stream(lab, "client", FAILED, asked=["client"])
    if (line := FAULTS[fault]) is not None:
        lab.claim(line)


NOT_RESOLVED = {
    "servfail": "could not be resolved (2: Server failure)",
    "nxdomain": "could not be resolved (3: Host not found)",
    "refused": "could not be resolved (5: Operation refused)",
}


@pytest.mark.parametrize("fault", NOT_RESOLVED)
def test_fault_of_the_name_server(lab: Lab, fault: str) -> None:
    lab.inject(fault)
    start(lab)
    check_in_stream(lab, "client", FAILED, queries=2)
    context = f"while requesting certificate status, responder: {OCSP_HOST}"
    lab.claim(f"{OCSP_HOST} {NOT_RESOLVED[fault]} {context}")


def test_without_a_resolver(lab: Lab) -> None:
    start(lab, resolver=None)
    check_in_stream(lab, "client", FAILED)
    lab.claim(f"no resolver defined to resolve {OCSP_HOST} while requesting certificate status")


NO_RESPONDER = {
    "no-aia": "no OCSP responder URL in certificate",
    "aia-https": 'invalid URL prefix in OCSP responder "https://ocsp.staplelab.test/" in',
}


@pytest.mark.parametrize("certificate", NO_RESPONDER)
def test_no_responder(lab: Lab, certificate: str) -> None:
    start(lab)
    check_in_stream(lab, certificate, FAILED)
    lab.claim(NO_RESPONDER[certificate])


def test_a_directive_for_each_name(lab: Lab) -> None:
    names = ("www.staplelab.test", "sni.staplelab.test")
    lab.start(*(site(lab, by_address(lab, f"/{one}"), server_name=one) for one in names))
    for name in names:
        check_in_stream(lab, "client", GOOD, asked=["client"], name=name)
    paths = [request["path"].split("/")[1] for request in lab.responder.requests()]
    assert paths == list(names)


def test_what_is_logged_of_a_session(lab: Lab) -> None:
    """Who is refused leaves a line of status 500, which says why."""
    log = lab.nginx.log_file.parent / "sessions.log"
    words = "$ssl_server_name:$status:$ssl_client_verify:$ssl_session_reused"
    lab.start(
        site(
            lab,
            by_address(lab),
            f"access_log {log} sessions;",
            http_directives=(f"log_format sessions {words};",),
        )
    )
    check_in_stream(lab, "client", GOOD, asked=["client"])
    lab.responder.certificate("3001", status="revoked")
    check_in_stream(lab, "client", REVOKED, asked=["client"])
    lab.inject("http-5xx")
    check_in_stream(lab, "client", FAILED, asked=["client"])
    expected = [f"200:{GOOD}", f"500:{REVOKED}", f"500:{FAILED}"]
    written = "".join(f"www.staplelab.test:{one}:.\n" for one in expected).encode()
    until_written(log, lambda: untrusted.read(log) == written, "nginx to log three sessions")


def test_optional(lab: Lab) -> None:
    start(lab, by_address(lab), verify="optional")
    check_in_stream(lab, None, "NONE")
    lab.responder.certificate("3001", status="revoked")
    check_in_stream(lab, "client", REVOKED, asked=["client"])


def test_required_and_none_is_there(lab: Lab) -> None:
    start(lab)
    seen = lab.handshake("--get", "/")
    lab.settle()
    assert (seen.status, seen.failure) == (None, CLOSED)
    (line,) = lab.log_lines("client sent no required SSL certificate while SSL handshaking")
    assert line.level == "info"


def test_optional_no_ca_is_refused(lab: Lab) -> None:
    lab.start(
        site(lab, verify="optional_no_ca"),
        expect=Refused('"ssl_ocsp" is incompatible with "ssl_verify_client optional_no_ca"'),
    )


def test_until_the_responder_responds(lab: Lab) -> None:
    lab.inject("fixed-latency", ms=5000)
    start(lab, by_address(lab))
    with lab.client("--get", "/", certificate="client") as waiting:
        lab.settle(connections=1)
        lab.step(4)
        lab.settle()
        assert waiting.waits()
        lab.step(1)
        assert waiting.result().http["body"] == GOOD


@pytest.mark.requirement("K7")
@pytest.mark.parametrize("more, bound", [((), 60), (("ssl_handshake_timeout 5s;",), 5)])
def test_silent_responder(lab: Lab, more: tuple[str, ...], bound: int) -> None:
    """ssl_handshake_timeout ends the wait, 60 s by default."""
    lab.inject("accept-then-silence")
    start(lab, by_address(lab), *more)
    with lab.client("--get", "/", certificate="client") as waiting:
        lab.settle(connections=1)
        lab.step(bound - 1)
        lab.settle()
        assert waiting.waits()
        lab.step(1)
        assert waiting.result().status is None
    lab.settle()
    said = "a line" if lab.log_lines("timed out") else "no line"
    lab.deviation("NGX-031", said, conforms="a line", deviates="no line")
    claim_failed_goodbye(lab)
