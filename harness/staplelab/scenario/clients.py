"""The clients of a scenario: handshakes, and other programs that ask the server something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from staplelab.errors import LabError, StillRunning, check_word
from staplelab.hosts.base import Finished
from staplelab.parts import client
from staplelab.parts.background import Client
from staplelab.parts.client import Handshake
from staplelab.parts.pki import Certificate
from staplelab.scenario.lifecycle import Lifecycle
from staplelab.scenario.world import World
from staplelab.waiting import PROGRAM_SECONDS

_SERVER_NAME = "www.staplelab.test"
_CLOCKS = ("lab", "real")
#: why a program may not have ended
_WHY = {
    "lab": (
        ": it is on the lab clock, which stands still while it runs; one that waits by time is run "
        'with clock="real", or by lab.beside(...) while lab.step(...) moves the clock'
    ),
    "real": "; one that takes longer is given another bound=SECONDS",
}


class Clients(Lifecycle):
    """What a scenario's clients do, and what they see."""

    def __init__(self, world: World, folder: Path, profile: str) -> None:
        super().__init__(world, folder, profile)
        self.handshakes: list[Handshake] = []
        #: the clients in the background, in the order of their start
        self.clients: list[Client] = []
        #: what clients have done: runs, and stages of those in the background
        self._clients = 0

    def handshake(
        self,
        *options: str,
        name: str = _SERVER_NAME,
        certificate: str | None = None,
        at: str | None = None,
    ) -> Handshake:
        """One TLS handshake that asks for a staple (unless told otherwise by staple-check's
        options); the last one when the options make several.

        `certificate`: the id of the certificate that the client presents when it is asked.  `at`:
        ADDRESS:PORT, where a given configuration has sockets of its own."""
        return self.handshakes_of(*options, name=name, certificate=certificate, at=at)[-1]

    def handshakes_of(
        self,
        *options: str,
        name: str = _SERVER_NAME,
        certificate: str | None = None,
        at: str | None = None,
    ) -> list[Handshake]:
        self._catch_up()
        done = self._check(options, name, certificate, at)
        seen = client.read(done)
        self.handshakes += seen
        said = self._said(options, name, certificate)
        for one in seen:
            self._say("handshake", **said, **one.observed(), reason=one.reason)
        self._unseen = True
        return seen

    def staple_check(
        self, *options: str, name: str = _SERVER_NAME, certificate: str | None = None
    ) -> Finished:
        """Runs staple-check against nginx and returns it as it ended."""
        self._note("staple-check", **self._said(options, name, certificate))
        return self._check(options, name, certificate)

    def _check(
        self, options: tuple[str, ...], name: str, certificate: str | None, at: str | None = None
    ) -> Finished:
        self._clients += 1
        return self._world.client.run(*self._words(options, name, certificate, at))

    def _said(
        self, options: tuple[str, ...], name: str, certificate: str | None
    ) -> dict[str, Any]:
        """What was asked of a client, for the timeline: what is not the default."""
        said = {
            "options": self.shared(" ".join(options)),
            "name": "" if name == _SERVER_NAME else name,
            "certificate": certificate,
        }
        return {word: value for word, value in said.items() if value}

    def client(
        self,
        *options: str,
        name: str = _SERVER_NAME,
        certificate: str | None = None,
        until: str | None = None,
    ) -> Client:
        """A client in the background, which waits: for the response to its request ("--get",
        PATH), or until the scenario lets it go on ("--stop-at", STAGE).

        Returns once it has come as far as it waits (`until`: only to that stage) or has ended.  It
        ends with its `with`, its `close()`, or at the end of the scenario."""
        stop_at = _stop_of(options)
        if until is None and stop_at is None and not _has(options, "--get"):
            raise LabError(
                "a client in the background waits for something: --get PATH or --stop-at STAGE"
            )
        number = len(self.clients) + 1
        self._note("client", client=number, **self._said(options, name, certificate))

        def note(what: str, /, **details: Any) -> None:
            self._clients += 1
            self._unseen = True
            at = self._world.clock.elapsed
            self.timeline.add(at, "client", what, client=number, **details)

        made = Client(
            f"client {number} ({' '.join(options)})",
            self._world.host.tool("staple-check"),
            self._world.host.client_variables(),
            self._words(options, name, certificate),
            stop_at,
            note,
        )
        self.clients.append(made)
        made.await_stop(until or stop_at or "request")
        return made

    def _words(
        self, options: tuple[str, ...], name: str, certificate: str | None, at: str | None = None
    ) -> tuple[str, ...]:
        """The command line of staple-check against nginx."""
        _ = self.nginx.running  # without it nobody would accept, and the client wait in vain
        trusted = next((c.trusted for c in self.pki.certificates.values() if c.trusted), None)
        own: tuple[str, ...] = ()
        if certificate is not None:
            mine = self.certificate(certificate)
            own = ("--cert", str(mine.chain or mine.file), "--key", str(mine.private_key))
        judged_by = () if trusted is None or _has(options, "--trusted") else ("--trusted", trusted)
        asked = ("--servername", name) if name else ()
        known = (*asked, *map(str, judged_by), *own)
        return (*known, *options, at or self.nginx.listen)

    def _end_clients(self) -> None:
        """Ends the clients that wait still, each after all that nginx had for it."""
        waiting = [one for one in self.clients if not one.ended]
        if not waiting:
            return
        self.nginx.wake()
        for one in waiting:
            one.close()
        self.nginx.wake()

    def _kill_clients(self) -> None:
        for one in self.clients:
            one.kill()

    def run(
        self, *argv: object, clock: str = "lab", bound: float = PROGRAM_SECONDS
    ) -> Finished:
        """Runs another program to its end (openssl, curl, to compare with); one that has not ended
        by the bound, in real seconds, fails the scenario.

        It is on the lab clock, which stands still while it runs: what it would wait for by time,
        such as `curl --max-time`, never comes.  One that waits by time is run with clock="real", or
        beside, while the scenario moves the clock (`lab.beside`, `Program.wait`)."""
        check_word("clock of a program", clock, _CLOCKS)
        if not argv:
            raise LabError("the command line names no program")
        host, words = self._world.host, [str(word) for word in argv]
        self._clients += 1
        self._note("run", words=self.shared(" ".join(words)))
        variables = host.client_variables() if clock == "lab" else {}
        try:
            return host.run(words, variables=variables, bound=bound)
        except StillRunning as error:
            raise AssertionError(f"lab.run: {error}{_WHY[clock]}") from None

    def certificate(self, name: str = "www") -> Certificate:
        return self.pki.certificates[name]


def _has(options: tuple[str, ...], name: str) -> bool:
    return any(word.partition("=")[0] == name for word in options)


def _stop_of(options: tuple[str, ...]) -> str | None:
    """The stage of --stop-at; None where there is none."""
    for word, following in zip(options, (*options[1:], ""), strict=True):
        name, _, value = word.partition("=")
        if name == "--stop-at":
            return value or following
    return None
