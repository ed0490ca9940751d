"""DNS messages octet by octet, so that tests hold the stub to the wire and not to a library."""

from __future__ import annotations

import ipaddress
import struct

A, CNAME, SOA, AAAA = 1, 5, 6, 28

QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
#: the flags of a healthy answer to a query with RD
ANSWER = QR | AA | RD | RA

NAME_AT = 12


def name(text: str) -> bytes:
    """An uncompressed name."""
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def pointer(offset: int) -> bytes:
    return struct.pack("!H", 0xC000 | offset)


def header(
    ident: int, flags: int, qd: int = 1, an: int = 0, ns: int = 0, ar: int = 0
) -> bytes:
    return struct.pack("!6H", ident, flags, qd, an, ns, ar)


def question(text: str, rrtype: int, rrclass: int = 1) -> bytes:
    return name(text) + struct.pack("!HH", rrtype, rrclass)


def query(text: str, rrtype: int = A, ident: int = 0x1234) -> bytes:
    """What nginx sends: RD, one question, no EDNS."""
    return header(ident, RD) + question(text, rrtype)


def record(owner: bytes, rrtype: int, ttl: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", rrtype, 1, ttl, len(data)) + data


def address(value: str, ttl: int = 300, owner: bytes = pointer(NAME_AT)) -> bytes:
    """An A or AAAA record, owned by the name of the question unless told otherwise."""
    packed = ipaddress.ip_address(value).packed
    return record(owner, A if len(packed) == 4 else AAAA, ttl, packed)


def negative(text: str, rrtype: int, flags: int, ident: int = 0x1234, ttl: int = 60) -> bytes:
    """An answer without records but with the SOA record of the zone one label up."""
    start = header(ident, flags, ns=1) + question(text, rrtype)
    fixed = 2 + 10  # a pointer as owner; type, class, TTL, RDLENGTH
    invalid_at = len(start) + fixed + len(b"\x02ns")
    data = name("ns.invalid") + b"\x0ahostmaster" + pointer(invalid_at)
    data += struct.pack("!5I", 1, 3600, 600, 86400, 60)
    zone_at = NAME_AT + 1 + len(text.split(".")[0])
    return start + record(pointer(zone_at), SOA, ttl, data)
