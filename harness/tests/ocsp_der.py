"""OCSP responses octet by octet, so that each of them can be wrong in one place."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
BASIC = bytes.fromhex("06092b0601050507300101")
HASHES = {
    "sha1": bytes.fromhex("06052b0e03021a"),
    "sha224": bytes.fromhex("0609608648016503040204"),
    "sha256": bytes.fromhex("0609608648016503040201"),
    "sha384": bytes.fromhex("0609608648016503040202"),
    "sha512": bytes.fromhex("0609608648016503040203"),
}
GOOD = b"\x80\x00"
UNKNOWN = b"\x82\x00"


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def time(seconds: int) -> bytes:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return tlv(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = bytes([40 * first + second])
    for number in rest:
        digits = [number & 127]
        while number := number >> 7:
            digits.insert(0, 128 | number & 127)
        out += bytes(digits)
    return tlv(0x06, out)


def extension(dotted: str, critical: bool = False, value: bytes = b"\x04\x00") -> bytes:
    return tlv(0x30, oid(dotted), b"\x01\x01\xff" if critical else b"", tlv(0x04, value))


def revoked(seconds: int, reason: int | None = None) -> bytes:
    why = b"" if reason is None else tlv(0xA0, bytes([0x0A, 1, reason]))
    return tlv(0xA1, time(seconds), why)


def name_of(certificate: x509.Certificate) -> bytes:
    return certificate.subject.public_bytes()


def key_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


@dataclass(frozen=True)
class Single:
    """One SingleResponse; what is None is left out, or is the leaf's."""

    serial: bytes | None = None
    name: bytes | None = None
    key: bytes | None = None
    hash: str = "sha1"
    status: bytes = GOOD
    this_update: int = -3600
    next_update: int | None = 3600
    extensions: Sequence[bytes] = ()


@dataclass(frozen=True)
class Plan:
    """A response; times are offsets from `at`."""

    leaf: x509.Certificate
    issuer: x509.Certificate
    signer: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    at: int
    singles: Sequence[Single] = (Single(),)
    by_name: bool = False
    named: x509.Certificate | None = None
    embedded: Sequence[bytes] = ()
    produced_at: int = -3600
    version: bytes = b""
    extensions: Sequence[bytes] = ()
    signature_flaw: int = 0
    type: bytes = BASIC
    status: bytes = b"\x0a\x01\x00"

    def but(self, **changes: object) -> Plan:
        return replace(self, **changes)  # type: ignore[arg-type]


def _single(plan: Plan, one: Single) -> bytes:
    def digest(octets: bytes) -> bytes:
        return tlv(0x04, hashlib.new(one.hash, octets).digest())

    serial = plan.leaf.serial_number
    number = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    cert_id = tlv(
        0x30,
        tlv(0x30, HASHES[one.hash], b"\x05\x00"),
        digest(one.name or name_of(plan.issuer)),
        digest(one.key or key_of(plan.issuer)),
        tlv(0x02, one.serial or number),
    )
    until = b"" if one.next_update is None else tlv(0xA0, time(plan.at + one.next_update))
    more = tlv(0xA1, tlv(0x30, *one.extensions)) if one.extensions else b""
    return tlv(0x30, cert_id, one.status, time(plan.at + one.this_update), until, more)


def encode(plan: Plan) -> bytes:
    named = plan.named or plan.signer
    identity = (
        tlv(0xA1, name_of(named))
        if plan.by_name
        else tlv(0xA2, tlv(0x04, hashlib.sha1(key_of(named)).digest()))
    )
    more = tlv(0xA1, tlv(0x30, *plan.extensions)) if plan.extensions else b""
    data = tlv(
        0x30,
        plan.version,
        identity,
        time(plan.at + plan.produced_at),
        tlv(0x30, *(_single(plan, one) for one in plan.singles)),
        more,
    )
    signature = plan.key.sign(data, ec.ECDSA(hashes.SHA256()))
    flawed = signature[:-1] + bytes([signature[-1] ^ plan.signature_flaw])
    certificates = tlv(0xA0, tlv(0x30, *plan.embedded)) if plan.embedded else b""
    basic = tlv(0x30, data, ECDSA_SHA256, tlv(0x03, b"\0", flawed), certificates)
    return tlv(0x30, plan.status, tlv(0xA0, tlv(0x30, plan.type, tlv(0x04, basic))))
