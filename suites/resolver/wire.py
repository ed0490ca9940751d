"""DNS messages octet by octet (RFC 1035, section 4.1), for the fault "message-octets": what no
program sends that is in its right mind.  The name server puts the ID before the octets."""

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


# ----- the other way round -----


def query(qname: str, qtype: int, ident: int) -> bytes:
    """A query with RD, and no EDNS, as nginx sends it."""
    return number(ident) + message(question(qname, qtype), flags=0x0100)


def read(octets: bytes) -> tuple[int, list[tuple[str, int, int, bytes]]]:
    """The response code, and the records of the answer section: owner, type, TTL, data (of an
    alias its target, without pointers), sorted."""
    rcode, count = octets[3] & 0x0F, int.from_bytes(octets[6:8], "big")
    _, at = _read_name(octets, QUESTION)
    at += 4
    records = []
    for _ in range(count):
        owner, at = _read_name(octets, at)
        rrtype, ttl = int.from_bytes(octets[at : at + 2], "big"), octets[at + 4 : at + 8]
        end = at + 10 + int.from_bytes(octets[at + 8 : at + 10], "big")
        data = octets[at + 10 : end]
        if rrtype == CNAME:
            data = _read_name(octets, at + 10)[0].encode()
        records.append((owner, rrtype, int.from_bytes(ttl, "big"), data))
        at = end
    return rcode, sorted(records)


def _read_name(octets: bytes, at: int) -> tuple[str, int]:
    """The name there, and where it ends."""
    labels, end = [], 0
    while octets[at]:
        if octets[at] >= 0xC0:
            end = end or at + 2
            at = int.from_bytes(octets[at : at + 2], "big") & 0x3FFF
            continue
        labels.append(octets[at + 1 : at + 1 + octets[at]].decode())
        at += 1 + octets[at]
    return ".".join(labels), end or at + 1
