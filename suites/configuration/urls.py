"""The table: URLs of a responder, as certificates and directives may have them.

`{port}` is the responder's, `{address}` its IPv4 address.  A form stands in the certificate of its
id in pki/profiles/aia-forms.json, and after the directive that takes a URL.
"""

from __future__ import annotations

from dataclasses import dataclass

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.lab import Lab


@dataclass(frozen=True)
class Form:
    """A URL that is taken, and what the responder sees of it."""

    id: str
    url: str
    #: what stands before the encoded request in the path
    base: str = "/"
    #: the Host header
    host: str = OCSP_HOST
    #: queries of all types
    queries: int = 2


TAKEN = (
    Form("aia-no-path", "http://ocsp.staplelab.test:{port}"),
    Form("aia-path", "http://ocsp.staplelab.test:{port}/ocsp", "/ocsp/"),
    Form("aia-deep-path", "http://ocsp.staplelab.test:{port}/a/b//c/", "/a/b//c/"),
    Form("aia-query", "http://ocsp.staplelab.test:{port}/ocsp?ca=1", "/ocsp?ca=1/"),
    Form("aia-escaped", "http://ocsp.staplelab.test:{port}/a%2Fb%20c", "/a%2Fb%20c/"),
    Form("aia-fragment", "http://ocsp.staplelab.test:{port}/#part", "/#part/"),
    Form("aia-long", f"http://ocsp.staplelab.test:{{port}}/{'x' * 4000}/", f"/{'x' * 4000}/"),
    Form(
        "aia-upper-case",
        "HTTP://OCSP.STAPLELAB.TEST:{port}/",
        host="OCSP.STAPLELAB.TEST",
    ),
    Form("aia-ipv4", "http://{address}:{port}/", host="{address}", queries=0),
    Form("aia-issuers-too", "http://ocsp.staplelab.test:{port}/ocsp", "/ocsp/"),
)


@dataclass(frozen=True)
class Wrong:
    """A URL that nobody is asked at, and why, in nginx's words."""

    id: str
    url: str
    why: str
    #: what it says that is wrong; the URL, where it does not get as far as to take its scheme off
    named: str | None = None


WRONG = (
    Wrong("aia-https", "https://ocsp.staplelab.test:{port}/", "invalid URL prefix"),
    Wrong("aia-first-https", "https://ocsp.staplelab.test:{port}/", "invalid URL prefix"),
    Wrong("aia-ldap", "ldap://ocsp.staplelab.test/", "invalid URL prefix"),
    Wrong("aia-http-alone", "http://", "invalid URL prefix"),
    Wrong("aia-no-host", "http:///", "no host", "/"),
    Wrong("aia-port-alone", "http://:80/", "no host", ":80/"),
    Wrong("aia-port-0", "http://ocsp.staplelab.test:0/", "invalid port", "ocsp.staplelab.test:0/"),
    Wrong(
        "aia-port-65536",
        "http://ocsp.staplelab.test:65536/",
        "invalid port",
        "ocsp.staplelab.test:65536/",
    ),
    Wrong(
        "aia-port-word",
        "http://ocsp.staplelab.test:http/",
        "invalid port",
        "ocsp.staplelab.test:http/",
    ),
    Wrong("aia-bracket", "http://[::1/", "invalid host", "[::1/"),
    Wrong("aia-ipv6-word", "http://[ocsp]:80/", "invalid IPv6 address", "[ocsp]:80/"),
)


def filled(lab: Lab, text: str) -> str:
    """The text with this lab's address and port."""
    return text.format(port=lab.responder.port, address=lab.address("responder"))


def name(form: Form | Wrong) -> str:
    """What a scenario about it is called."""
    return form.id.removeprefix("aia-")
