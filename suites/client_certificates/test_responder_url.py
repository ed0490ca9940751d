"""Where nginx asks about a client's certificate: the URL in it, or that of ssl_ocsp_responder."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused
from suites.client_certificates.check import (
    FAILED,
    GOOD,
    REVOKED,
    SAYS_WHY,
    by_address,
    check,
)

pytestmark = pytest.mark.profile("clients")


PREFIX = "invalid URL prefix in OCSP responder"


def start(lab: Lab, *more: str, checks: str = "leaf", resolver: str | None = "lab") -> None:
    lab.start(asking_for_certificates(lab, *SAYS_WHY, *more, checks=checks, resolver=resolver))


@dataclass(frozen=True)
class Url:
    """What the URL in a client's certificate leads to: the path and Host that are asked for, or
    the line that says why nobody is asked."""

    certificate: str
    path: str = "/"
    host: str = OCSP_HOST
    line: str | None = None


IN_CERTIFICATES = (
    Url("client"),
    Url("aia-upper-case"),
    Url("aia-no-path"),
    Url("aia-path", path="/ocsp/"),
    # the first one alone is ever taken
    Url("aia-two", path="/first/"),
    Url("no-aia", line="no OCSP responder URL in certificate"),
    Url(
        "aia-https",
        line='invalid URL prefix in OCSP responder "https://ocsp.staplelab.test/" in certificate',
    ),
    Url("aia-prefix-alone", line='invalid URL prefix in OCSP responder "http://" in certificate'),
    Url("aia-no-host", line='no host in OCSP responder "/ocsp" in certificate'),
    Url(
        "aia-bad-port",
        line=f'invalid port in OCSP responder "{OCSP_HOST}:99999/" in certificate',
    ),
)


@pytest.mark.parametrize("url", IN_CERTIFICATES, ids=lambda one: one.certificate)
def test_in_a_certificate(lab: Lab, url: Url) -> None:
    start(lab)
    if url.line is not None:
        check(lab, url.certificate, FAILED)
        lab.claim(url.line)
        return
    check(lab, url.certificate, GOOD, asked=[url.certificate])
    (request,) = lab.responder.requests()
    assert request["path"].rpartition("/")[0] + "/" == url.path
    assert request["host"] == url.host


@pytest.mark.parametrize("certificate", ["client", "aia-path", "no-aia", "aia-https"])
def test_none_of_them_is_taken_beside_a_directive(lab: Lab, certificate: str) -> None:
    start(lab, by_address(lab, "/of/the/directive"))
    check(lab, certificate, GOOD, asked=[certificate])
    (request,) = lab.responder.requests()
    assert request["path"].startswith("/of/the/directive/M")
    assert request["host"] == lab.address("responder")


def test_a_name_that_is_not_there(lab: Lab) -> None:
    start(lab)
    check(lab, "aia-unresolvable", FAILED, queries=2)
    lab.claim("nowhere.staplelab.test could not be resolved (3: Host not found) while requesting")


def test_a_name_without_a_resolver(lab: Lab) -> None:
    """Names in certificates are not looked up when nginx starts, so there is nothing to go by."""
    start(lab, resolver=None)
    check(lab, "client", FAILED)
    lab.claim(f"no resolver defined to resolve {OCSP_HOST} while requesting certificate status")


def test_an_address_without_a_resolver(lab: Lab) -> None:
    start(lab, resolver=None)
    check(lab, "aia-address", GOOD, asked=["aia-address"], queries=0)
    (request,) = lab.responder.requests()
    assert request["host"] == lab.address("responder")


def test_an_address_with_a_resolver(lab: Lab) -> None:
    """Nobody is asked about what is an address."""
    start(lab)
    check(lab, "aia-address", GOOD, asked=["aia-address"], queries=0)


def test_an_authority_without_a_resolver(lab: Lab) -> None:
    """The client's certificate has an address, its authority's a name."""
    start(lab, resolver=None, checks="on")
    check(lab, "aia-address", FAILED, asked=["aia-address"], queries=0)
    lab.claim(f"no resolver defined to resolve {OCSP_HOST} while requesting certificate status")


def test_a_directive_with_a_name_without_a_resolver(lab: Lab) -> None:
    """That name was looked up when nginx started: it warns, and asks."""
    start(lab, f"ssl_ocsp_responder {lab.responder_url()};", resolver=None)
    check(lab, "client", GOOD, asked=["client"], queries=0)
    lab.claim(f"no resolver defined to resolve {OCSP_HOST} while requesting", level="warn")


def test_a_directive_with_a_name(lab: Lab) -> None:
    """It is looked up once for a client, though its chain has two certificates."""
    start(lab, f"ssl_ocsp_responder {lab.responder_url('/x')};", checks="on")
    check(lab, "client", GOOD, asked=["client", "issuing"], queries=2)
    for request in lab.responder.requests():
        assert request["path"].startswith("/x/M") and request["host"] == OCSP_HOST


def test_a_directive_for_each_name(lab: Lab) -> None:
    """Servers of one address with responders of their own; SNI says which is asked."""
    names = ("one.staplelab.test", "two.staplelab.test")
    lab.start(
        *(
            asking_for_certificates(
                lab, *SAYS_WHY, by_address(lab, f"/{name}"), checks="leaf", server_name=name
            )
            for name in names
        ),
        Site(server_name="three.staplelab.test", stapling=False),
    )
    for name in (*names, names[0]):
        check(lab, "client", GOOD, asked=["client"], name=name)
    paths = [request["path"].split("/")[1] for request in lab.responder.requests()]
    assert paths == [*names, names[0]]
    third = lab.handshake("--get", "/", certificate="client", name="three.staplelab.test")
    assert third.status == 204
    lab.settle()


@pytest.mark.topology("two-responders")
def test_each_responder_speaks_for_itself(lab: Lab) -> None:
    """One responder says that the client's certificate is revoked, the other that it is good."""
    lab.responder.certificate("3001", status="revoked")
    names = {"www.staplelab.test": "responder", "sni.staplelab.test": "other-responder"}
    lab.start(
        *(
            asking_for_certificates(
                lab, *SAYS_WHY, by_address(lab, at=at), checks="leaf", server_name=name
            )
            for name, at in names.items()
        )
    )
    check(lab, "client", REVOKED, asked=["client"])
    seen = lab.handshake("--get", "/", certificate="client", name="sni.staplelab.test")
    lab.settle(connections=1, at="other-responder")
    assert (seen.status, seen.http["body"]) == (200, GOOD)
    check(lab, "client", REVOKED, asked=["client"])


@pytest.mark.parametrize(
    "url, said",
    [
        pytest.param("https://ocsp.staplelab.test/", PREFIX, id="https"),
        pytest.param("http://", PREFIX, id="prefix-alone"),
        pytest.param("ocsp.staplelab.test", PREFIX, id="no-prefix"),
        pytest.param("http:///ocsp", "no host in OCSP responder", id="no-host"),
        pytest.param(
            "http://ocsp.staplelab.test:99999/", "invalid port in OCSP responder", id="bad-port"
        ),
    ],
)
def test_a_directive_that_is_refused(lab: Lab, url: str, said: str) -> None:
    site = asking_for_certificates(lab, f"ssl_ocsp_responder {url};")
    of_nginx = url.removeprefix("http://") if "prefix" not in said else url
    lab.start(site, expect=Refused(f'{said} "{of_nginx}" in "ssl_ocsp_responder"'))
