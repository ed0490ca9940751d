"""Writes the seed corpora of the fuzz targets, and the certificates that fuzz_verdict judges by.

    /usr/bin/python3 make_corpus.py [FOLDER (default: where this file is)]

All keys are Ed25519 keys made from fixed seeds, whose signatures are deterministic: two runs write
the same octets. harness/tests/test_staple_check_usage.py checks that the committed ones are these.
"""

import datetime
import hashlib
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.utcfromtimestamp(1900000000)
DAY = datetime.timedelta(days=1)

HEADER = """\
/*
 * Written by make_corpus.py: the leaf, its issuer and its issuer's delegate, whose OCSP responses
 * are in corpus_verdict/.
 */
#ifndef STAPLELAB_CORPUS_CERTIFICATES_H
#define STAPLELAB_CORPUS_CERTIFICATES_H

#define CORPUS_NOW INT64_C(1900000000)

"""


def key_of(name):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def certificate(name, serial, issuer, eku=None, more=()):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key_of(name).public_key())
        .serial_number(serial)
        .not_valid_before(NOW - 30 * DAY)
        .not_valid_after(NOW + 30 * DAY)
    )
    if eku is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([eku]), critical=False)
    for extension in more:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key_of(issuer), None)


ISSUER = certificate("issuer", 1, "issuer")
DELEGATE = certificate("delegate", 2, "issuer", ExtendedKeyUsageOID.OCSP_SIGNING)
LEAF = certificate("leaf", 0x1001, "issuer")
RICH = certificate(
    "b\u00fccher, \"x\"", 2**159 - 1, "issuer",
    more=[x509.TLSFeature([x509.TLSFeatureType.status_request])],
)
OTHER = certificate("other", 0x1002, "issuer")

GOOD = {"cert_status": ocsp.OCSPCertStatus.GOOD}
REVOKED = {
    "cert_status": ocsp.OCSPCertStatus.REVOKED,
    "revocation_time": NOW - DAY,
    "revocation_reason": x509.ReasonFlags.key_compromise,
}
UNKNOWN = {"cert_status": ocsp.OCSPCertStatus.UNKNOWN}


def response(
    status, algorithm=hashes.SHA1(), leaf=LEAF, signer=ISSUER, name="issuer", this_update=NOW,
    next_update=NOW + DAY, by=ocsp.OCSPResponderEncoding.HASH, nonce=None,
):
    details = {"revocation_time": None, "revocation_reason": None, **status}
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(leaf, ISSUER, algorithm, this_update=this_update, next_update=next_update,
                      **details)
        .responder_id(by, signer)
    )
    if signer is not ISSUER:
        builder = builder.certificates([signer])
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    der = builder.sign(key_of(name), None).public_bytes(serialization.Encoding.DER)
    return fixed_produced_at(der, name)


def length_of(size):
    if size < 128:
        return bytes([size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits


def tlv(tag, content):
    return bytes([tag]) + length_of(len(content)) + content


def items(data):
    """The DER items of data as (tag, content)."""
    found = []
    while data:
        size, at = data[1], 2
        if size > 127:
            at = 2 + (size & 127)
            size = int.from_bytes(data[2:at], "big")
        found.append((data[0], data[at:at + size]))
        data = data[at + size:]
    return found


def fixed_produced_at(der, name):
    """The library takes producedAt from the clock: set it right and sign again."""
    (_, outer), = items(der)
    status, (_, carrier) = items(outer)
    (_, carried), = items(carrier)
    kind, (_, basic) = items(carried)
    (_, inner), = items(basic)
    (_, data), algorithm, _, *certificates = items(inner)
    fields = [
        (tag, NOW.strftime("%Y%m%d%H%M%SZ").encode()) if tag == 0x18 else (tag, content)
        for tag, content in items(data)
    ]
    data = tlv(0x30, b"".join(tlv(*field) for field in fields))
    signature = tlv(0x03, b"\0" + key_of(name).sign(data))
    rest = b"".join(tlv(*field) for field in certificates)
    basic = tlv(0x30, data + tlv(*algorithm) + signature + rest)
    carrier = tlv(0x30, tlv(*kind) + tlv(0x04, basic))
    return tlv(0x30, tlv(*status) + tlv(0xA0, carrier))


def verdict_corpus():
    good = response(GOOD)
    return {
        "good": good,
        "good-by-name-sha256": response(
            GOOD, hashes.SHA256(), by=ocsp.OCSPResponderEncoding.NAME, nonce=b"0123456789abcdef"
        ),
        "good-by-delegate": response(GOOD, signer=DELEGATE, name="delegate"),
        "revoked": response(REVOKED),
        "unknown": response(UNKNOWN),
        "expired": response(GOOD, this_update=NOW - 2 * DAY, next_update=NOW - DAY),
        "no-next-update": response(GOOD, next_update=None),
        "other-serial": response(GOOD, leaf=OTHER),
        "trailing": good + b"\0\0",
        "try-later": bytes.fromhex("30030a0103"),
        "no-bytes": bytes.fromhex("30030a0100"),
        "html": b"<html>502</html>",
        "empty": b"",
    }


def vector(size, data):
    return len(data).to_bytes(size, "big") + data


def handshake_corpus():
    """The first octet says TLS 1.2 (0) or 1.3 (1); a handshake message follows."""
    def status(data):
        return b"\x01" + vector(3, data)

    def entry(data, extensions):
        return vector(3, data) + vector(2, extensions)

    stapled = entry(b"leaf", b"\0\x12" + vector(2, b"x") + b"\0\x05" + vector(2, status(b"ok")))
    certificates = vector(1, b"") + vector(3, stapled + entry(b"issuer", b""))
    return {
        "status-12": b"\0\x16" + vector(3, status(b"abc")),
        "status-12-empty": b"\0\x16" + vector(3, status(b"")),
        "certificate-13": b"\x01\x0b" + vector(3, certificates),
    }


def clear_flight_corpus():
    """The first octet says how it is cut, and 0x80 that the key exchange is on a curve."""
    def message(kind, body):
        return bytes([kind]) + vector(3, body)

    def records(octets, most):
        return b"".join(b"\x16\x03\x03" + vector(2, octets[at:at + most])
                        for at in range(0, len(octets), most))

    def flight(exchange, status=b"\x01" + vector(3, b"ok"), most=16384):
        return records(message(2, b"hello") + message(11, b"leaf") + message(22, status)
                       + message(12, exchange) + message(14, b""), most)

    curve = b"\x03\x00\x1d" + vector(1, b"point")
    field = vector(2, b"p") + vector(2, b"g") + vector(2, b"y")
    proven = key_of("leaf").sign(bytes(64) + curve)
    large = b"\x01" + vector(3, bytes(16400))
    return {
        "curve": b"\xff" + flight(curve + b"\x08\x07" + vector(2, proven)),
        "field": b"\x7f" + flight(field + b"\x04\x01" + vector(2, b"sig")),
        "small-records": b"\x80" + flight(curve + b"\x04\x03" + vector(2, b"sig"), most=9),
        "large": b"\xff" + flight(curve, large),
        "alert": b"\xff\x15\x03\x03\x00\x02\x02\x70",
        "cut": b"\xff" + flight(curve)[:-4],
        "empty": b"\x80",
    }


def batch_corpus():
    return {
        "words": b'["--tls", "1.3", "--trusted=ca.pem", "127.0.0.1:443"]\n',
        "no-words": b"[]\n",
        "unicode": b'["--servername", "b\\u00fccher.test", "b\xc3\xbccher.test:1"]',
        "number": b"[1]\n",
        "object": b'{"words": ["h:1"]}\n',
        "two-arrays": b'["h:1"] ["h:2"]\n',
        "nul": b'["a\\u0000b"]\n',
        "cut": b'["--tls", "1.',
        "empty": b"",
    }


def get_response_corpus():
    ok = b"HTTP/1.1 200 OK\r\n"
    return {
        "length": b"\x00" + ok + b"Content-Length: 2\r\n\r\nab",
        "to-the-end": b"\x01" + ok + b"\r\nab",
        "chunked": b"\x01" + ok + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        "interim": b"\x00HTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
        "no-body": b"\x00HTTP/1.0 304\r\nContent-Length: 9\r\n\r\n",
        "two-lengths": b"\x00" + ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "interim-without-length": b"\x00HTTP/1.0 152\r\nContent-Length: \r\n\r\n",
        "half-a-head": b"\x01" + ok + b"Content-Le",
        "other": b"\x00SSH-2.0-x\r\n",
        "empty": b"\x01",
    }


def certificate_corpus():
    der = serialization.Encoding.DER
    pem = serialization.Encoding.PEM
    return {
        "leaf.der": LEAF.public_bytes(der),
        "rich.der": RICH.public_bytes(der),
        "rich.pem": RICH.public_bytes(pem),
        "two.pem": b"words\n" + ISSUER.public_bytes(pem) + DELEGATE.public_bytes(pem),
        "damaged.pem": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "encrypted.pem": LEAF.public_bytes(pem).replace(
            b"CERTIFICATE-----\n",
            b"CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
            b"00112233445566778899AABBCCDDEEFF\n\n", 1),
        "no-certificate": b"-----BEGIN NOTHING-----\n-----END NOTHING-----\n",
        "empty": b"",
    }


def pem_string(name, made):
    lines = made.public_bytes(serialization.Encoding.PEM).decode().splitlines()
    text = "\n".join(f'    "{line}\\n"' for line in lines)
    return f"static const char {name}[] =\n{text};\n\n"


def main():
    here = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    for folder, corpus in (
        ("corpus_verdict", verdict_corpus()),
        ("corpus_handshake", handshake_corpus()),
        ("corpus_clear_flight", clear_flight_corpus()),
        ("corpus_batch", batch_corpus()),
        ("corpus_certificate", certificate_corpus()),
        ("corpus_get_response", get_response_corpus()),
    ):
        (here / folder).mkdir(parents=True, exist_ok=True)
        for name, octets in corpus.items():
            (here / folder / name).write_bytes(octets)
    header = HEADER
    header += pem_string("CORPUS_LEAF", LEAF) + pem_string("CORPUS_ISSUER", ISSUER)
    (here / "corpus_certificates.h").write_text(header + "#endif\n")


if __name__ == "__main__":
    main()
