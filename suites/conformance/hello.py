"""A ClientHello of TLS 1.2 that is made by hand, and what a server sends back in the clear.

`staple-check` and OpenSSL send no extension that is malformed, or that they do not know.
As a program: `hello.py HOST:PORT HEX` sends the octets and prints what came, in hexadecimal, up to
a ServerHelloDone, an alert, or the end of the connection.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass

SERVER_NAME, STATUS_REQUEST, STATUS_REQUEST_V2 = 0, 5, 17

_HANDSHAKE, _ALERT = 22, 21
_SERVER_HELLO, _CERTIFICATE, _CERTIFICATE_STATUS, _DONE = 2, 11, 22, 14
_MESSAGES = {
    _SERVER_HELLO: "ServerHello",
    _CERTIFICATE: "Certificate",
    12: "ServerKeyExchange",
    13: "CertificateRequest",
    _DONE: "ServerHelloDone",
    _CERTIFICATE_STATUS: "CertificateStatus",
}
#: kernel time; a server that says nothing is a failure
_SECONDS = 10.0


def vector(octets: bytes, size: int) -> bytes:
    """The octets behind their length, as TLS writes it."""
    return len(octets).to_bytes(size, "big") + octets


def status_request(
    responders: bytes = b"", extensions: bytes = b"", status_type: int = 1
) -> bytes:
    """The body of a well-formed status_request (RFC 6066, section 8)."""
    return bytes([status_type]) + vector(responders, 2) + vector(extensions, 2)


def client_hello(
    *extensions: tuple[int, bytes], name: str | None = "www.staplelab.test"
) -> bytes:
    """A record with a ClientHello that has these extensions, and those that a server needs."""
    known = [
        (10, vector(bytes.fromhex("001d0017"), 2)),  # x25519, secp256r1
        (11, vector(b"\0", 1)),  # uncompressed points
        (13, vector(bytes.fromhex("0403080404010501"), 2)),  # ECDSA, RSA-PSS, RSA
    ]
    if name is not None:
        known.insert(0, (SERVER_NAME, vector(b"\0" + vector(name.encode(), 2), 2)))
    listed = b"".join(type_.to_bytes(2, "big") + vector(body, 2) for type_, body in
                      (*known, *extensions))
    body = b"\3\3" + bytes(32) + b"\0"
    body += vector(bytes.fromhex("c02bc02f"), 2)  # ECDHE with ECDSA or RSA, AES-128-GCM
    body += vector(b"\0", 1) + vector(listed, 2)
    message = b"\1" + vector(body, 3)
    chunks = [message[at : at + 16384] for at in range(0, len(message), 16384)]
    return b"".join(bytes([_HANDSHAKE]) + b"\3\1" + vector(chunk, 2) for chunk in chunks)


# ----- what comes back -----


@dataclass(frozen=True)
class Flight:
    """The server's first flight."""

    #: the names of its messages, in their order
    messages: tuple[str, ...]
    #: the extensions of its ServerHello: their types, and their bodies
    extensions: dict[int, bytes]
    #: the response in its CertificateStatus
    staple: bytes | None
    #: the certificate that it sent first, in DER
    leaf: bytes | None
    #: what it alerted of: its description's number
    alert: int | None


def read(octets: bytes) -> Flight:
    """What the octets say."""
    whole, alert = _unwrap(octets)
    extensions: dict[int, bytes] = {}
    staple = leaf = None
    named = []
    for kind, body in _messages(whole):
        named.append(_MESSAGES.get(kind, str(kind)))
        if kind == _SERVER_HELLO:
            extensions = _extensions(body)
        elif kind == _CERTIFICATE:
            leaf = body[6 : 6 + int.from_bytes(body[3:6], "big")]
        elif kind == _CERTIFICATE_STATUS:
            assert body[0] == 1, f"a CertificateStatus of type {body[0]}"
            assert int.from_bytes(body[1:4], "big") == len(body) - 4
            staple = body[4:]
    return Flight(tuple(named), extensions, staple, leaf, alert)


def _unwrap(octets: bytes) -> tuple[bytes, int | None]:
    """The handshake messages in the records, and an alert where there is one."""
    handshake = b""
    while len(octets) >= 5:
        kind, length = octets[0], int.from_bytes(octets[3:5], "big")
        body, octets = octets[5 : 5 + length], octets[5 + length :]
        if len(body) < length:
            break
        if kind == _ALERT:
            return handshake, body[1]
        if kind == _HANDSHAKE:
            handshake += body
    return handshake, None


def _messages(octets: bytes) -> list[tuple[int, bytes]]:
    found = []
    while len(octets) >= 4:
        length = int.from_bytes(octets[1:4], "big")
        if len(octets) < 4 + length:
            break
        found.append((octets[0], octets[4 : 4 + length]))
        octets = octets[4 + length :]
    return found


def _extensions(hello: bytes) -> dict[int, bytes]:
    rest = hello[35 + hello[34] + 3 :][2:]  # version, random, session id, cipher, compression
    found = {}
    while rest:
        length = int.from_bytes(rest[2:4], "big")
        found[int.from_bytes(rest[:2], "big")] = rest[4 : 4 + length]
        rest = rest[4 + length :]
    return found


def _exchange(address: str, octets: bytes) -> bytes:
    host, _, port = address.rpartition(":")
    got = b""
    with socket.create_connection((host.strip("[]"), int(port)), _SECONDS) as connection:
        connection.sendall(octets)
        while True:
            whole, alert = _unwrap(got)
            if alert is not None or any(kind == _DONE for kind, _ in _messages(whole)):
                return got
            more = connection.recv(65536)
            if not more:
                return got
            got += more


if __name__ == "__main__":
    print(_exchange(sys.argv[1], bytes.fromhex(sys.argv[2])).hex())
