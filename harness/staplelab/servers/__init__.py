"""The server under test: what it is, its configuration, its process, its log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from staplelab.errors import LabError, check_word
from staplelab.hosts.base import Host
from staplelab.servers import sut
from staplelab.servers.base import Server
from staplelab.servers.sut import ServerUnderTest


@dataclass(frozen=True)
class Kind:
    """One of the servers that the lab knows."""

    #: asks a program what it is; LabError when it is none of this kind
    probe: Callable[[str], ServerUnderTest]
    #: makes one for a scenario: its host, what it is, the scenario's folder
    make: Callable[[Host, ServerUnderTest, Path], Server]


def _probe_nginx(path: str) -> ServerUnderTest:
    return sut.probe(sut.find(path))


def _nginx(host: Host, server: ServerUnderTest, folder: Path) -> Server:
    from staplelab.servers.nginx import Nginx  # not needed before there is a scenario

    return Nginx(host, server, folder)


#: by the name that --server gives them; docs/adding-a-server.md
KINDS: dict[str, Kind] = {"nginx": Kind(_probe_nginx, _nginx)}


def make(host: Host, server: ServerUnderTest, folder: Path) -> Server:
    """The server of one scenario, which is not started yet."""
    return KINDS[server.name].make(host, server, folder)


def probe(
    host: str, nginx: str | None, image: str | None, other: str | None = None
) -> ServerUnderTest:
    """The server that the options name; LabError when they name none that can staple."""
    if other is not None and (nginx or image or host != "local"):
        raise LabError("--server NAME=PATH goes with --host local, and with no other server")
    if host == "docker":
        if nginx:
            raise LabError("--nginx PATH goes with --host local; name an --nginx-image instead")
        # slow to import, and the local host does without it
        from staplelab.hosts import containers

        image = image or containers.DEFAULT_IMAGE
        said = containers.say_version(image)
        server = sut.read_version(image, said, partial(containers.holds, image))
        sut.check_age(server)
        return server
    if image:
        raise LabError("--nginx-image goes with --host docker")
    if other is not None:
        return _probe_other(other)
    return sut.probe(sut.find(nginx))


def _probe_other(given: str) -> ServerUnderTest:
    name, equals, path = given.partition("=")
    if not equals or not path:
        raise LabError(f"--server {given}: write it as NAME=PATH")
    check_word("server", name, KINDS)
    return KINDS[name].probe(path)
