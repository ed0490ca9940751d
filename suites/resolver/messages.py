"""What nginx makes of a response's header and question, octet by octet: the rows of a table.

Observed on nginx 1.22.1; the rules are in ngx_resolver_process_response.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from suites.resolver.wire import (
    AAAA,
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
LOOP = "compression pointers loop in DNS response"
#: the longest name that there is
LONGEST = ".".join("a" * 127)


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
    asking("labels-128", lambda q: question(f"{LONGEST}.a"), LOOP),
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
