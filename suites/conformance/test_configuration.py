"""What a configuration or a certificate says of the responder, and what nginx makes of it."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused

IGNORED = '"ssl_stapling" ignored, '
#: a path that makes the whole request longer than 255 octets
LONG = "/" + "ocsp/" * 40


def never_stapled(lab: Lab) -> None:
    """Two handshakes without a staple, and nobody was asked."""
    for _ in range(2):
        assert lab.handshake().verdict == "NO_STAPLE"
        lab.settle()
    assert lab.responder.requests() == []


@pytest.mark.requirement("E1")
@pytest.mark.parametrize(
    ("path", "begin"), [("/", "/M"), ("/ocsp", "/ocsp/M"), ("/a/", "/a/M")]
)
def test_the_request(lab: Lab, path: str, begin: str) -> None:
    """A slash is added where the path ends in none; `invariants` hold the rest of the form."""
    lab.start(directives=(f"ssl_stapling_responder {lab.responder_url(path)};",))
    lab.handshake()
    lab.settle(connections=1)
    (request,) = lab.responder.requests()
    assert (request["method"], request["http_version"]) == ("GET", "1.0")
    assert request["path"].startswith(begin) and "/" not in request["path"][len(begin) :]
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("E2")
def test_a_long_url(lab: Lab) -> None:
    lab.start(directives=(f"ssl_stapling_responder {lab.responder_url(LONG)};",))
    lab.handshake()
    lab.settle(connections=1)
    (request,) = lab.responder.requests()
    assert len(lab.responder_url(request["path"])) > 255
    lab.deviation("NGX-042", request["method"].lower(), conforms="post", deviates="get")
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("E12")
@pytest.mark.profile("aia-forms")
def test_https(lab: Lab) -> None:
    lab.start(certificates=("aia-https",))
    lab.claim(f'{IGNORED}invalid URL prefix in OCSP responder "https://', level="warn")
    never_stapled(lab)


@pytest.mark.requirement("E13")
@pytest.mark.profile("aia-forms")
def test_two_responders(lab: Lab) -> None:
    """The first one is asked, and the first one alone."""
    lab.inject("http-5xx", times=1)
    lab.start(certificates=("aia-two",))
    lab.handshake()
    lab.settle(connections=1)
    lab.step(301)
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert [r["path"].count("/") for r in lab.responder.requests()] == [1, 1]


@pytest.mark.requirement("E14")
@pytest.mark.profile("aia-forms")
@pytest.mark.parametrize(
    ("certificate", "begin", "queries"),
    [("aia-ipv4", "/M", 0), ("aia-path", "/ocsp/M", 2)],
    ids=["address", "path"],
)
def test_forms_of_the_url(lab: Lab, certificate: str, begin: str, queries: int) -> None:
    lab.start(certificates=(certificate,))
    lab.handshake()
    lab.settle(connections=1, queries=queries)
    (request,) = lab.responder.requests()
    assert request["path"].startswith(begin)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("F5")
@pytest.mark.profile("aia-forms")
def test_an_unknown_name(lab: Lab) -> None:
    """It stays unknown, though the name server would know it."""
    lab.host_entry("nowhere.staplelab.test")
    lab.start(certificates=("aia-unresolvable",))
    lab.claim(f'{IGNORED}host not found in OCSP responder "nowhere.staplelab.test', level="warn")
    lab.settle(so_far=True)
    lab.settle(queries=len(lab.stub.requests()))  # in a container the start asks, too
    never_stapled(lab)


@pytest.mark.requirement("G7")
@pytest.mark.profile("aia-forms")
def test_no_responder(lab: Lab) -> None:
    """As Let's Encrypt's certificates have been since May 2025."""
    lab.start(certificates=("no-aia",))
    lab.claim(f"{IGNORED}no OCSP responder URL in the certificate", level="warn")
    never_stapled(lab)


@pytest.mark.requirement("G5")
def test_a_certificate_by_a_variable(lab: Lab) -> None:
    """No staple, no fetch, and no warning."""
    lab.needs_module("http_map_module")
    certificate = lab.certificate()
    lab.start(
        Site(
            certificates=(),
            http_directives=(f'map $ssl_server_name $file {{ default "{certificate.chain}"; }}',),
            trusted=certificate,
            directives=(
                "ssl_certificate $file;",
                f"ssl_certificate_key {certificate.private_key};",
            ),
        )
    )
    never_stapled(lab)
    assert lab.log_lines("ssl_stapling") == []


@pytest.mark.requirement("H2")
def test_must_staple_without_stapling(lab: Lab) -> None:
    """Nobody is told, at the start or later, that every client that heeds the certificate fails."""
    lab.start(certificates=("must-staple",), stapling=False)
    seen = lab.handshake()
    lab.settle()
    told = any("must-staple" in line.text or "status_request" in line.text
               for line in lab.log_lines(""))
    assert not told
    lab.deviation("NGX-004", seen.verdict, conforms="GOOD", deviates="NO_STAPLE_MUST_STAPLE")


@pytest.mark.requirement("A12")
def test_compressed_certificates(lab: Lab) -> None:
    """A compressed Certificate is made beforehand and can hold no staple: nginx refuses both
    together."""
    if not lab.server.within(">=1.29.3"):
        lab.not_applicable("nginx compresses certificates since 1.29.1, refuses it since 1.29.3")
    lab.start(
        directives=("ssl_certificate_compression on;",),
        expect=Refused('"ssl_stapling" is incompatible with "ssl_certificate_compression"'),
    )
