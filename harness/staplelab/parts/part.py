"""A part: a program that runs beside the server under test, and what the lab asks of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staplelab import untrusted
from staplelab.errors import LabError
from staplelab.hosts.base import Host, Running
from staplelab.hosts.network import Target

Event = dict[str, Any]
#: is told what a scenario does, in a word, with its details
Note = Callable[..., None]


def unheard(what: str, /, **details: Any) -> None:
    """Between scenarios nobody takes notes."""


class NotStarted(LabError):
    """A part's program has ended instead of serving; `words` is what it said last."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"{name} did not start: {words}")
        self.words = words


@dataclass
class Process:
    """The program of a part as it runs now."""

    running: Running
    log: Path

    def last_words(self) -> str:
        """The last line that it wrote to its standard error."""
        lines = untrusted.read(self.log).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


class Part(ABC):
    """What every part can do, whatever its program is.

    A part that is `silent` (paused or killed) is asked nothing.
    """

    def __init__(self, name: str, host: Host) -> None:
        """`name`: its role on the host, and its name in a scenario and in the timeline."""
        self.name = name
        self.silent = False
        #: told of all that a scenario does to the part; a scenario's lab gives its own
        self.note: Note = unheard
        self._host = host
        self._process: Process | None = None
        self._events: list[Event] = []
        #: how many of them `new_events` has handed out
        self._handed_out = 0

    # ----- its program -----

    @property
    def folder(self) -> Path:
        """Where its control socket and its log are."""
        return self._host.folder

    @property
    def running(self) -> Running:
        if self._process is None:
            raise LabError(f"{self.name} does not run")
        return self._process.running

    def last_words(self) -> str:
        return self._process.last_words() if self._process else "it said nothing"

    def pause(self) -> None:
        """Stops it in its tracks; its kernel goes on to respond for it."""
        self.note("pause", part=self.name)
        self._host.pause(self.name, self.running)
        self.silent = True

    def resume(self) -> None:
        self.note("resume", part=self.name)
        self._host.resume(self.name, self.running)
        self.silent = False

    def kill(self) -> None:
        """Ends it at once; its events up to now should have been collected."""
        self.note("kill", part=self.name)
        if self._process is not None:
            self._process.running.kill()
        self.silent = True

    @abstractmethod
    def revive(self, only: str | None = None) -> None:
        """Starts a killed part again, as it was, or listening on the address of `only` alone; notes
        that (`_note_revival`)."""

    def _note_revival(self, only: str | None) -> None:
        self.note("revive", part=self.name, **({} if only is None else {"only": only}))

    # ----- rest -----

    @abstractmethod
    def quiet(self) -> int:
        """Waits until it owes nobody anything that it could do now; returns a number that is
        another one whenever it has done something since."""

    def wake(self) -> None:
        """Makes it notice that the lab clock was moved."""

    # ----- what it saw -----

    def collect(self) -> None:
        """Makes `events` know all that has happened up to now."""

    def new_events(self) -> list[Event]:
        """The collected events that this has not returned before."""
        new = self._events[self._handed_out :]
        self._handed_out += len(new)
        return new

    def events(self, kind: str | None = None) -> list[Event]:
        """The events of this scenario, as far as they were collected (at every settle)."""
        return [event for event in self._events if kind is None or event["kind"] == kind]

    def observed(self) -> dict[str, Any]:
        """What of it goes into the results: nothing that differs from run to run."""
        return {}

    def findings(self) -> list[str]:
        """What is wrong at the end of a scenario, one sentence each."""
        return []

    # ----- where it is -----

    @abstractmethod
    def target(self) -> Target:
        """Where the server reaches it: what a fault of the network lies towards."""

    def resolver(self, listener: str | None = None) -> str:
        """ADDRESS:PORT as nginx's `resolver` takes it, of one of its listeners; LabError when it
        is no name server."""
        raise LabError(f"{self.name} is no name server")

    # ----- from one scenario to the next -----

    def reset(self) -> None:
        """As new: what a scenario finds."""
        self.note = unheard
        self._events.clear()
        self._handed_out = 0

    def close(self) -> None:
        """Lets go of it; its program ends with the host."""
