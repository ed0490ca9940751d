"""Every fault of faulty-ocspd's layer "ocsp" does in the octets what its name says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ReasonFlags, ocsp
from cryptography.x509.ocsp import OCSPCertStatus
from ocspd import Ocspd, get, mint, ocsp_request, proof, proves, running, verifies

from staplelab.clock import EPOCH

NOW = datetime.fromtimestamp(EPOCH, UTC).replace(tzinfo=None)
DAY = timedelta(days=1)

#: of X.509, RFC 5280 5.3.1
REASONS = {
    0: ReasonFlags.unspecified,
    1: ReasonFlags.key_compromise,
    6: ReasonFlags.certificate_hold,
    10: ReasonFlags.aa_compromise,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocspd]:
    folder = tmp_path_factory.mktemp("ocspd")
    with running(folder, mint(folder), "--listen", "127.0.0.1:0") as started:
        yield started


@pytest.fixture
def ocspd(program: Ocspd, request: pytest.FixtureRequest) -> Iterator[Ocspd]:
    yield from proof(program, request.function)


def body(ocspd: Ocspd) -> bytes:
    """The body of an answer that HTTP and TCP have nothing against."""
    wire = ocspd.fetch()
    assert (wire.status, wire.end) == (200, "fin")
    assert wire.headers("Content-Type") == ["application/ocsp-response"]
    assert wire.headers("Content-Length") == [str(len(wire.body))]
    return wire.body


def response(ocspd: Ocspd, signer: str = "issuing") -> ocsp.OCSPResponse:
    """An answer that is well formed and has a good signature of the signer."""
    decoded = ocsp.load_der_ocsp_response(body(ocspd))
    verifies(decoded, ocspd.certificate(signer))
    return decoded


@pytest.mark.parametrize("repeated", range(2))
def test_healthy_answers_are_the_same_each_time(ocspd: Ocspd, repeated: int) -> None:
    assert ocspd.fetch() == ocspd.healthy
    healthy = response(ocspd)
    assert healthy.certificate_status is OCSPCertStatus.GOOD
    assert (healthy.this_update, healthy.next_update, healthy.produced_at) == (NOW, NOW + DAY, NOW)


# ----- envelope -----


def error(status: int) -> bytes:
    return bytes([0x30, 0x03, 0x0A, 0x01, status])


@proves("status-malformed-request", "request")
def test_status_malformed_request(ocspd: Ocspd) -> None:
    ocspd.fault("status-malformed-request")
    assert body(ocspd) == error(1)
    answer = ocspd.wait("answer")
    assert (answer["response_status"], answer["octets"]) == ("malformedRequest", 5)
    assert answer["cert_status"] is None


@proves("status-internal-error")
def test_status_internal_error(ocspd: Ocspd) -> None:
    ocspd.fault("status-internal-error")
    assert body(ocspd) == error(2)


@proves("status-try-later")
def test_status_try_later(ocspd: Ocspd) -> None:
    ocspd.fault("status-try-later")
    assert body(ocspd) == error(3)


@proves("status-sig-required")
def test_status_sig_required(ocspd: Ocspd) -> None:
    ocspd.fault("status-sig-required")
    assert body(ocspd) == error(5)


@proves("status-unauthorized")
def test_status_unauthorized(ocspd: Ocspd) -> None:
    ocspd.fault("status-unauthorized")
    assert body(ocspd) == error(6)


@proves("success-without-response-bytes")
def test_success_without_response_bytes(ocspd: Ocspd) -> None:
    ocspd.fault("success-without-response-bytes")
    assert body(ocspd) == error(0)


@proves("empty-response")
def test_empty_response(ocspd: Ocspd) -> None:
    ocspd.fault("empty-response")
    assert body(ocspd) == b""
    assert ocspd.wait("answer")["response_status"] is None


@proves("not-der")
def test_not_der(ocspd: Ocspd) -> None:
    ocspd.fault("not-der")
    octets = body(ocspd)
    assert len(octets) == 64
    assert octets[0] == 0xFF
    assert body(ocspd) == octets
    ocspd.fault("not-der", length=3, seed=2)
    other = body(ocspd)
    assert len(other) == 3
    assert other != octets[:3]


@proves("der-truncated")
def test_der_truncated(ocspd: Ocspd) -> None:
    whole = ocspd.healthy.body
    ocspd.fault("der-truncated")
    assert body(ocspd) == whole[: len(whole) // 2]
    for at in (0, 1, len(whole) - 1, len(whole) + 1):
        ocspd.fault("der-truncated", at=at)
        assert body(ocspd) == whole[:at]


@proves("der-trailing-garbage")
def test_der_trailing_garbage(ocspd: Ocspd) -> None:
    ocspd.fault("der-trailing-garbage")
    assert body(ocspd) == ocspd.healthy.body + b"\xaa" * 70
    ocspd.fault("der-trailing-garbage", bytes=20000, fill=0)
    assert body(ocspd) == ocspd.healthy.body + bytes(20000)


# ----- SingleResponse -----


@proves("cert-status-revoked")
def test_cert_status_revoked(ocspd: Ocspd) -> None:
    ocspd.fault("cert-status-revoked")
    revoked = response(ocspd)
    assert revoked.certificate_status is OCSPCertStatus.REVOKED
    assert revoked.revocation_time == NOW - timedelta(hours=1)
    assert revoked.revocation_reason is None
    assert ocspd.wait("answer")["cert_status"] == "revoked"
    ocspd.fault("cert-status-revoked", revocation_time=60)
    assert response(ocspd).revocation_time == NOW + timedelta(minutes=1)


@proves("cert-status-revoked-with-reason")
def test_cert_status_revoked_with_reason(ocspd: Ocspd) -> None:
    ocspd.fault("cert-status-revoked-with-reason")
    assert response(ocspd).revocation_reason is ReasonFlags.key_compromise
    for reason, name in REASONS.items():
        ocspd.fault("cert-status-revoked-with-reason", reason=reason)
        revoked = response(ocspd)
        assert revoked.certificate_status is OCSPCertStatus.REVOKED
        assert revoked.revocation_reason is name


@proves("cert-status-unknown")
def test_cert_status_unknown(ocspd: Ocspd) -> None:
    ocspd.fault("cert-status-unknown")
    assert response(ocspd).certificate_status is OCSPCertStatus.UNKNOWN


@proves("wrong-serial")
def test_wrong_serial(ocspd: Ocspd) -> None:
    ocspd.fault("wrong-serial")
    assert response(ocspd).serial_number == 0x7FFFFFFF
    ocspd.fault("wrong-serial", serial="0x80:00")
    assert response(ocspd).serial_number == 0x8000


def inverted(octets: bytes) -> bytes:
    return bytes(octet ^ 0xFF for octet in octets)


@proves("wrong-issuer-name-hash")
def test_wrong_issuer_name_hash(ocspd: Ocspd) -> None:
    healthy = response(ocspd)
    ocspd.fault("wrong-issuer-name-hash")
    wrong = response(ocspd)
    assert wrong.issuer_name_hash == inverted(healthy.issuer_name_hash)
    assert wrong.issuer_key_hash == healthy.issuer_key_hash


@proves("wrong-issuer-key-hash")
def test_wrong_issuer_key_hash(ocspd: Ocspd) -> None:
    healthy = response(ocspd)
    ocspd.fault("wrong-issuer-key-hash")
    wrong = response(ocspd)
    assert wrong.issuer_name_hash == healthy.issuer_name_hash
    assert wrong.issuer_key_hash == inverted(healthy.issuer_key_hash)


@proves("cert-id-hash-other")
def test_cert_id_hash_other(ocspd: Ocspd) -> None:
    for algorithm in (None, hashes.SHA384(), hashes.SHA512()):
        ocspd.fault("cert-id-hash-other", **({"alg": algorithm.name} if algorithm else {}))
        other = response(ocspd)
        # recomputed rightly: it is the CertID of a request in that algorithm
        asked = ocsp.load_der_ocsp_request(
            ocsp_request(ocspd.pki, "www", algorithm or hashes.SHA256())
        )
        assert other.hash_algorithm.name == asked.hash_algorithm.name
        assert other.issuer_name_hash == asked.issuer_name_hash
        assert other.issuer_key_hash == asked.issuer_key_hash
        assert other.serial_number == asked.serial_number


# ----- time -----


@proves("this-update-future")
def test_this_update_future(ocspd: Ocspd) -> None:
    ocspd.fault("this-update-future")
    early = response(ocspd)
    hour = timedelta(hours=1)
    assert (early.this_update, early.next_update) == (NOW + hour, NOW + hour + DAY)
    ocspd.fault("this-update-future", offset=301)
    assert response(ocspd).this_update == NOW + timedelta(seconds=301)


@proves("next-update-past")
def test_next_update_past(ocspd: Ocspd) -> None:
    ocspd.fault("next-update-past")
    late = response(ocspd)
    assert late.next_update == NOW - timedelta(hours=1)
    assert late.this_update == late.next_update - DAY
    assert late.produced_at == late.this_update
    ocspd.fault("next-update-past", offset=1)
    assert response(ocspd).next_update == NOW - timedelta(seconds=1)


@proves("next-update-absent")
def test_next_update_absent(ocspd: Ocspd) -> None:
    ocspd.fault("next-update-absent")
    endless = response(ocspd)
    assert (endless.this_update, endless.next_update) == (NOW, None)
    assert ocspd.wait("answer")["next_update"] is None


@proves("next-update-before-this-update")
def test_next_update_before_this_update(ocspd: Ocspd) -> None:
    ocspd.fault("next-update-before-this-update")
    wrong = response(ocspd)
    assert (wrong.this_update, wrong.next_update) == (NOW, NOW - timedelta(hours=1))


@proves("short-validity")
def test_short_validity(ocspd: Ocspd) -> None:
    ocspd.fault("short-validity")
    assert response(ocspd).next_update == NOW + timedelta(seconds=120)
    ocspd.fault("short-validity", seconds=7)
    assert response(ocspd).next_update == NOW + timedelta(seconds=7)


# ----- signature -----


@proves("bad-signature")
def test_bad_signature(ocspd: Ocspd) -> None:
    whole = ocspd.healthy.body
    start = len(whole) - 256  # RSA-2048, and nothing behind it
    for params, index in (({}, -1), ({"octet": 0}, start), ({"octet": -2}, -2)):
        ocspd.fault("bad-signature", **params)
        octets = bytearray(body(ocspd))
        with pytest.raises(InvalidSignature):
            verifies(ocsp.load_der_ocsp_response(bytes(octets)), ocspd.certificate("issuing"))
        octets[index] ^= 0xFF
        assert octets == whole


@proves("signed-by-other-ca")
def test_signed_by_other_ca(ocspd: Ocspd) -> None:
    ocspd.fault("signed-by-other-ca")
    assert response(ocspd, "rogue").certificates == [ocspd.certificate("rogue")]
    ocspd.fault("signed-by-other-ca", signer="root", embedded=False)
    assert response(ocspd, "root").certificates == []


@proves("delegated-signer-missing")
def test_delegated_signer_missing(ocspd: Ocspd) -> None:
    ocspd.fault("delegated-signer-missing")
    missing = response(ocspd, "delegate")
    assert missing.certificates == []
    assert missing.responder_key_hash is not None
    assert missing.responder_key_hash != response(ocspd, "delegate").issuer_key_hash
    ocspd.fault("delegated-signer-missing", form="byName")
    assert response(ocspd, "delegate").responder_name == ocspd.certificate("delegate").subject


@proves("delegated-signer-no-eku")
def test_delegated_signer_no_eku(ocspd: Ocspd) -> None:
    ocspd.fault("delegated-signer-no-eku")
    delegated = response(ocspd, "delegate-no-eku")
    assert delegated.certificates == [ocspd.certificate("delegate-no-eku")]
    ocspd.fault("delegated-signer-no-eku", signer="delegate-wrong-eku")
    assert response(ocspd, "delegate-wrong-eku").certificate_status is OCSPCertStatus.GOOD


@proves("delegated-signer-expired")
def test_delegated_signer_expired(ocspd: Ocspd) -> None:
    ocspd.fault("delegated-signer-expired")
    (signer,) = response(ocspd, "delegate-expired").certificates
    assert signer == ocspd.certificate("delegate-expired")
    assert signer.not_valid_after < NOW


@proves("responder-id-wrong")
def test_responder_id_wrong(ocspd: Ocspd) -> None:
    right = response(ocspd).responder_key_hash
    ocspd.fault("responder-id-wrong")
    assert response(ocspd).responder_key_hash == inverted(right)
    ocspd.fault("responder-id-wrong", form="byName")
    wrong = response(ocspd)
    assert wrong.responder_key_hash is None
    assert wrong.responder_name.rfc4514_string() == "CN=nobody"


# ----- sequences -----


@proves("good-then-revoked")
def test_good_then_revoked(ocspd: Ocspd) -> None:
    good, revoked = OCSPCertStatus.GOOD, OCSPCertStatus.REVOKED
    ocspd.fault("good-then-revoked")
    assert [response(ocspd).certificate_status for _ in range(3)] == [good, revoked, revoked]
    ocspd.fault("good-then-revoked", n=2)
    assert [response(ocspd).certificate_status for _ in range(3)] == [good, good, revoked]


@proves("good-then-error")
def test_good_then_error(ocspd: Ocspd) -> None:
    good = ocspd.healthy.body
    ocspd.fault("good-then-error")
    assert [body(ocspd) for _ in range(4)] == [good, error(3), good, good]
    ocspd.fault("good-then-error", n=2, m=0, status=6)
    assert [body(ocspd) for _ in range(5)] == [good, good, error(6), error(6), error(6)]


def test_a_fault_leaves_an_answer_without_responses_alone(ocspd: Ocspd) -> None:
    """What has nothing to sign or to revoke stays malformedRequest; nothing breaks."""
    for fault in ocspd.control.call("GET", "/v1/faults")["faults"]:
        if fault["layer"] != "ocsp":
            continue
        ocspd.fault(fault["name"])
        wire = ocspd.fetch(get(b"\x30\x00"))
        assert (wire.status, wire.end) == (200, "fin"), fault["name"]
    assert ocspd.events("problem") == []
