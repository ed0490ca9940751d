"""What the standards ask of a responder and a name server, where not only nginx is the client."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import ocsp

import dnsd as names
import ocspd as responder
from dns_wire import AA, QR, RA, RD, A, header, question
from ocspd import Ocspd, get, ocsp_request, post
from staplelab.parts.clock import EPOCH
from staplelab.parts.control import ControlError

MALFORMED = bytes.fromhex("30030a0101")
UNAUTHORIZED = bytes.fromhex("30030a0106")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocspd]:
    folder = tmp_path_factory.mktemp("o")
    with responder.running(folder, responder.mint(folder), "--listen", "127.0.0.1:0") as running:
        yield running


@pytest.fixture
def ocspd(program: Ocspd) -> Iterator[Ocspd]:
    program.reset()
    yield program
    program.reset()


# ----- OCSP -----


def tlv(tag: int, value: bytes) -> bytes:
    length = len(value)
    return bytes([tag]) + (bytes([length]) if length < 128 else bytes([0x81, length])) + value


def extended(pki: Path, extension: bytes) -> bytes:
    """A request with one extension, whose DER this is."""
    whole = ocsp_request(pki)
    assert whole[0] == 0x30 and whole[2] == 0x30  # OCSPRequest { TBSRequest
    tbs = whole[4:]
    return tlv(0x30, tlv(0x30, tbs + tlv(0xA2, tlv(0x30, extension))))


@pytest.mark.parametrize(
    ("flag", "body"), [(b"", None), (b"\x01\x01\xff", MALFORMED)], ids=["ignored", "critical"]
)
def test_an_unknown_extension_is_ignored_unless_it_is_critical(
    ocspd: Ocspd, flag: bytes, body: bytes | None
) -> None:
    """RFC 6960, 4.1.2: "Unrecognized extensions MUST be ignored (unless they have the critical flag
    set and are not understood)."  No status is named for these; malformedRequest is the one that
    does not ask to be asked again."""
    unknown = tlv(0x30, bytes.fromhex("06032a0304") + flag + tlv(0x04, b"x"))
    answer = ocspd.fetch(post(extended(ocspd.pki, unknown))).body
    assert answer == (body or ocspd.healthy.body)


@pytest.mark.parametrize("boolean", ["010101", "010100", "0102ffff"])
def test_a_boolean_is_der(ocspd: Ocspd, boolean: str) -> None:
    nonce = bytes.fromhex("06092b0601050507300102" + boolean) + tlv(0x04, tlv(0x04, b"nonce"))
    assert ocspd.fetch(post(extended(ocspd.pki, tlv(0x30, nonce)))).body == MALFORMED


def cert_id(pki: Path, name: str) -> bytes:
    return ocsp_request(pki, name)[6:]  # the Request in OCSPRequest { TBSRequest { requestList {


def test_one_signature_does_not_speak_for_two_issuers(ocspd: Ocspd) -> None:
    """RFC 6960, 4.2.2.2: who signs for a certificate is its issuer, or has a certificate of it."""
    both = cert_id(ocspd.pki, "www") + cert_id(ocspd.pki, "issuing")
    assert ocspd.fetch(post(tlv(0x30, tlv(0x30, tlv(0x30, both))))).body == UNAUTHORIZED
    both = cert_id(ocspd.pki, "www") + cert_id(ocspd.pki, "www-rsa")
    body = ocspd.fetch(post(tlv(0x30, tlv(0x30, tlv(0x30, both))))).body
    assert len(list(ocsp.load_der_ocsp_response(body).responses)) == 2


def get_1_1(der: bytes) -> bytes:
    return get(der).replace(b"HTTP/1.0", b"HTTP/1.1")


def test_a_cache_may_keep_what_a_get_brings(ocspd: Ocspd) -> None:
    """RFC 9919, 7.2, and RFC 5019, 6.2."""
    wire = ocspd.fetch(get_1_1(ocsp_request(ocspd.pki)))
    assert wire.headers("Last-Modified") == ["Tue, 01 Jan 2030 00:00:00 GMT"]
    assert wire.headers("Expires") == ["Wed, 02 Jan 2030 00:00:00 GMT"]
    assert wire.headers("Cache-Control") == [
        "max-age=86399, public, no-transform, must-revalidate"
    ]
    assert wire.headers("ETag") == [f'"{hashlib.sha256(wire.body).hexdigest()}"']
    state = {"status": "revoked", "validity": 600, "this_update": -60}
    ocspd.control.call("PUT", "/v1/certificates/1001", state)
    head = ocspd.fetch(get_1_1(ocsp_request(ocspd.pki))).head
    assert "Last-Modified: Mon, 31 Dec 2029 23:59:00 GMT\r\n" in head
    assert "Expires: Tue, 01 Jan 2030 00:10:00 GMT\r\n" in head
    assert "Cache-Control: max-age=599, " in head
    ocspd.control.call("PUT", "/v1/certificates/1001", {"validity": -60, "this_update": 60})
    head = ocspd.fetch(get_1_1(ocsp_request(ocspd.pki))).head
    assert "Last-Modified: Tue, 01 Jan 2030 00:00:00 GMT\r\n" in head  # never after Date
    assert "Cache-Control: max-age=0, " in head


@pytest.mark.parametrize(
    "case",
    ["HTTP/1.0", "post", "nonce", "malformed", "no nextUpdate", "try later", "an error of HTTP"],
)
def test_nothing_else_is_kept(ocspd: Ocspd, case: str) -> None:
    """To HTTP/1.0, which nginx speaks, go the octets that always went."""
    request = get_1_1(ocsp_request(ocspd.pki, nonce=b"nonce" if case == "nonce" else b""))
    if case == "HTTP/1.0":
        request = get(ocsp_request(ocspd.pki))
    elif case == "post":
        request = post(ocsp_request(ocspd.pki))
    elif case == "malformed":
        request = get_1_1(b"\x30\x00")
    elif case == "no nextUpdate":
        ocspd.control.call("PUT", "/v1/certificates/1001", {"validity": None})
    elif case == "try later":
        ocspd.fault("status-try-later")
    elif case == "an error of HTTP":
        ocspd.fault("http-5xx")
    wire = ocspd.fetch(request)
    for name in ("Last-Modified", "Expires", "ETag", "Cache-Control"):
        assert wire.headers(name) == []


def test_a_post_may_come_in_chunks(ocspd: Ocspd) -> None:
    der = ocsp_request(ocspd.pki)
    head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = [b"%x\r\n%b\r\n" % (len(der[i:i + 20]), der[i:i + 20]) for i in range(0, len(der), 20)]
    whole = head + b"".join(chunks) + b"0\r\n\r\n"
    assert ocspd.fetch(whole).body == ocspd.healthy.body
    assert ocspd.wait("request")["octets"] == len(der)


def revoked_at(ocspd: Ocspd) -> int:
    body = ocspd.fetch().body
    when = ocsp.load_der_ocsp_response(body).revocation_time
    assert when is not None
    return int((when - when.__class__(1970, 1, 1)).total_seconds())


@pytest.mark.parametrize(
    ("given", "time", "text"),
    [
        (-100, EPOCH - 100, "2029-12-31T23:58:20Z"),
        (0, EPOCH, "2030-01-01T00:00:00Z"),
        (60, EPOCH + 60, "2030-01-01T00:01:00Z"),
        ("2029-06-30T12:00:00Z", 1877515200, "2029-06-30T12:00:00Z"),
        ("1999-12-31T23:59:59Z", 946684799, "1999-12-31T23:59:59Z"),
    ],
)
def test_a_revocation_time_is_the_same_everywhere(
    ocspd: Ocspd, given: Any, time: int, text: str
) -> None:
    """A number is seconds from now, as validity and this_update are; a text is the time itself."""
    state = {"status": "revoked", "revocation_time": given}
    told = ocspd.control.call("PUT", "/v1/certificates/1001", state)
    assert told["revocation_time"] == text
    assert revoked_at(ocspd) == time
    ocspd.clock.move(wall=50, monotonic=50)
    assert revoked_at(ocspd) == time  # what has happened does not move on
    ocspd.clock.rewind()
    again = {"status": "revoked", "revocation_time": told["revocation_time"]}
    assert ocspd.control.call("PUT", "/v1/certificates/1001", again) == told
    ocspd.control.call("DELETE", "/v1/certificates/1001")
    ocspd.fault("cert-status-revoked", revocation_time=given)
    assert revoked_at(ocspd) == time


@pytest.mark.parametrize(
    "given", [EPOCH - 100, -EPOCH, 1.5, True, "", "-100", "2030-01-01", "2030-01-01T00:00:00+01:00",
              "2030-02-30T00:00:00Z", "2030-1-01T00:00:00Z", "2030-01-01T00:00:00Z ", [1]]
)
def test_what_may_be_meant_otherwise_is_refused(ocspd: Ocspd, given: Any) -> None:
    """Seconds since 1970 were taken here once."""
    wanted = "a whole number of seconds from now, up to twenty years, or a time in UTC like "
    with pytest.raises(ControlError, match=wanted):
        ocspd.control.call("PUT", "/v1/certificates/1001", {"revocation_time": given})
    with pytest.raises(ControlError, match=wanted):
        ocspd.fault("cert-status-revoked", revocation_time=given)


# ----- DNS -----


@pytest.fixture(scope="module")
def dnsd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[names.Dnsd]:
    arguments = ["--listen", "127.0.0.1:0", "--record", "www.example.com/A=192.0.2.1"]
    with names.running(tmp_path_factory.mktemp("d"), *arguments) as running:
        yield running


def opt(flags: int = 0) -> bytes:
    return b"\0" + struct.pack("!HHIH", 41, 1232, flags, 0)


DO = 0x8000


@pytest.mark.parametrize("flags", [0, DO])
def test_do_is_copied(dnsd: names.Dnsd, flags: int) -> None:
    """RFC 3225, 3."""
    answer = dnsd.ask(header(1, RD, ar=1) + question("www.example.com", A) + opt(flags))
    assert answer.endswith(opt(flags))


@pytest.mark.parametrize(
    ("asked", "rcode"),
    [
        (header(1, 4 << 11, ar=1) + question("www.example.com", A), 4),
        (header(1, 0, qd=2, ar=1) + 2 * question("www.example.com", A), 1),
        (header(1, 0, qd=0, ar=1), 1),
    ],
    ids=["NOTIMP", "FORMERR", "no question"],
)
def test_errors_have_an_opt_record_for_who_sent_one(
    dnsd: names.Dnsd, asked: bytes, rcode: int
) -> None:
    """RFC 6891, 6.1.1 and 7."""
    answer = dnsd.ask(asked + opt(DO))
    assert answer[3] & 0xF == rcode
    assert answer.endswith(opt(DO))
    assert struct.unpack("!H", answer[10:12]) == (1,)
    answer = dnsd.ask(asked[:10] + b"\0\0" + asked[12:])
    assert (answer[3] & 0xF, struct.unpack("!H", answer[10:12])) == (rcode, (0,))


def test_what_is_refused_is_not_answered_with_authority(dnsd: names.Dnsd) -> None:
    answer = dnsd.ask(header(1, RD) + question("www.example.com", A, 3))
    assert struct.unpack("!H", answer[2:4]) == (QR | RD | RA | 5,)
    answer = dnsd.ask(header(1, RD) + question("nowhere.example.com", A))
    assert struct.unpack("!H", answer[2:4]) == (QR | AA | RD | RA | 3,)


@pytest.mark.parametrize("name", ["example.com", "com", "EXAMPLE.com", ""])
def test_a_name_above_another_has_no_data(dnsd: names.Dnsd, name: str) -> None:
    """RFC 8020: NXDOMAIN would say that there is nothing under it."""
    answer = dnsd.ask(header(1, RD) + question(name, A))
    assert (answer[3] & 0xF, struct.unpack("!3H", answer[6:12])) == (0, (0, 1, 0))


def test_an_alias_of_itself_is_told_once(dnsd: names.Dnsd) -> None:
    dnsd.control.call("PUT", "/v1/records/self.test/CNAME", {"values": ["self.test"]})
    answer = dnsd.ask(header(1, RD) + question("self.test", A))
    assert (answer[3] & 0xF, struct.unpack("!3H", answer[6:12])) == (0, (1, 0, 0))
