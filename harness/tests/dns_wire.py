"""DNS messages octet by octet, so that tests hold the stub to the wire and not to a library."""

from __future__ import annotations

import ipaddress
import struct

A, AAAA = 1, 28

QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
#: the flags of a healthy response to a query with RD
HEALTHY_FLAGS = QR | AA | RD | RA

NAME_AT = 12


def name(text: str) -> bytes:
    """An uncompressed name."""
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def header(ident: int, flags: int, qd: int = 1, an: int = 0, ar: int = 0) -> bytes:
    return struct.pack("!6H", ident, flags, qd, an, 0, ar)


def question(text: str, rrtype: int, rrclass: int = 1) -> bytes:
    return name(text) + struct.pack("!HH", rrtype, rrclass)


def query(text: str, rrtype: int = A, ident: int = 0x1234) -> bytes:
    """What nginx sends: RD, one question, no EDNS."""
    return header(ident, RD) + question(text, rrtype)


def address(value: str, ttl: int = 300) -> bytes:
    """An A or AAAA record, owned by the name of the question."""
    packed = ipaddress.ip_address(value).packed
    rrtype = A if len(packed) == 4 else AAAA
    return struct.pack("!HHHIH", 0xC000 | NAME_AT, rrtype, 1, ttl, len(packed)) + packed
