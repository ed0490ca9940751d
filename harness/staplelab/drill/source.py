"""What was read of a configuration, which its twin is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from staplelab.drill.certificate_files import Files
from staplelab.drill.changes import Changes
from staplelab.drill.merged import Server
from staplelab.drill.reading import Reading
from staplelab.servers.sut import ServerUnderTest


@dataclass
class Source:
    """The original."""

    reading: Reading
    sut: ServerUnderTest
    #: by their context, "http" or "stream"
    servers: Mapping[str, Sequence[Server]]
    files: Files
    changes: Changes
    workers: int

    @property
    def has_streams(self) -> bool:
        """Whether the twin has a stream{}: nginx staples there, and something is to be stapled."""
        return any(server.tls for server in self.servers.get("stream", ()))

    @property
    def has_http2(self) -> bool:
        return self.sut.has("http_v2_module")
