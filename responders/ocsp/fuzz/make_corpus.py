"""Writes the seed corpora of the fuzz targets.

    /usr/bin/python3 make_corpus.py [FOLDER (default: where this file is)]

Two runs write the same octets.
"""

from __future__ import annotations

import base64
import pathlib
import sys
import urllib.parse

SHA1 = bytes.fromhex("06052b0e03021a0500")
SHA256 = bytes.fromhex("06096086480165030402010500")
#: how many fuzz_ocsp_exchange.c chooses from
RULES = 12
NONCE = bytes.fromhex("06092b0601050507300102")


def tlv(tag: int, *parts: bytes) -> bytes:
    """One value of less than 256 octets."""
    value = b"".join(parts)
    return bytes([tag, *([0x81] if len(value) > 127 else []), len(value)]) + value


def single(algorithm: bytes, octets: int) -> bytes:
    hashes = tlv(0x04, b"n" * octets), tlv(0x04, b"k" * octets)
    return tlv(0x30, tlv(0x30, tlv(0x30, algorithm), *hashes, b"\x02\x02\x10\x01"))


def request(*parts: bytes, signature: bytes = b"") -> bytes:
    return tlv(0x30, tlv(0x30, *parts), signature)


def main(folder: pathlib.Path) -> None:
    one = request(tlv(0x30, single(SHA1, 20)))
    nonce = tlv(0x30, NONCE, tlv(0x04, tlv(0x04, b"0123456789abcdef")))
    unknown = tlv(0x30, bytes.fromhex("06012a0101ff040178"))
    plain = base64.b64encode(one)
    escaped = urllib.parse.quote(plain, safe="").encode()
    files = {
        "ocsp_request/sha1": one,
        "ocsp_request/sha256-nonce": request(
            tlv(0x30, single(SHA256, 32)), tlv(0xA2, tlv(0x30, nonce))
        ),
        "ocsp_request/all-fields": request(
            tlv(0xA0, b"\x02\x01\x00"),
            tlv(0xA1, b"\x82\x02me"),
            tlv(0x30, single(SHA1, 1), single(SHA256, 1)),
            tlv(0xA2, tlv(0x30, unknown, nonce)),
            signature=tlv(0xA0, tlv(0x30)),
        ),
        "ocsp_request/path-escaped": b"/ocsp/" + escaped,
        "ocsp_request/path-plain": b"/a?b=c/" + plain,
        "ocsp_request/path-slashes": b"/MAcEBf///vvv",
        "http_request/get": b"GET /" + escaped + b" HTTP/1.0\r\nHost: ocsp.staplelab.test\r\n\r\n",
        "http_request/post": b"POST /ocsp HTTP/1.1\r\nHost: h\r\n"
        b"Content-Type: application/ocsp-request\r\nContent-Length: %d\r\n\r\n" % len(one) + one,
        "http_request/line-feeds": b"\r\nGET / HTTP/1.0\nA: b\nHost:x\n\nrest",
        "http_request/refused": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
    }
    several = request(tlv(0x30, single(SHA1, 20), single(SHA256, 32), single(SHA1, 1)),
                      tlv(0xA2, tlv(0x30, nonce)))
    get = b"GET /" + escaped + b" HTTP/1.0\r\n\r\n"
    post = b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(several) + several
    for rule in range(RULES):
        files[f"ocsp_exchange/{rule:02}-get"] = bytes([rule]) + get
        files[f"ocsp_exchange/{rule:02}-post"] = bytes([rule]) + post
    files["ocsp_exchange/method"] = b"\1DELETE / HTTP/1.0\r\n\r\n"
    files["ocsp_exchange/no-http"] = b"\2\x16\3\1\n\n"
    for name, octets in files.items():
        path = folder / f"corpus_{name}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(octets)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
