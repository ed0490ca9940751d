"""DNS messages octet by octet (RFC 1035, section 4.1), for the fault "message-octets": what no
program sends that is in its right mind.  The ID is not among the octets, the name server adds it."""

from __future__ import annotations

import ipaddress
from typing import Any

A, CNAME, SOA, PTR, TXT, AAAA, SRV, DNAME = 1, 5, 6, 12, 16, 28, 33, 39
#: QR, RD and RA
RESPONSE = 0x8180
#: where the name of the question is; the root's one octet of it
QUESTION = 12


def name(text: str) -> bytes:
    """A name without a pointer."""
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def pointer(at: int) -> bytes:
    return (0xC000 | at).to_bytes(2, "big")


def number(value: int, octets: int = 2) -> bytes:
    return value.to_bytes(octets, "big")


def address(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def record(
    rrtype: int,
    data: bytes,
    *,
    owner: bytes = pointer(QUESTION),
    ttl: int = 300,
    rrclass: int = 1,
    length: int | None = None,
) -> bytes:
    """One record; `length` is what it claims to hold."""
    claimed = len(data) if length is None else length
    return owner + number(rrtype) + number(rrclass) + number(ttl, 4) + number(claimed) + data


def question(qname: str | bytes, qtype: int = A, qclass: int = 1) -> bytes:
    asked = name(qname) if isinstance(qname, str) else qname
    return asked + number(qtype) + number(qclass)


def message(
    asked: bytes,
    *records: bytes,
    flags: int = RESPONSE,
    questions: int = 1,
    answers: int | None = None,
    behind: bytes = b"",
) -> bytes:
    """A whole message but for its ID; `answers` is how many records it claims to have."""
    counts = number(questions) + number(len(records) if answers is None else answers)
    return number(flags) + counts + b"\0\0\0\0" + asked + b"".join(records) + behind


def fault(octets: bytes, **more: Any) -> dict[str, Any]:
    """The entry of a rule that sends this."""
    return {"fault": "message-octets", "octets": octets.hex(), **more}
