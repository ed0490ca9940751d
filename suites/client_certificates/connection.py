"""Connections for what staple-check does not do: several requests in one, over HTTP/1.1 or HTTP/2,
and many connections at once.

They are made by the driver itself, and see no lab clock: nothing here looks at the time."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator

from staplelab.parts.pki import Certificate
from staplelab.waiting import BOUND_SECONDS

_DATA, _HEADERS, _SETTINGS, _GOAWAY = 0, 1, 4, 7
_END_STREAM, _ACK, _END_HEADERS = 0x1, 0x1, 0x4
#: HPACK (RFC 7541, appendix A): the statuses that nginx sends as one octet
_STATUSES = {0x88: 200, 0x89: 204, 0x8C: 400}


def connect(where: str, name: str, mine: Certificate, protocol: str = "http/1.1") -> ssl.SSLSocket:
    """A connection whose handshake is over."""
    address, _, port = where.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(mine.chain or mine.file, mine.private_key)
    context.set_alpn_protocols([protocol])
    plain = socket.create_connection((address, int(port)), BOUND_SECONDS)
    return context.wrap_socket(plain, server_hostname=name)


def request(name: str, connection: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: {connection}\r\n\r\n".encode()


def response(tls: ssl.SSLSocket) -> str:
    """One response of HTTP/1.1: its status and its body, or "closed"."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        octets += (more := tls.recv(65536))
        if not more:
            return "closed"
    head, _, body = octets.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    while len(body) < int(fields["content-length"]):
        body += tls.recv(65536)
    return f"{lines[0].split()[1]} {body.decode()}"


def one_after_the_other(tls: ssl.SSLSocket, name: str, count: int) -> Iterator[str]:
    for _ in range(count):
        try:
            tls.sendall(request(name, "keep-alive"))
            yield response(tls)
        except (ConnectionError, ssl.SSLError):
            yield "closed"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def frames(tls: ssl.SSLSocket) -> Iterator[tuple[int, int, int, bytes]]:
    """The frames that the server sends, until it closes."""
    octets = b""
    while True:
        while len(octets) < 9 or len(octets) < 9 + int.from_bytes(octets[:3], "big"):
            try:
                more = tls.recv(65536)
            except (ConnectionError, ssl.SSLError):
                more = b""
            if not more:
                return
            octets += more
        length = int.from_bytes(octets[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", octets[3:9])
        yield kind, flags, stream, octets[9 : 9 + length]
        octets = octets[9 + length :]


def all_at_once(tls: ssl.SSLSocket, name: str, count: int) -> Iterator[str]:
    """HTTP/2: :method GET, :scheme https, :path /, and the name as :authority."""
    assert tls.selected_alpn_protocol() == "h2", "the server does not speak HTTP/2"
    block = b"\x82\x87\x84\x01" + bytes([len(name)]) + name.encode()
    streams = [2 * one + 1 for one in range(count)]
    asked = [frame(_HEADERS, _END_STREAM | _END_HEADERS, one, block) for one in streams]
    tls.sendall(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(_SETTINGS, 0, 0) + b"".join(asked)
    )
    status = dict.fromkeys(streams, 0)
    body = dict.fromkeys(streams, b"")
    waiting = set(streams)
    for kind, flags, stream, payload in frames(tls):
        if kind == _SETTINGS and not flags & _ACK:
            tls.sendall(frame(_SETTINGS, _ACK, 0))
        elif kind == _HEADERS:
            status[stream] = _STATUSES[payload[0]]
        elif kind == _DATA:
            body[stream] += payload
        elif kind == _GOAWAY:
            break
        if kind in (_HEADERS, _DATA) and flags & _END_STREAM:
            waiting.discard(stream)
        if not waiting:
            break
    for one in streams:
        yield "closed" if one in waiting else f"{status[one]} {body[one].decode()}"
