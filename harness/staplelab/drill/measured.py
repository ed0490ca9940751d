"""What the experiments have measured of one certificate at one site: numbers, and no words.

Times are lab seconds, as a site sees them that somebody visits every second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Start:
    """The first visitors after a start or a reload: each worker has a cache of its own."""

    workers: int
    #: how many got no staple before all workers had one; None: they never have
    bare: int | None
    #: what nginx said of the fetches that failed
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Steady:
    """Nothing is wrong."""

    validity: int
    #: from one fetch to the next
    refresh: int | None
    #: seconds without a staple in the time that was watched, after the first one
    bare: int
    watched: int


@dataclass(frozen=True)
class Span:
    """Part of an outage, in seconds from its beginning on: what visitors get."""

    begin: int
    end: int
    stapled: bool


@dataclass(frozen=True)
class Outage:
    """The responder fails for a time, from the best or the worst moment on."""

    #: "best": just after a refresh; "worst": just before one
    moment: str
    length: int
    #: the first second without a staple, from the beginning of the outage on; None: there is none
    lost: int | None
    #: the first second with a staple again, from the end of the outage on; None: it was not lost,
    #: or did not come back while somebody looked
    back: int | None
    #: how long visitors got no staple
    bare: int
    #: what was seen between two visits that are no neighbours, and is not known to the second
    exact: bool
    #: "" or what happened in the middle of it: "reload", "restart"
    within: str = ""
    life: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A fault that meets a server which has no staple yet."""

    name: str
    #: seconds until there is a staple all the same; None: there is none while it lasts
    stapled: int | None
    #: how long a fetch takes until it has failed, and the time from one to the next
    attempt: int | None
    again: int | None
    #: seconds from the end of the fault to the staple; None: there is none
    back: int | None
    #: the first thing that nginx has said of it; "" for nothing
    said: str


@dataclass(frozen=True)
class Revocation:
    """The certificate is revoked just after a refresh."""

    #: seconds until nginx has asked again
    asked: int | None
    #: seconds until visitors see the old GOOD no more
    good_until: int | None
    #: what they see then: "NO_STAPLE", "REVOKED"
    then: str


@dataclass(frozen=True)
class Moved:
    """The responder's name leads to another address, and the old one is dead."""

    #: seconds until nginx has found it there; None: it has not while the staple was valid
    found: int | None
    #: seconds until the staple is lost; None: it is not
    lost: int | None
    watched: int


@dataclass(frozen=True)
class Judged:
    """A response that is unusual: what visitors get of it."""

    name: str
    verdict: str


@dataclass(frozen=True)
class NoName:
    """A reload, or a start, while the OCSP host does not resolve."""

    #: whether the staple is there while the name does not resolve, and a day after it does again
    stapled: bool
    later: bool
    said: str


@dataclass(frozen=True)
class Client:
    """A client with a good certificate of its own, which nginx checks (ssl_ocsp)."""

    #: "healthy", or what is wrong
    name: str
    #: the HTTP status; None: the connection was closed
    status: int | None
    #: whether it is let in
    accepted: bool
    #: how long it waits for that
    waited: int
    #: of one that is let in while nobody can be asked: the first second in which it is so no more,
    #: from its last good answer on; None: that was not looked at, or did not end
    until: int | None = None
    #: why it was refused, in nginx's words; "" for nothing
    said: str = ""


@dataclass
class Measured:
    """All of one class of certificates at sites."""

    start: Start | None = None
    steady: Steady | None = None
    outages: list[Outage] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    revocation: Revocation | None = None
    moved: Moved | None = None
    judged: list[Judged] = field(default_factory=list)
    no_name: NoName | None = None
    clients: list[Client] = field(default_factory=list)
    #: experiments that came to nothing, and why
    undone: dict[str, str] = field(default_factory=dict)

    def add(self, found: object) -> None:
        """Puts one result where it belongs."""
        kinds: Mapping[type, str] = {
            Start: "start",
            Steady: "steady",
            Revocation: "revocation",
            Moved: "moved",
            NoName: "no_name",
        }
        lists: Mapping[type, list[Any]] = {
            Outage: self.outages,
            Failure: self.failures,
            Judged: self.judged,
            Client: self.clients,
        }
        if type(found) in kinds:
            setattr(self, kinds[type(found)], found)
        else:
            lists[type(found)].append(found)

    def in_order(self) -> None:
        """Whoever was done first: the same in every drill."""
        self.outages.sort(key=lambda one: (one.within, one.moment, one.length))
        self.failures.sort(key=lambda one: one.name)
        self.judged.sort(key=lambda one: one.name)
        self.clients.sort(key=lambda one: one.name)

    def outage(self, moment: str, length: int, within: str = "") -> Outage | None:
        return next(
            (
                one
                for one in self.outages
                if (one.moment, one.length, one.within) == (moment, length, within)
            ),
            None,
        )

    def failure(self, name: str) -> Failure | None:
        return next((one for one in self.failures if one.name == name), None)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
