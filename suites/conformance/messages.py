"""The handshake messages that `openssl s_client -msg` shows, as octets: also those that TLS 1.3
encrypts."""

from __future__ import annotations

import re

#: "<<< TLS 1.3, Handshake [length 0b2c], Certificate", then the octets in hexadecimal
_HEADING = re.compile(r"^<<< TLS 1\.\d, Handshake \[length \w+\], (\w+)$")
_OCTETS = re.compile(r"^\s+((?:[0-9a-f]{2}\s?)+)$")


def handshake_messages(printed: str) -> list[tuple[str, bytes]]:
    """The server's messages: the name of each, and its body."""
    found: list[tuple[str, bytes]] = []
    inside = False
    for line in printed.splitlines():
        if heading := _HEADING.match(line):
            found.append((heading[1], b""))
            inside = True
        elif inside and (octets := _OCTETS.match(line)):
            name, body = found[-1]
            found[-1] = name, body + bytes.fromhex(octets[1])
        else:
            inside = False
    return [(name, whole[4:]) for name, whole in found]


def _listed(octets: bytes) -> dict[int, bytes]:
    """Extensions behind the length of all of them."""
    end = 2 + int.from_bytes(octets[:2], "big")
    rest, found = octets[2:end], {}
    while rest:
        length = int.from_bytes(rest[2:4], "big")
        found[int.from_bytes(rest[:2], "big")] = rest[4 : 4 + length]
        rest = rest[4 + length :]
    return found


def _of_server_hello(body: bytes) -> dict[int, bytes]:
    return _listed(body[35 + body[34] + 3 :])


#: messages with extensions, and how to find them
EXTENSIONS = {"ServerHello": _of_server_hello, "EncryptedExtensions": _listed}


def in_entries(messages: list[tuple[str, bytes]]) -> list[dict[int, bytes]]:
    """The extensions of each CertificateEntry of a TLS 1.3 Certificate."""
    (body,) = [body for name, body in messages if name == "Certificate"]
    rest = body[1 + body[0] :]
    rest = rest[3 : 3 + int.from_bytes(rest[:3], "big")]
    entries = []
    while rest:
        rest = rest[3 + int.from_bytes(rest[:3], "big") :]
        length = int.from_bytes(rest[:2], "big")
        entries.append(_listed(rest))
        rest = rest[2 + length :]
    return entries
