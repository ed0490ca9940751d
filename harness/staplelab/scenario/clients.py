"""The clients of a scenario: handshakes, and other programs that ask the server something."""

from __future__ import annotations

from pathlib import Path

from staplelab.hosts.base import Finished
from staplelab.parts import client
from staplelab.parts.client import Handshake
from staplelab.parts.pki import Certificate
from staplelab.scenario.lifecycle import Lifecycle
from staplelab.scenario.world import World


class Clients(Lifecycle):
    """What a scenario's clients do, and what they see."""

    def __init__(self, world: World, folder: Path, profile: str) -> None:
        super().__init__(world, folder, profile)
        self.handshakes: list[Handshake] = []
        #: how many clients were run
        self._clients = 0

    def handshake(self, *options: str, name: str = "www.staplelab.test") -> Handshake:
        """One TLS handshake that asks for a staple (unless told otherwise by staple-check's
        options); the last one when the options make several."""
        return self.handshakes_of(*options, name=name)[-1]

    def handshakes_of(self, *options: str, name: str = "www.staplelab.test") -> list[Handshake]:
        done = self.staple_check(*options, name=name)
        seen = client.read(done)
        self.handshakes += seen
        for one in seen:
            self._note("handshake", **one.observed(), reason=one.reason)
        return seen

    def staple_check(self, *options: str, name: str = "www.staplelab.test") -> Finished:
        """Runs staple-check against nginx and returns it as it ended."""
        self._clients += 1
        _ = self.nginx.running  # without it nobody would accept, and the client wait in vain
        trusted = next(c.trusted for c in self.pki.certificates.values() if c.trusted)
        words = ("--servername", name, "--trusted", str(trusted), *options, self.nginx.listen)
        return self._world.client.run(*words)

    def run(self, *argv: str) -> Finished:
        """Runs another program on the lab clock (openssl, to compare with)."""
        self._clients += 1
        self._note("run", program=argv[0])
        return self._world.host.run(argv, variables=self._world.host.client_variables())

    def certificate(self, name: str = "www") -> Certificate:
        return self.pki.certificates[name]
