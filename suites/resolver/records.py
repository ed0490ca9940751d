"""What nginx makes of the records of a response, octet by octet: the rows of a table.

Observed on nginx 1.22.1; the rules are in ngx_resolver_process_a and ngx_resolver_copy.
"""

from __future__ import annotations

from collections.abc import Callable

from suites.resolver.messages import (
    FAILS,
    LONGEST,
    LOOP,
    LOST,
    NOT_FOUND,
    SHORT,
    TAKEN,
    Asked,
    Message,
)
from suites.resolver.wire import (
    AAAA,
    CNAME,
    DNAME,
    QUESTION,
    TXT,
    A,
    message,
    name,
    pointer,
    question,
    record,
)

OUT = "name is out of DNS response"
NO_ADDRESS = "no A or CNAME types in DNS response"


def answer(id_: str, of: Callable[[Asked], bytes], *log: str, **more: str) -> Message:
    """A response with this in its answer section."""
    return Message(id_, lambda q: message(q.question, of(q)), log, **more)


def both(id_: str, of: Callable[[Asked], bytes], *log: str, **more: str) -> Message:
    """A response with this, then the right record."""
    return Message(id_, lambda q: message(q.question, of(q), q.own), log, **more)


_TXT = "unexpected RR type 16 in DNS response"


def _long(asked: Asked, octets: int) -> bytes:
    """A message of so many octets, with its ID; the address is at its end."""
    rest = octets - 2 - len(message(asked.question, record(TXT, b""), asked.own))
    return message(asked.question, record(TXT, bytes(rest)), asked.own)


def six(id_: str, of: Callable[[Asked], bytes], *log: str, **more: str) -> Message:
    """A response to the query for AAAA."""
    asked = lambda q: message(question(q.host, AAAA), of(q))  # noqa: E731
    return Message(f"six-{id_}", asked, log, qtype="AAAA", **more)


_BAD_AAAA = "invalid AAAA record in DNS response"
_BAD_A = "invalid A record in DNS response"

RECORDS = (
    answer(
        "class-3", lambda q: record(A, q.four, rrclass=3), "unexpected RR class 3 in DNS response"
    ),
    answer(
        "class-257",
        lambda q: record(A, q.four, rrclass=257),
        "unexpected RR class 257 in DNS response",
    ),
    answer("a-of-0", lambda q: record(A, b"") + bytes(4), _BAD_A),
    answer("a-of-3", lambda q: record(A, q.four[:3]) + bytes(4), _BAD_A),
    answer("a-of-5", lambda q: record(A, q.four + b"\0") + bytes(4), _BAD_A),
    answer("a-of-260", lambda q: record(A, q.four, length=260), _BAD_A),
    answer("a-cut", lambda q: record(A, q.four[:3], length=4), SHORT),
    answer("aaaa", lambda q: record(AAAA, q.six), "unexpected AAAA record in DNS response"),
    both("aaaa-before", lambda q: record(AAAA, q.six), "unexpected AAAA record in DNS response"),
    answer(
        "owner-root",
        lambda q: record(A, q.four, owner=b"\0") + b"\0",
        "invalid name in DNS response",
    ),
    answer("owner-runs-out", lambda q: b"\x3f" + bytes(11), SHORT),
    answer("head-cut", lambda q: record(A, b"", owner=name("abc"))[:-1], SHORT),
    answer("head-whole", lambda q: record(TXT, b""), SHORT),
    answer("owner-whole", lambda q: record(A, q.four, owner=name(q.host)), result=TAKEN),
    answer("owner-short", lambda q: record(A, q.four, owner=name("a")), result=TAKEN),
    answer("owner-of-another", lambda q: record(A, q.four, owner=name("other.test")), result=TAKEN),
    answer("owner-of-label-type-01", lambda q: record(A, q.four, owner=b"\x40\0"), result=TAKEN),
    answer(
        "txt",
        lambda q: record(TXT, b"\1a"),
        "unexpected RR type 16 in DNS response",
        NO_ADDRESS,
        NOT_FOUND,
        result=FAILS,
    ),
    both(
        "txt-before",
        lambda q: record(TXT, b"\1a"),
        "unexpected RR type 16 in DNS response",
        result=TAKEN,
    ),
    both(
        "type-257-before",
        lambda q: record(257, b"\1a"),
        "unexpected RR type 257 in DNS response",
        result=TAKEN,
    ),
    answer(
        "dname", lambda q: record(DNAME, name("other.test")), NO_ADDRESS, NOT_FOUND, result=FAILS
    ),
    both("dname-before", lambda q: record(DNAME, name("other.test")), result=TAKEN),
    both("alias-before", lambda q: record(CNAME, name("other.test")), result=TAKEN),
    both(
        "long-before",
        lambda q: record(TXT, b"\xff" * 300),
        "unexpected RR type 16 in DNS response",
        result=TAKEN,
    ),
    # as much as nginx reads of a datagram, and an octet more
    Message("octets-4096", lambda q: _long(q, 4096), (_TXT,), TAKEN),
    Message("octets-4097", lambda q: _long(q, 4097), (_TXT, SHORT)),
    both(
        "too-long-before",
        lambda q: record(TXT, b"\1a", length=3000),
        "unexpected RR type 16 in DNS response",
        SHORT,
    ),
)

FAMILY_OF_AAAA = (
    six("a", lambda q: record(A, q.four), "unexpected A record in DNS response"),
    six("aaaa-of-0", lambda q: record(AAAA, b"") + bytes(16), _BAD_AAAA),
    six("aaaa-of-15", lambda q: record(AAAA, q.six[:15]) + bytes(16), _BAD_AAAA),
    six("aaaa-of-17", lambda q: record(AAAA, q.six + b"\0"), _BAD_AAAA),
    six("aaaa-of-4", lambda q: record(AAAA, q.four) + bytes(16), _BAD_AAAA),
    six("aaaa-cut", lambda q: record(AAAA, q.six[:15], length=16), SHORT),
    six(
        "class-3", lambda q: record(AAAA, q.six, rrclass=3), "unexpected RR class 3 in DNS response"
    ),
    Message(
        "six-asked-for-a",
        lambda q: message(q.question, record(AAAA, q.six)),
        ("unexpected DNS response for {host}",),
        qtype="AAAA",
    ),
)

X15 = "x" * 15


def _data(asked: Asked) -> int:
    """Where the data of a first record is."""
    return asked.behind + 12


def alias(id_: str, target: Callable[[Asked], bytes], *log: str, **more: object) -> Message:
    """A response that says: it is an alias of that."""
    more = {"result": TAKEN if "asks" in more else LOST, **more}

    def octets(asked: Asked) -> bytes:
        return message(asked.question, record(CNAME, target(asked)))

    return Message(id_, octets, log, **more)  # type: ignore


_TARGET = "target.staplelab.test"
_LABEL_TYPE = "invalid label type in DNS response"

ALIASES = (
    alias("whole", lambda q: name(_TARGET), asks=(_TARGET,)),
    # nginx knows it by now
    alias("upper-case", lambda q: name(_TARGET.upper()), asks=()),
    # the label, then the parent of the question's name
    alias("pointer", lambda q: b"\6target" + pointer(QUESTION + 1 + q.host.index(".")), asks=()),
    alias("root", lambda q: b"\0", NOT_FOUND, result=FAILS),
    alias("pointer-out", lambda q: pointer(0x3FFF), OUT),
    alias("pointer-just-out", lambda q: pointer(_data(q) + 2), OUT),
    alias("pointer-cut", lambda q: b"\xc0", OUT, versions=">=1.21.0"),
    alias("label-out", lambda q: b"\x3fa", OUT),
    alias("end-out", lambda q: b"\1a", OUT),
    alias("label-type-01", lambda q: b"\1a\x40\0", _LABEL_TYPE, versions=">=1.21.0"),
    alias("label-type-10", lambda q: b"\1a\x80\0", _LABEL_TYPE, versions=">=1.21.0"),
    alias("pointer-to-itself", lambda q: pointer(_data(q)), LOOP),
    alias(
        "pointer-to-its-label", lambda q: b"\1a" + pointer(_data(q)), LOOP
    ),
    # CVE-2021-23017: a label, and a pointer to the octet that ends a name
    alias(
        "pointer-to-an-end",
        lambda q: b"\x0f" + X15.encode() + pointer(q.behind - 5),
        asks=(X15,),
    ),
    # the longest name that there is; one label more is taken for a loop
    alias("labels-127", lambda q: name(LONGEST), asks=(LONGEST,)),
    alias("labels-128", lambda q: name(f"{LONGEST}.a"), LOOP),
)
