"""Any program as a part: a relay, `openssl ocsp -port`, dnsmasq.

Nothing can be asked of it, but the kernel knows whether it is at rest: every thread sleeps, and
none has run since the last look.  What it writes are its events.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from staplelab import processes, untrusted
from staplelab.errors import LabError
from staplelab.hosts.base import Endpoint, Host
from staplelab.hosts.network import Target
from staplelab.parts.part import NotStarted, Part, Process
from staplelab.waiting import BOUND_SECONDS, until


class Program(Part):
    """A program that listens at an endpoint of its own."""

    def __init__(
        self,
        name: str,
        host: Host,
        folder: Path,
        argv: Sequence[str],
        *,
        at: Endpoint | None,
        role: str = "beside",
        protocol: str = "tcp",
    ) -> None:
        """Starts it on the lab clock and returns once it listens `at` that endpoint (None: at
        once); NotStarted when it ends instead.

        `folder`: where its output goes.  `role`: where it runs.
        """
        super().__init__(name, host)
        self.endpoint = at
        self._role = role
        self._protocol = protocol
        self._argv = list(argv)
        self._log = folder / f"beside-{name}.log"
        self._bidden = False
        #: the octets of its output that were collected
        self._read = 0
        self._start()

    def _start(self) -> None:
        running = self._host.start(
            self._role,
            self._argv,
            variables=self._host.part_variables(),
            stderr=self._log,
            log_stdout=True,
        )
        self._process = Process(running, self._log)
        self._bidden = False
        self.silent = False
        if self.endpoint is None:
            return  # whether it has ended well is known at the end
        try:
            until(self._listens_or_has_ended, f"{self.name} to listen at {self.endpoint}")
        except BaseException:
            running.kill()
            raise
        if running.poll() is not None:
            raise NotStarted(self.name, self.last_words())

    def _listens_or_has_ended(self) -> bool:
        if self.running.poll() is not None:
            return True
        assert self.endpoint is not None
        where = (self._protocol, self.endpoint.address, self.endpoint.port)
        try:
            return processes.listens(self.running.pid, *where)
        except LabError:  # it has ended between the two looks
            return True

    # ----- its program -----

    def pause(self) -> None:
        """By a signal: in containers all programs beside live in one, which cannot be paused for
        one of them."""
        self.note("pause", part=self.name)
        pid = self.running.pid
        os.kill(pid, signal.SIGSTOP)
        until(lambda: processes.is_stopped(pid), f"{self.name} to stop")
        self.silent = True

    def resume(self) -> None:
        self.note("resume", part=self.name)
        os.kill(self.running.pid, signal.SIGCONT)
        self.silent = False

    def kill(self) -> None:
        self._bidden = True
        super().kill()

    def revive(self, only: str | None = None) -> None:
        if only is not None:
            raise LabError(f"{self.name} has one address: leave only={only!r} out")
        self._note_revival(only)
        self._start()

    def wait(self, bound: float = BOUND_SECONDS) -> int:
        """Its exit status, once it has ended by itself; LabError past the bound, in real seconds.
        Whoever asks judges it: that it is not 0 fails the scenario no more."""
        status = self.running.wait(bound)
        self._bidden = True
        self.note("wait", part=self.name, status=status)
        return status

    # ----- rest -----

    def quiet(self) -> int:
        """Waits until every thread of it sleeps; returns how often they have run."""
        if self.silent or self.running.poll() is not None:
            return 0
        found: list[int] = []

        def rests() -> bool:
            try:
                count = processes.turns(self.running.pid)
            except LabError:  # it has ended
                count = 0
            found[:] = [] if count is None else [count]
            return bool(found)

        until(rests, f"{self.name} to come to rest (its threads keep running)")
        self.collect()
        return found[0]

    # ----- what it saw -----

    def collect(self) -> None:
        octets = untrusted.read(self._log, self._read)
        ended = self.running.poll() is not None
        whole = len(octets) if ended else octets.rfind(b"\n") + 1
        self._read += whole
        lines = octets[:whole].decode(errors="replace").splitlines()
        self._events += [{"kind": self.shown(line)} for line in lines]

    def shown(self, line: str) -> str:
        """A line of its output as the timeline shows it."""
        return line

    def lines(self, text: str = "") -> list[str]:
        """The lines that it has written in this scenario and that hold this text."""
        self.collect()
        return [event["kind"] for event in self._events if text in event["kind"]]

    def findings(self) -> list[str]:
        status = self.running.poll()
        wrong = [f"{self.name} left behind: {process}" for process in self.running.left]
        if status and not self._bidden:
            wrong.append(f"{self.name} ended with status {status}; it said: {self.last_words()}")
        return wrong

    def target(self) -> Target:
        if self.endpoint is None:
            raise LabError(f"{self.name} listens nowhere")
        return Target(self.endpoint.address, self._protocol, self.endpoint.port)
