"""The server under test: what it is, its configuration, its process, its log."""

from __future__ import annotations

from staplelab.errors import LabError
from staplelab.servers import sut
from staplelab.servers.sut import ServerUnderTest


def probe(host: str, nginx: str | None, image: str | None) -> ServerUnderTest:
    """The server that the options name; LabError when they name none that can staple."""
    if host == "docker":
        if nginx:
            raise LabError("--nginx PATH goes with --host local; name an --nginx-image instead")
        # slow to import, and the local host does without it
        from staplelab.hosts import containers

        image = image or containers.DEFAULT_IMAGE
        return sut.read_version(image, containers.say_version(image))
    if image:
        raise LabError("--nginx-image goes with --host docker")
    return sut.probe(sut.find(nginx))
