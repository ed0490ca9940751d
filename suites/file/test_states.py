"""Every state that the file can be in when nginx reads it."""

from __future__ import annotations

import base64

import pytest

from staplelab.scenario import register
from staplelab.scenario.lab import Lab
from staplelab.servers.refused import Refused
from suites.file import responses


def nobody_is_asked(lab: Lab) -> None:
    lab.settle()
    lab.step(3601)
    lab.handshake()
    lab.settle()


@pytest.mark.parametrize("verify", [False, True], ids=["verify-off", "verify-on"])
def test_good(lab: Lab, verify: bool) -> None:
    """It is there for the first client, and nobody is asked, now or later."""
    content = responses.of(lab)
    responses.start(lab, content, verify=verify)
    responses.fetched(lab)
    first = lab.handshake()
    assert (first.verdict, first.octets) == ("GOOD", len(content))
    nobody_is_asked(lab)
    assert lab.handshake().staple["sha256"] == first.staple["sha256"]


@pytest.mark.requirement("G8")
@pytest.mark.parametrize("verify", [False, True], ids=["verify-off", "verify-on"])
@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ({"status": "revoked"}, "REVOKED"),
        ({"status": "unknown"}, "UNKNOWN"),
        ({"signer": "delegate-no-eku"}, "UNAUTHORIZED_SIGNER"),
        ({"signer": "delegate-rogue"}, "UNAUTHORIZED_SIGNER"),
    ],
    ids=["revoked", "unknown", "delegate-no-eku", "delegate-rogue"],
)
def test_not_good(lab: Lab, state: dict[str, str], verdict: str, verify: bool) -> None:
    """ssl_stapling_verify is for what is fetched: here it changes nothing."""
    lab.responder.certificate("1001", **state)
    content = responses.of(lab)
    responses.start(lab, content, verify=verify)
    responses.fetched(lab)
    seen = str(lab.handshake().verdict)
    lab.deviation("NGX-035", seen, conforms="NO_STAPLE", deviates=verdict)
    nobody_is_asked(lab)
    assert lab.handshake().verdict == seen


def test_of_another_certificate(lab: Lab) -> None:
    another_certificates(lab)
    content = responses.of(lab, "other")
    responses.start(lab, content)
    responses.fetched(lab)
    seen = str(lab.handshake().verdict)
    lab.deviation("NGX-036", seen, conforms="NO_STAPLE", deviates="NOT_FOR_THIS_CERT")
    nobody_is_asked(lab)


def another_certificates(lab: Lab) -> None:
    """Nobody has sent the file for the certificate that it is served with, where it is."""
    if register.find("NGX-036").holds_for(lab.server):
        lab.exempt("staple-origin", "the file is another certificate's")


@pytest.mark.requirement("G8")
def test_for_ever(lab: Lab) -> None:
    """After years nobody has looked at it, and nobody is asked."""
    content = responses.of(lab)
    responses.start(lab, content)
    responses.fetched(lab)
    lab.step(1000 * 24 * 3600)
    lab.deviation(
        "NGX-009", str(lab.handshake().verdict), conforms="NO_STAPLE", deviates="EXPIRED"
    )
    lab.settle()


@pytest.mark.requirement("G8")
def test_an_error(lab: Lab) -> None:
    lab.exempt("staple-origin", "no responder has sent the file")
    responses.start(lab, responses.TRY_LATER)
    seen = str(lab.handshake().verdict)
    lab.deviation("NGX-035", seen, conforms="NO_STAPLE", deviates="ERROR_STATUS")
    nobody_is_asked(lab)


TAILS = {"nul": b"\0", "line-feed": b"\n", "many": bytes(20000), "response": responses.TRY_LATER}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_octets_that_trail(lab: Lab, tail: bytes) -> None:
    """The response is encoded anew, so they do not get to clients."""
    content = responses.of(lab)
    responses.start(lab, content + tail)
    responses.fetched(lab)
    got = lab.handshake()
    assert (got.verdict, got.octets) == ("GOOD", len(content))
    lab.settle()


UNREADABLE = {
    "empty": b"",
    "text": b"good\n",
    "not-whole": responses.TRY_LATER[:-1],
    "request": bytes.fromhex("3000"),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_no_response(lab: Lab, content: bytes) -> None:
    """nginx does not start, and says which file it is."""
    file = lab.file("staple.der", content)
    reason = Refused(f'd2i_OCSP_RESPONSE_bio("{file}") failed')
    lab.start(directives=(f"ssl_stapling_file {file};",), expect=reason)


def test_a_response_as_pem(lab: Lab) -> None:
    """As `openssl ocsp` never writes it, but people do."""
    text = base64.encodebytes(responses.of(lab)).decode()
    begin, end = (f"-----{word} OCSP RESPONSE-----\n" for word in ("BEGIN", "END"))
    file = lab.file("staple.pem", begin + text + end)
    reason = Refused(f'd2i_OCSP_RESPONSE_bio("{file}") failed')
    lab.start(directives=(f"ssl_stapling_file {file};",), expect=reason)


def test_a_folder(lab: Lab) -> None:
    folder = lab.folder / "staple.d"
    folder.mkdir()
    reason = Refused(f'("{folder}") failed')
    lab.start(directives=(f"ssl_stapling_file {folder};",), expect=reason)


def test_missing(lab: Lab) -> None:
    """A name without a slash in front stands in the folder of nginx.conf."""
    reason = Refused(f'BIO_new_file("{lab.folder}/missing.der") failed')
    lab.start(directives=("ssl_stapling_file missing.der;",), expect=reason)


def test_beside_the_configuration(lab: Lab) -> None:
    lab.file("staple.der", responses.of(lab))
    lab.start(directives=("ssl_stapling_file staple.der;",))
    responses.fetched(lab)
    assert lab.handshake().verdict == "GOOD"
    lab.settle()
