"""What an experiment stands on: a lab with one configuration, and one visitor of one of its sites.

The seam between the twin of a configuration and what is done to it: an experiment opens a scene,
begins, and visits.  It does not know how the configuration was rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NoReturn, Protocol

from staplelab.drill.model import CertificateAtSite, TwinSite
from staplelab.errors import NotHere
from staplelab.parts.background import Client
from staplelab.parts.client import Handshake, read
from staplelab.scenario.lab import Lab

#: the context of what nginx says of a fetch
_FAILED = "while requesting certificate status"


@dataclass(frozen=True)
class Visitor:
    """Somebody who shakes hands with one site and gets one of its certificates."""

    #: where it takes connections: ADDRESS:PORT
    at: str
    #: the words of staple-check beside that: --servername, --trusted, --sigalgs
    options: tuple[str, ...]
    #: of the server's certificate, as the responder knows it
    serial: str
    #: the words with which it presents a certificate of its own
    client: tuple[str, ...] = ()


class Drilled(Lab):
    """A lab without a scenario: what holds for every scenario is not asked of it."""

    def visit(self, visitor: Visitor, *more: str) -> Handshake:
        """One visit; `more` are further words of staple-check."""
        self._unseen = True
        return read(self._world.client.run(*visitor.options, *more, visitor.at))[-1]

    def waiting(self, visitor: Visitor, *more: str) -> Client:
        """A visitor who waits for what `more` asks for, while the clock moves."""
        self._unseen = True
        host = self._world.host
        words = (*visitor.options, *more, visitor.at)
        made = Client(
            "a visitor", host.tool("staple-check"), host.client_variables(), words, None, _unheard
        )
        self.clients.append(made)
        return made

    @property
    def elapsed(self) -> int:
        """Lab seconds since the beginning."""
        return round(self._world.clock.elapsed)

    def arrivals(self) -> int:
        """What has come to the parts by the last settle."""
        return sum(len(part.events(part.arrival_kind)) for part in self._faulty_servers)

    def open_exchanges(self) -> int:
        """Connections to responders that have not ended."""
        return sum(
            len(part.events("accept")) - len(part.events("close"))
            for part in self._faulty_servers
            if part is not self.stub
        )

    def failures(self) -> list[str]:
        """What the server has said of fetches that came to nothing."""
        return [
            line.text
            for line in self.nginx.log()
            if _FAILED in line.text and line.level != "warn"  # it has no resolver, and goes on
        ]

    def not_applicable(self, reason: str) -> NoReturn:
        """An experiment that cannot be done here; the others can."""
        raise NotHere(reason)

    def move_responder(self, names: Sequence[str], role: str) -> None:
        """The responder is at its other address from now on, and its names lead there."""
        self.kill("responder")
        self.revive("responder", only=role)
        for name in names:
            self.stub.record(name, "A", self.address(role))


class Scene(Protocol):
    """One certificate of one site of one configuration, as often as it takes."""

    site: TwinSite
    certificate: CertificateAtSite
    #: how many the original has
    workers: int

    @property
    def signers(self) -> Mapping[str, str]:
        """Ids of those that may sign beside the authority: "delegate", "stranger"."""

    def open(self) -> Drilled:
        """A lab as new, at the beginning of its time; the server is not started."""

    def begin(self, lab: Drilled, workers: int = 1) -> Visitor:
        """Starts the server with so many workers, and says who visits it."""

    def visitor(self, lab: Drilled) -> Visitor:
        """Who visits this site; another scene of the same configuration may have begun."""

    def restart(self, lab: Drilled) -> Visitor:
        """Ends the server and starts it anew, with one worker; says who visits it then."""

    def renewed(self, lab: Drilled) -> AbstractContextManager[Visitor | None]:
        """While it lasts, the files of the certificate hold the next one, from a new intermediate;
        who is to be visited after a reload then.  None: there is no such certificate."""

    def close(self, lab: Drilled) -> None:
        """Ends whatever there is of it."""


class Ground(Protocol):
    """What all scenes of one configuration stand on, in one process."""

    def scene(self, site: TwinSite, certificate: CertificateAtSite) -> Scene:
        """That of one certificate at one site."""

    def close(self) -> None:
        """Ends all that was started for it."""


def _unheard(what: str, /, **details: object) -> None:
    pass
