"""What a suite's table is made of: one fault, what the standard makes of it, what nginx does.

A `Case` holds in every situation (situation.py): which staple the standard asks for is derived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What a client gets once all has ended, and what it concludes from it."""

    #: a staple: "old": the good one that was there before; "new": of the response in question;
    #: "none".  Where its own certificate is asked about, the client is "accepted" or "refused".
    got: str
    verdict: str

    def __str__(self) -> str:
        return f"{self.got}, {self.verdict}"


def new(verdict: str) -> Outcome:
    """The response is stapled, and this is what a client makes of it."""
    return Outcome("new", verdict)


NONE = Outcome("none", "NO_STAPLE")
OLD = Outcome("old", "GOOD")
NEW = new("GOOD")
#: what the standard asks for when a good staple is there and a response comes: any of these
KEEPS = (OLD,)
TAKES = (NEW,)
ENDS = (NONE, new("REVOKED"))


@dataclass(frozen=True)
class Behaviour:
    """What nginx does with a fault, and logs.  The numbers are those of one fetch."""

    #: its lines of level error: each once, or each with how often it comes
    log: tuple[str, ...] | Mapping[str, int] = ()
    #: what comes of it when a good staple is there; None: what the standard asks for first
    outcome: Outcome | None = None
    #: the id of that deviation in the register
    deviation: str | None = None
    #: connections to the responder
    connections: int = 1
    #: connections that nobody accepts, at first and after each step
    refused: int = 0
    #: queries of all types
    queries: int = 2
    #: lab seconds after which it goes on, step by step: nginx gives up, or the response is complete
    elapse: tuple[float, ...] = ()
    #: its connections come after these steps, not before
    late: bool = False
    #: octets of the new staple, where they are not all that the responder has sent
    octets: int | None = None
    #: the responder has another address: whether its response is "taken", asked for "in vain", or
    #: "never" asked for
    next_address: str = "never"
    #: lines that the other address adds
    next_log: tuple[str, ...] = ()
    #: a client's certificate is asked about: its lines of level error, where they are others; each
    #: once
    client_log: tuple[str, ...] | None = None
    #: why that client is refused; None: it gets no response, for nginx waits until it gives it up
    refusal: str | None = "certificate status request failed"

    def lines(self) -> dict[str, int]:
        """What is logged, and how often."""
        return dict(self.log) if isinstance(self.log, Mapping) else dict.fromkeys(self.log, 1)


def logs(*lines: str, **more: Any) -> Behaviour:
    """nginx logs these lines, each once; `more` are further members of Behaviour."""
    return Behaviour(lines, **more)


@dataclass(frozen=True)
class Case:
    """One fault with its parameters, and what should come of it."""

    fault: str
    #: what the standard asks for when a good staple is there: it stays (KEEPS), the response takes
    #: its place (TAKES), or it must not be served any more (ENDS)
    asks: tuple[Outcome, ...] = KEEPS
    nginx: Behaviour = Behaviour()
    params: Mapping[str, Any] = field(default_factory=dict)
    match: Mapping[str, str] | None = None
    scope: str = "global"
    #: ssl_stapling_verify; None: as a Site has it
    verify: bool | None = None
    #: the fault itself lets the first request pass
    healthy_first: bool = False
    #: clocks may differ by so much: whoever asks about a certificate may believe the response
    #: (RFC 9919, section 5), though it must not take the place of a good staple
    tolerable: bool = False

    @property
    def id(self) -> str:
        """Unique in a table, and lasting: it is the scenario's name in the results."""
        values = [*(self.match or {}).values(), *self.params.values()]
        words = [self.fault, *(str(value).strip("[]'") for value in values)]
        if self.verify is not None:
            words.append(f"verify-{'on' if self.verify else 'off'}")
        return "-".join(words)

    def choices(self) -> dict[str, Any]:
        """What it asks of nginx's configuration: choices of a Site."""
        return {} if self.verify is None else {"verify": self.verify}

    @property
    def does(self) -> Outcome:
        """What comes of it with an nginx that deviates, if one is known to."""
        return self.nginx.outcome or self.asks[0]


def with_verify(cases: Iterable[Case], *chosen: bool) -> Iterator[Case]:
    """The cases with ssl_stapling_verify off and on (or as chosen); one that has a choice of its
    own stays with that."""
    for case in cases:
        for verify in chosen or (False, True):
            if case.verify in (None, verify):
                yield replace(case, verify=verify)
