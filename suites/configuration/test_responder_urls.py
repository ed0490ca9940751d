"""Where nginx finds its responder: the certificate's URL, or that of ssl_stapling_responder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.error_log import REFUSED
from suites.configuration.urls import TAKEN, WRONG, Form, Wrong, filled, name

pytestmark = pytest.mark.profile("aia-forms")


def each(forms: Sequence[Form | Wrong], directive: Collection[str]) -> list[Any]:
    """Every form in a certificate; these of them in the directive, too, which is read alike."""
    return [
        pytest.param(form, way, id=f"{name(form)}-{way}")
        for form in forms
        for way in ("certificate", "directive")
        if way == "certificate" or name(form) in directive
    ]


def start(lab: Lab, way: str, form: Form | Wrong) -> str:
    """Starts nginx with that URL; the certificate's id."""
    if way == "certificate":
        lab.start(certificates=(form.id,))
        return form.id
    # the certificate has another URL, which then counts for nothing
    url = filled(lab, form.url)
    lab.start(certificates=("aia-unresolvable",), directives=(f"ssl_stapling_responder {url};",))
    return "aia-unresolvable"


@pytest.mark.requirement("E14")
@pytest.mark.parametrize(("form", "way"), each(TAKEN, {"query", "ipv4", "upper-case", "no-path"}))
def test_taken(lab: Lab, form: Form, way: str) -> None:
    """The path of the URL goes before the request, with a slash between them, as it is written: no
    part of it is left out, unescaped or merged.  Of the host the Host header has all but the port.
    """
    certificate = start(lab, way, form)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1, queries=form.queries)
    assert lab.handshake().verdict == "GOOD"
    (request,) = lab.responder.requests()
    base, _, _ = request["path"].rpartition("/")
    assert (f"{base}/", request["host"]) == (form.base, filled(lab, form.host))
    assert (request["listener"], request["certificates"]) == ("responder", [certificate])


@pytest.mark.requirement("E12", cases="*https*")
@pytest.mark.parametrize(("form", "way"), each(WRONG, {"no-host", "https", "port-65536"}))
def test_wrong(lab: Lab, form: Wrong, way: str) -> None:
    """nginx starts, says once what is wrong, and asks nobody; of several URLs the first counts."""
    certificate = start(lab, way, form)
    named = filled(lab, form.url if form.named is None else form.named)
    file = lab.certificate(certificate).chain
    lab.claim(
        f'"ssl_stapling" ignored, {form.why} in OCSP responder "{named}" in the certificate '
        f'"{file}"',
        level="warn",
    )
    never(lab)


def never(lab: Lab) -> None:
    """Neither the first handshake nor a later one makes nginx ask."""
    for seconds in (0, 3601):
        lab.step(seconds)
        assert lab.handshake().verdict == "NO_STAPLE"
        lab.settle()


@pytest.mark.requirement("G7")
@pytest.mark.parametrize("certificate", ["no-aia", "aia-issuers-alone"])
def test_no_url(lab: Lab, certificate: str) -> None:
    """A certificate without an authority information access, and one that has it for its issuer
    alone."""
    lab.start(certificates=(certificate,))
    lab.claim(
        '"ssl_stapling" ignored, no OCSP responder URL in the certificate '
        f'"{lab.certificate(certificate).chain}"',
        level="warn",
    )
    never(lab)


@pytest.mark.requirement("E13")
def test_the_first_of_two(lab: Lab) -> None:
    """The second URL of a certificate is not read, also where the first one fails."""
    lab.inject("status-try-later")
    lab.start(certificates=("aia-two",))
    lab.handshake()
    lab.settle(connections=1)
    lab.heal()
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert [request["path"].count("/") for request in lab.responder.requests()] == [1, 1]
    lab.claim("OCSP response not successful (3: trylater)")


def test_a_name_with_a_user(lab: Lab) -> None:
    """What stands before an @ is taken for a part of the name."""
    lab.host_entry("user@ocsp.staplelab.test")
    lab.start(certificates=("aia-userinfo",))
    lab.claim(
        '"ssl_stapling" ignored, host not found in OCSP responder '
        f'"user@ocsp.staplelab.test:{lab.responder.port}/" in the certificate',
        level="warn",
    )
    never(lab)


@pytest.mark.parametrize("path", ["/", "", "/a:1", "?a:1"], ids=["slash", "none", "colon", "query"])
def test_the_default_port(lab: Lab, path: str) -> None:
    """Without a port it is 80, where nobody accepts; a colon behind the host's end is no port's."""
    host = lab.address("responder")
    if lab.responder.port == 80:  # in containers it listens there
        lab.inject("connection-refused")
    lab.start(
        certificates=("aia-path",), directives=(f"ssl_stapling_responder http://{host}{path};",)
    )
    lab.handshake()
    lab.settle(connections=0, queries=0, refused=1)
    assert lab.handshake().verdict == "NO_STAPLE"
    where = f"responder: {host}, peer: {host}:80"
    lab.claim(f"{REFUSED} while requesting certificate status, {where}")
    lab.claim("OCSP responder prematurely closed connection")
