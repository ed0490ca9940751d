"""Stapling in stream{} (nginx 1.27.2): what http{} does, seen once more at its key points.

The code is the same, its configuration is not: each directive, and where the resolver comes from.
"""

from __future__ import annotations

from typing import Any

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused

NAME, OTHER = "www.staplelab.test", "other.staplelab.test"
RETRY = 301
ECDSA, RSA = "ECDSA+SHA256", "RSA-PSS+SHA256"


def site(lab: Lab, **choices: Any) -> Site:
    if not lab.server.within(">=1.27.2"):
        lab.not_applicable("stapling in stream came with nginx 1.27.2")
    lab.needs_module("stream", "stream_ssl_module")
    return Site(stream=True, **choices)


def fetch(lab: Lab, name: str = NAME) -> None:
    """A bare handshake, and the fetch that comes of it."""
    assert lab.handshake(name=name).verdict == "NO_STAPLE"
    lab.settle(connections=1)


@pytest.mark.requirement("G9")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_bare_then_stapled(lab: Lab, version: str) -> None:
    lab.start(site(lab))
    assert lab.handshake("--tls", version).verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake("--tls", version).verdict == "GOOD"
    lab.settle()
    assert [one["certificates"] for one in lab.responder.requests()] == [["www"]]


@pytest.mark.requirement("G9")
def test_off(lab: Lab) -> None:
    lab.start(site(lab, stapling=False))
    for _ in range(2):
        assert lab.handshake().verdict == "NO_STAPLE"
        lab.settle()


@pytest.mark.requirement("G9")
def test_not_asked_for(lab: Lab) -> None:
    lab.start(site(lab))
    lab.handshake("--no-status")
    lab.settle()


@pytest.mark.requirement("G9")
def test_refresh_and_expiry(lab: Lab) -> None:
    """Refreshed after nextUpdate - 300 s; what cannot be refreshed is served until nextUpdate."""
    lab.responder.certificate("1001", validity=3000)
    lab.start(site(lab))
    fetch(lab)
    lab.step_to(2700)
    assert lab.handshake().verdict == "GOOD"
    lab.settle()
    lab.inject("http-5xx")
    lab.step_to(2701)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    lab.step_to(3000)
    assert lab.handshake().verdict == "GOOD"
    lab.settle()
    lab.step_to(3001)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    lab.heal()
    lab.step_to(3002)
    fetch(lab)
    assert lab.handshake().verdict == "GOOD"


#: nginx's lines
FAULTS = {
    "http-5xx": None,
    "status-try-later": "OCSP response not successful (3: trylater)",
    "cert-status-revoked": 'certificate status "revoked" in the OCSP response',
    "cert-status-unknown": 'certificate status "unknown" in the OCSP response',
    "bad-signature": "OCSP_basic_verify() failed",
    "not-der": "d2i_OCSP_RESPONSE() failed",
}


@pytest.mark.requirement("G9")
@pytest.mark.parametrize("fault", FAULTS)
def test_fault(lab: Lab, fault: str) -> None:
    """No staple, and the next attempt after 300 s."""
    lab.inject(fault)
    lab.start(site(lab))
    fetch(lab)
    if (line := FAULTS[fault]) is not None:
        lab.claim(line)
    lab.heal()
    lab.step(RETRY - 1)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    lab.step(1)
    fetch(lab)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("G9")
def test_verify(lab: Lab) -> None:
    """A signer that nobody vouches for."""
    lab.inject("signed-by-other-ca")
    lab.start(site(lab, verify=True))
    fetch(lab)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.claim("OCSP_basic_verify() failed")


def test_verify_off(lab: Lab) -> None:
    lab.inject("signed-by-other-ca")
    lab.start(site(lab, verify=False))
    fetch(lab)
    after = lab.handshake()
    lab.deviation("NGX-013", after.verdict, conforms="NO_STAPLE", deviates="UNAUTHORIZED_SIGNER")


def test_responder_of_the_directive(lab: Lab) -> None:
    """ssl_stapling_responder, with its path, in the place of the certificate's URL."""
    lab.start(site(lab, directives=(f"ssl_stapling_responder {lab.responder_url('/a/b')};",)))
    fetch(lab)
    (request,) = lab.responder.requests()
    assert request["path"].startswith("/a/b/M") and request["host"] == OCSP_HOST
    assert lab.handshake().verdict == "GOOD"


def test_without_a_resolver(lab: Lab) -> None:
    lab.start(site(lab, resolver=None))
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1, queries=0)
    lab.claim(f"no resolver defined to resolve {OCSP_HOST} while requesting", level="warn")
    assert lab.handshake().verdict == "GOOD"


def test_resolver_timeout(lab: Lab) -> None:
    """That of the server{}, of the name server that it names."""
    lab.inject("drop-query")
    lab.start(site(lab, directives=("resolver_timeout 3s;",)))
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(queries=2)
    lab.step(2)
    lab.settle(queries=0)
    assert not lab.log_lines("could not be resolved")
    lab.step(1)
    lab.settle(queries=0)
    lab.claim(f"{OCSP_HOST} could not be resolved (110: Operation timed out) while requesting")


def test_several_names(lab: Lab) -> None:
    """Each has its certificate, its resolver, its fetch and its staple."""
    lab.start(site(lab), site(lab, certificates=("other",), server_name=OTHER))
    fetch(lab)
    fetch(lab, OTHER)
    assert lab.handshake().verdict == "GOOD"
    assert lab.handshake(name=OTHER).verdict == "GOOD"
    asked = [one["certificates"] for one in lab.responder.requests()]
    assert asked == [["www"], ["other"]]


def test_two_certificates(lab: Lab) -> None:
    """One is revoked and has no staple, the other one is good and has its own."""
    lab.responder.certificate("1002", status="revoked")
    lab.start(site(lab, certificates=("www", "www-rsa")))
    verdicts = {"1001": (ECDSA, "GOOD"), "1002": (RSA, "NO_STAPLE")}
    for (serial, (algorithms, _)), queries in zip(verdicts.items(), (2, 0), strict=True):
        first = lab.handshake("--sigalgs", algorithms, "--tls", "1.2")
        assert (first.serial, first.verdict) == (serial, "NO_STAPLE")
        lab.settle(connections=1, queries=queries)
    for serial, (algorithms, verdict) in verdicts.items():
        second = lab.handshake("--sigalgs", algorithms, "--tls", "1.2")
        assert (second.serial, second.verdict) == (serial, verdict)
    lab.claim('certificate status "revoked" in the OCSP response')


@pytest.mark.parametrize("status, verdict", [("good", "GOOD"), ("revoked", "REVOKED")])
def test_file(lab: Lab, status: str, verdict: str) -> None:
    """The first handshake has the staple, whatever it says, and nobody is asked."""
    lab.exempt("request-form", "OpenSSL asks")
    lab.responder.certificate("1001", status=status)
    path = lab.folder / "response.der"
    words = ["openssl", "ocsp", "-no_nonce", "-noverify", "-respout", path]
    words += ["-issuer", lab.certificate("issuing").file, "-cert", lab.certificate().file]
    words += ["-url", f"http://{lab.address('responder')}:{lab.responder.port}/"]
    assert lab.run(*map(str, words)).status == 0
    lab.start(site(lab, directives=(f"ssl_stapling_file {path};",)))
    lab.settle(connections=1, queries=0)
    assert lab.handshake().verdict == verdict
    lab.settle()


def test_a_file_that_is_not_there(lab: Lab) -> None:
    lab.start(
        site(lab, directives=("ssl_stapling_file /no/such/file;",)),
        expect=Refused('BIO_new_file("/no/such/file") failed'),
    )


@pytest.mark.parametrize("signer", ["issuing", "delegate"])
def test_an_issuer_that_only_the_trusted_file_has(lab: Lab, signer: str) -> None:
    """It is asked about, and a delegate's signature can be verified.  The issuer's own cannot: its
    certificate is looked for in what is sent alone, and in the response, which has it not."""
    lab.responder.certificate("1001", signer=signer)
    lab.start(site(lab, chain=False, trusted=True))
    fetch(lab)
    if signer == "issuing":
        lab.claim("OCSP_basic_verify() failed")
    assert lab.handshake().verdict == ("GOOD" if signer == "delegate" else "NO_STAPLE")


def test_an_issuer_that_is_not_there(lab: Lab) -> None:
    lab.start(site(lab, chain=False, trusted=False))
    lab.claim('"ssl_stapling" ignored, issuer certificate not found', level="warn")
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()


def test_after_a_reload(lab: Lab) -> None:
    lab.start(site(lab))
    fetch(lab)
    assert lab.handshake().verdict == "GOOD"
    lab.reload()
    first = lab.handshake()
    lab.settle(connections=1)
    lab.deviation("NGX-003", first.verdict, conforms="GOOD", deviates="NO_STAPLE")


def test_each_worker_fetches_for_itself(lab: Lab) -> None:
    lab.needs(workers=True)
    lab.start(site(lab), workers=2)
    for worker in lab.nginx.wait_for_workers(2):
        with lab.nginx.only(worker):
            fetch(lab)
            assert lab.handshake().verdict == "GOOD"
