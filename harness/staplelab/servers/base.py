"""What the lab asks of a server under test.  nginx is the first one; docs/adding-a-server.md says
how another one comes to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from staplelab.errors import check_word
from staplelab.hosts.base import Running
from staplelab.parts.part import Note
from staplelab.parts.pki import Pki
from staplelab.servers.config import Given
from staplelab.servers.error_log import Line


@dataclass(frozen=True)
class Abilities:
    """What a server can: what a scenario has to know of it, and asks for (`Lab.needs`)."""

    #: who makes it fetch: "clients" that ask for a staple, or nobody but itself ("server")
    fetches_for: str
    #: who keeps what was fetched: each "worker" for itself, the whole "server", or "nobody"
    cache: str
    #: whether `workers`, `only` and the others are there that docs/adding-a-server.md names
    workers: bool
    #: whether it takes another configuration without an end
    reload: bool
    #: whether a new process of its binary can take its place; `pid` is there, then
    upgrade: bool
    #: whether wall time and monotonic time reach it each for itself
    separate_times: bool

    def lacks(self, **wanted: Any) -> str:
        """The first of the wanted abilities that is not there, in words; "" when all are."""
        known = [field.name for field in fields(self)]
        for name, value in wanted.items():
            check_word("ability of a server", name, known)
            if getattr(self, name) != value:
                return f"{name} {value!r}; it has {getattr(self, name)!r}"
        return ""


class Server(Protocol):
    """One server, from its configuration to its end, in the folder of one scenario."""

    can: Abilities
    #: where it takes handshakes: ADDRESS:PORT
    listen: str
    #: the file that it writes while it serves
    log_file: Path
    #: told of what a scenario does to it past the lab (nginx: `only`, `kill_worker`)
    note: Note

    @property
    def started(self) -> bool: ...

    @property
    def running(self) -> Running:
        """Its program; LabError when it was not started."""

    def again(self) -> Server:
        """Another one in the same folder, after this one has ended."""

    # its configuration

    def render(self, configuration: Given, pki: Pki, resolver: str) -> str:
        """The text of its configuration; `resolver` is the name server, ADDRESS:PORT.  NotHere for
        a choice that it does not have."""

    def configure(self, text: str) -> Path:
        """Writes the configuration that the next start or reload reads."""

    # its life

    def start(self, text: str, hosts: Path, *, upgradable: bool = False) -> None:
        """Returns once it serves; LabError, with its words, if it ends instead.  `hosts` is what it
        resolves names with by itself."""

    def refuse(self, text: str, hosts: Path, *, upgradable: bool) -> Sequence[Line]:
        """Starts it, which should end by itself; returns why it does, nothing if it serves."""

    def wake(self) -> None:
        """Returns once it has handled all that has reached it, and has seen the lab clock; it need
        not respond to a client for that."""

    def reload(self, *, wait: bool = True) -> Sequence[Line]:
        """Lets it read its configuration; returns why it refuses it, nothing if it serves by it."""

    def upgrade(self) -> Sequence[Line]:
        """A new process of its binary takes its place; returns why it does not, if it refuses."""

    def quit(self, *, wait: bool = True) -> None:
        """Lets it finish what it has; returns at its end, or once it accepts nobody any more."""

    def stop(self) -> int:
        """Tells it to end; its exit status, 0 if all is well.  LabError if it does not end."""

    def kill(self) -> None:
        """Ends it in whatever state it is, also when it was never started."""

    # what may be amiss

    def has_leaving_workers(self) -> bool:
        """Whether something of it is at work that `wake` does not wait for."""

    def reports(self) -> Sequence[str]:
        """What a sanitizer in it has reported in this scenario: of each report its essence in one
        line that is the same in every run, then its first lines."""

    def crashes(self) -> Sequence[str]:
        """What of it has crashed in this scenario, a sentence each: the same in every run.  Where
        something is on its way out, it waits for that."""

    # what it says

    def log_position(self) -> Sequence[int]:
        """How far its log goes by now, for `log` to begin or to end there."""

    def log(
        self, since: Sequence[int] = (0, 0), up_to: Sequence[int | None] = (None, None)
    ) -> Sequence[Line]:
        """What it has said; a line of level warn or above has to be claimed."""
