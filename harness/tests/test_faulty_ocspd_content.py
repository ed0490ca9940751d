"""What faulty-ocspd's faults write into a response, judged by a library of other people's, with
RSA keys.  Fault by fault the octets are held by responders/ocsp/tests/test_exchange.c."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ReasonFlags, ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponse
from ocspd import Ocspd, healthy_head, mint, ocsp_request, proof, proves, running, verifies

from staplelab.parts.clock import EPOCH

NOW = datetime.fromtimestamp(EPOCH, UTC).replace(tzinfo=None)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocspd]:
    folder = tmp_path_factory.mktemp("ocspd")
    with running(folder, mint(folder), "--listen", "127.0.0.1:0") as started:
        yield started


@pytest.fixture
def ocspd(program: Ocspd, request: pytest.FixtureRequest) -> Iterator[Ocspd]:
    yield from proof(program, request.function)


def response(ocspd: Ocspd, signer: str = "issuing") -> OCSPResponse:
    """A response that is well formed and has a good signature of the signer."""
    wire = ocspd.fetch()
    assert (wire.status, wire.end) == (200, "fin")
    assert wire.headers("Content-Type") == ["application/ocsp-response"]
    assert wire.headers("Content-Length") == [str(len(wire.body))]
    decoded = ocsp.load_der_ocsp_response(wire.body)
    verifies(decoded, ocspd.certificate(signer))
    return decoded


@pytest.mark.parametrize("repeated", range(2))
def test_healthy_responses_are_the_same_each_time(ocspd: Ocspd, repeated: int) -> None:
    wire = ocspd.fetch()
    assert wire == ocspd.healthy
    assert wire.head == healthy_head(ocspd)
    healthy = response(ocspd)
    assert healthy.certificate_status is OCSPCertStatus.GOOD
    assert (healthy.this_update, healthy.next_update, healthy.produced_at) == (NOW, NOW + DAY, NOW)


REVOKED, UNKNOWN = OCSPCertStatus.REVOKED, OCSPCertStatus.UNKNOWN
Fields = Callable[[OCSPResponse], Any]


@pytest.mark.parametrize(
    ("fault", "params", "fields", "expected"),
    [
        (
            "cert-status-revoked",
            {},
            lambda r: (r.certificate_status, r.revocation_time, r.revocation_reason),
            (REVOKED, NOW - HOUR, None),
        ),
        (
            "cert-status-revoked-with-reason",
            {"reason": 6},
            lambda r: (r.certificate_status, r.revocation_reason),
            (REVOKED, ReasonFlags.certificate_hold),
        ),
        ("cert-status-unknown", {}, lambda r: r.certificate_status, UNKNOWN),
        ("wrong-serial", {"serial": "0x80:00"}, lambda r: r.serial_number, 0x8000),
        (
            "this-update-future",
            {},
            lambda r: (r.this_update, r.next_update),
            (NOW + HOUR, NOW + HOUR + DAY),
        ),
        (
            "next-update-past",
            {},
            lambda r: (r.this_update, r.next_update, r.produced_at),
            (NOW - HOUR - DAY, NOW - HOUR, NOW - HOUR - DAY),
        ),
        ("next-update-absent", {}, lambda r: r.next_update, None),
        ("next-update-before-this-update", {}, lambda r: r.next_update, NOW - HOUR),
        ("short-validity", {"seconds": 7}, lambda r: r.next_update, NOW + timedelta(seconds=7)),
        (
            "responder-id-wrong",
            {"form": "byName"},
            lambda r: r.responder_name.rfc4514_string(),
            "CN=nobody",
        ),
    ],
)
def test_a_library_reads_what_was_written(
    ocspd: Ocspd, fault: str, params: dict[str, Any], fields: Fields, expected: Any
) -> None:
    ocspd.fault(fault, **params)
    assert fields(response(ocspd)) == expected
    assert ocspd.wait("response")["faults"] == [fault]


@proves("cert-id-hash-other")
def test_cert_id_hash_other(ocspd: Ocspd) -> None:
    ocspd.fault("cert-id-hash-other", alg="sha384")
    other = response(ocspd)
    # recomputed rightly: it is the CertID of a request in that algorithm
    asked = ocsp.load_der_ocsp_request(ocsp_request(ocspd.pki, "www", hashes.SHA384()))
    assert other.hash_algorithm.name == asked.hash_algorithm.name
    assert other.issuer_name_hash == asked.issuer_name_hash
    assert other.issuer_key_hash == asked.issuer_key_hash
    assert other.serial_number == asked.serial_number


@proves("bad-signature")
def test_bad_signature(ocspd: Ocspd) -> None:
    whole = ocspd.healthy.body
    start = len(whole) - 256  # RSA-2048, and nothing behind it
    for params, index in (({}, -1), ({"octet": 0}, start), ({"octet": -2}, -2)):
        ocspd.fault("bad-signature", **params)
        octets = bytearray(ocspd.fetch().body)
        with pytest.raises(InvalidSignature):
            verifies(ocsp.load_der_ocsp_response(bytes(octets)), ocspd.certificate("issuing"))
        octets[index] ^= 0xFF
        assert octets == whole


@pytest.mark.parametrize(
    ("fault", "params", "signer", "embedded"),
    [
        ("signed-by-other-ca", {}, "rogue", True),
        ("signed-by-other-ca", {"signer": "root", "embedded": False}, "root", False),
        ("delegated-signer-missing", {}, "delegate", False),
        ("delegated-signer-no-eku", {}, "delegate-no-eku", True),
        ("delegated-signer-no-eku", {"signer": "delegate-wrong-eku"}, "delegate-wrong-eku", True),
        ("delegated-signer-expired", {}, "delegate-expired", True),
    ],
)
def test_another_signs(
    ocspd: Ocspd, fault: str, params: dict[str, Any], signer: str, embedded: bool
) -> None:
    ocspd.fault(fault, **params)
    signed = response(ocspd, signer)
    assert signed.certificates == ([ocspd.certificate(signer)] if embedded else [])
    assert signed.responder_key_hash is not None
    assert ocspd.wait("response")["faults"] == [fault]


def test_faults_of_different_things_compose(ocspd: Ocspd) -> None:
    faults = ["signed-by-other-ca", "cert-status-revoked", "content-type-wrong", "fixed-latency"]
    ocspd.rules({"sequence": [{"do": [{"fault": fault} for fault in faults]}]})
    peer = ocspd.ask()
    assert ocspd.wait("held")["faults"] == ["fixed-latency"]
    assert peer.has_nothing()
    ocspd.elapse(2)
    wire = peer.drain()
    decoded = ocsp.load_der_ocsp_response(wire.body)
    verifies(decoded, ocspd.certificate("rogue"))
    assert decoded.certificate_status is REVOKED
    assert wire.headers("Content-Type") == ["text/html"]
    assert ocspd.wait("request")["planned"] == faults
    assert ocspd.wait("response")["faults"] == faults[:3]
