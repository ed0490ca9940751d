"""What the file does without: a responder, its URL, an issuer, a new look at the file."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused
from suites.file import responses
from suites.file.test_states import another_certificates

ECDSA = ("--sigalgs", "ECDSA+SHA256")
RSA = ("--sigalgs", "RSA-PSS+SHA256:RSA+SHA256")


def prepared(lab: Lab, certificate: str = "www") -> tuple[str, ...]:
    """The directive for a good file."""
    file = lab.file("staple.der", responses.of(lab, certificate))
    return (f"ssl_stapling_file {file};",)


def good(lab: Lab) -> None:
    """The first client has a staple, and nobody is asked."""
    assert lab.handshake().verdict == "GOOD"
    lab.settle()


def test_no_issuer_is_needed(lab: Lab) -> None:
    """The leaf alone and nothing that is trusted: no warning."""
    lab.start(Site(chain=False, trusted=False, directives=prepared(lab)))
    responses.fetched(lab)
    good(lab)


def test_no_resolver_is_needed(lab: Lab) -> None:
    lab.start(Site(resolver=None, directives=prepared(lab)))
    responses.fetched(lab)
    good(lab)


@pytest.mark.profile("aia-forms")
@pytest.mark.parametrize("certificate", ["no-aia", "aia-https", "aia-port-0"])
def test_no_url_is_needed(lab: Lab, certificate: str) -> None:
    lab.start(certificates=(certificate,), directives=prepared(lab, certificate))
    responses.fetched(lab)
    good(lab)


@pytest.mark.parametrize("url", ["{url}", "https://ocsp.staplelab.test/"], ids=["good", "https"])
def test_the_file_beats_the_responder(lab: Lab, url: str) -> None:
    """Also one that could not be used."""
    file = prepared(lab)
    url = url.format(url=lab.responder_url())
    lab.start(directives=(*file, f"ssl_stapling_responder {url};"))
    responses.fetched(lab)
    good(lab)


def test_every_worker_has_it(lab: Lab) -> None:
    lab.needs(workers=True)
    lab.start(workers=2, directives=prepared(lab))
    responses.fetched(lab)
    for worker in lab.nginx.wait_for_workers(2):
        with lab.nginx.only(worker):
            good(lab)


@pytest.mark.parametrize("of", ["www", "www-rsa"])
def test_two_keys(lab: Lab, of: str) -> None:
    """There is one file for both certificates: it is right for one of them, in whatever order they
    stand."""
    another_certificates(lab)
    lab.start(certificates=("www", "www-rsa"), directives=prepared(lab, of))
    responses.fetched(lab)
    seen = {}
    for options in (ECDSA, RSA):
        got = lab.handshake(*options)
        seen[got.serial] = got.verdict
    right, wrong = ("1001", "1002") if of == "www" else ("1002", "1001")
    assert seen[right] == "GOOD"
    lab.deviation(
        "NGX-036", str(seen[wrong]), conforms="NO_STAPLE", deviates="NOT_FOR_THIS_CERT"
    )
    lab.settle()


def test_the_other_server_fetches(lab: Lab) -> None:
    """The file is that of one server{}; the other one, with the same certificate, asks."""
    other = Site(server_name="other.staplelab.test")
    lab.start(Site(directives=prepared(lab)), other)
    responses.fetched(lab)
    good(lab)
    assert lab.handshake(name="other.staplelab.test").verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake(name="other.staplelab.test").verdict == "GOOD"


def test_written_anew(lab: Lab) -> None:
    """Nobody looks at the file before the reload."""
    lab.start(directives=prepared(lab))
    responses.fetched(lab)
    old = lab.handshake()
    lab.step(3600)
    lab.file("staple.der", responses.of(lab))
    responses.fetched(lab)
    assert lab.handshake().staple["sha256"] == old.staple["sha256"]
    lab.reload()
    new = lab.handshake()
    assert (new.verdict, new.staple["produced_at"]) == ("GOOD", lab.now)
    assert new.staple["sha256"] != old.staple["sha256"]
    lab.settle()


def test_taken_away(lab: Lab) -> None:
    """A reload without it is refused, the old workers serve on."""
    lab.needs(workers=True)
    lab.start(directives=prepared(lab))
    responses.fetched(lab)
    (lab.folder / "staple.der").unlink()
    good(lab)
    lab.reload(expect=Refused(f'BIO_new_file("{lab.folder}/staple.der") failed'))
    good(lab)


def test_from_a_file_to_a_fetch_and_back(lab: Lab) -> None:
    lab.start(directives=prepared(lab))
    responses.fetched(lab)
    good(lab)
    lab.reconfigure()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    lab.reconfigure(directives=(f"ssl_stapling_file {lab.folder}/staple.der;",))
    good(lab)


def test_switched_off(lab: Lab) -> None:
    """The file alone does not staple."""
    lab.start(stapling=False, directives=prepared(lab))
    responses.fetched(lab)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
