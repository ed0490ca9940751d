"""What nginx makes of a response, octet by octet: the rows of a table.

Observed on nginx 1.22.1; the rules are in ngx_resolver_process_response, _process_a and _copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from suites.resolver.wire import (
    AAAA,
    CNAME,
    DNAME,
    PTR,
    QUESTION,
    RESPONSE,
    SRV,
    TXT,
    A,
    message,
    name,
    pointer,
    question,
    record,
)

#: what comes of it: the response is ignored and the query repeated after 5 s; it is taken; the
#: look-up fails at once, by it and the other one; it is neither taken nor asked for again, so that
#: the look-up times out
IGNORED, TAKEN, FAILS, LOST = "ignored", "taken", "fails", "lost"
NOT_FOUND = "{host} could not be resolved (3: Host not found)"
SHORT = "short DNS response"
OUT = "name is out of DNS response"
_LOOP = "compression pointers loop in DNS response"
#: the longest name that there is
LONGEST = ".".join("a" * 127)
NO_ADDRESS = "no A or CNAME types in DNS response"


@dataclass(frozen=True)
class Asked:
    """The query that is answered, and the addresses that a right response would have."""

    host: str
    four: bytes
    six: bytes

    @property
    def question(self) -> bytes:
        return question(self.host)

    @property
    def own(self) -> bytes:
        """The right record."""
        return record(A, self.four)

    @property
    def behind(self) -> int:
        """Where the answer section begins."""
        return QUESTION + len(self.question)


@dataclass(frozen=True)
class Message:
    """A response to a query, and what nginx makes of it."""

    id: str
    octets: Callable[[Asked], bytes]
    #: whole lines of level error; {host} is the one that was asked for
    log: tuple[str, ...] = ()
    result: str = IGNORED
    #: the versions of nginx that do so; the others are not shown it
    versions: str = ""
    #: the query that it answers; the other one is answered well
    qtype: str = "A"
    #: the names that are asked for thereafter, in the order of the queries
    asks: tuple[str, ...] = ()


def flags(value: int, *log: str, result: str = IGNORED) -> Message:
    """The right response, but for its flags."""
    return Message(
        f"flags-{value:04x}", lambda q: message(q.question, q.own, flags=value), log, result
    )


def invalid(value: int) -> Message:
    return flags(value, f"invalid UDP DNS response N fl:{value:04X}")


HEADER = (
    # QR, the bits of the opcode, Z, AD and CD
    *(invalid(RESPONSE ^ bit) for bit in (0x8000, 0x4000, 0x2000, 0x1000, 0x0800)),
    *(invalid(RESPONSE ^ bit) for bit in (0x0040, 0x0020, 0x0010)),
    # AA, RD and RA do not matter
    flags(0x8000, result=TAKEN),
    flags(0x8580, result=TAKEN),
    flags(RESPONSE | 1, 'DNS error (1: Format error), query id:N, name:"{host}"'),
    flags(RESPONSE | 6, "DNS error (6: Unknown error), query id:N"),
    flags(RESPONSE | 15, "DNS error (15: Unknown error), query id:N"),
    Message("eleven-octets", lambda q: b"\x81\x80" + bytes(7), (SHORT,)),
    Message("twelve-octets", lambda q: message(b""), (SHORT,)),
    Message(
        "no-question",
        lambda q: message(b"", q.own, questions=0),
        ("invalid number of questions in DNS response",),
    ),
    *(
        Message(
            f"questions-{count}",
            lambda q, count=count: message(q.question, q.own, questions=count),  # type: ignore
            ("invalid number of questions in DNS response",),
        )
        for count in (2, 257)
    ),
    # an error is taken without a look at what follows
    Message(
        "format-error-of-twelve-octets",
        lambda q: message(b"", flags=RESPONSE | 1, questions=0),
        ('DNS error (1: Format error), query id:N, name:"{host}"',),
    ),
)

_POINTER = "unexpected compression pointer in DNS response"


def asking(id_: str, asked: Callable[[Asked], bytes], *log: str, **more: str) -> Message:
    """The right response, but for its question."""
    return Message(id_, lambda q: message(asked(q), q.own), log, **more)


QUESTIONS = (
    asking("pointer", lambda q: question(pointer(QUESTION)), _POINTER, versions=">=1.21.0"),
    asking("label-type-01", lambda q: question(b"\x40"), _POINTER, versions=">=1.21.0"),
    asking("label-type-10", lambda q: question(b"\x80"), _POINTER, versions=">=1.21.0"),
    asking("root", lambda q: question(b"\0"), "zero-length domain name in DNS response"),
    Message("name-runs-out", lambda q: message(name(q.host)[:-1]), (SHORT,)),
    Message("label-runs-out", lambda q: message(b"\x3fa"), (SHORT,)),
    Message("no-type", lambda q: message(name(q.host) + b"\0\1\0"), (SHORT,)),
    asking("txt", lambda q: question(q.host, TXT), "unknown query type 16 in DNS response"),
    asking("type-257", lambda q: question(q.host, 257), "unknown query type 257 in DNS response"),
    asking(
        "aaaa",
        lambda q: question(q.host, AAAA),
        "wrong ident N in DNS response for {host}, expect N",
    ),
    asking("srv", lambda q: question(q.host, SRV), "unexpected DNS response for {host}"),
    asking(
        "ptr",
        lambda q: question(q.host, PTR),
        "invalid in-addr.arpa or ip6.arpa name in DNS response",
    ),
    asking("class-3", lambda q: question(q.host, A, 3), "unknown query class 3 in DNS response"),
    asking(
        "class-257", lambda q: question(q.host, A, 257), "unknown query class 257 in DNS response"
    ),
    asking(
        "other-name", lambda q: question("other.test"), "unexpected DNS response for other.test"
    ),
    asking(
        "parent",
        lambda q: question(q.host.partition(".")[2]),
        "unexpected DNS response for staplelab.test",
    ),
    asking("upper-case", lambda q: question(q.host.upper()), result=TAKEN),
    asking("labels-128", lambda q: question(f"{LONGEST}.a"), _LOOP),
    Message("claims-a-record", lambda q: message(q.question, answers=1), (SHORT,)),
    Message("claims-two-records", lambda q: message(q.question, q.own, answers=2), (SHORT,)),
    Message("claims-256-records", lambda q: message(q.question, q.own, answers=256), (SHORT,)),
    Message(
        "more-than-claimed", lambda q: message(q.question, q.own, q.own, answers=1), result=TAKEN
    ),
    Message(
        "octets-behind", lambda q: message(q.question, q.own, behind=b"\xff" * 9), result=TAKEN
    ),
)


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
    alias("pointer-to-itself", lambda q: pointer(_data(q)), _LOOP),
    alias(
        "pointer-to-its-label", lambda q: b"\1a" + pointer(_data(q)), _LOOP
    ),
    # CVE-2021-23017: a label, and a pointer to the octet that ends a name
    alias(
        "pointer-to-an-end",
        lambda q: b"\x0f" + X15.encode() + pointer(q.behind - 5),
        asks=(X15,),
    ),
    # the longest name that there is; one label more is taken for a loop
    alias("labels-127", lambda q: name(LONGEST), asks=(LONGEST,)),
    alias("labels-128", lambda q: name(f"{LONGEST}.a"), _LOOP),
)
