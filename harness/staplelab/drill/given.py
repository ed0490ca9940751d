"""The twin's configuration file, as a lab starts it (`lab.start(given=...)`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from staplelab.drill.rewrite import LAB, Rewritten
from staplelab.drill.statements import Statement, written
from staplelab.parts.pki import Pki
from staplelab.servers import config
from staplelab.servers.sut import ServerUnderTest


@dataclass
class GivenTwin:
    """A `servers.config.Given`: the twin with so many workers."""

    rewritten: Rewritten
    workers: int = 1
    log_level: str = "info"
    upgradable: bool = False
    #: the statement behind each line of the text that was rendered last; None: the lab's own
    lines: list[Statement | None] = field(default_factory=list)

    def __str__(self) -> str:
        return f"twin with workers={self.workers}"

    def render(
        self,
        *,
        pki: Pki,
        folder: Path,
        user: str,
        listen: str,
        barrier: str,
        resolver: str,
        server: ServerUnderTest,
        clock: Sequence[str],
    ) -> str:
        """The configuration file, with the barrier's server{} and the lab's own folders."""
        statements = list(self._main(folder, user, server, clock))
        statements.append(_block("events", self.rewritten.events))
        old = any(one.name == "ssl" for one in self.rewritten.http)
        http = [*_http(folder, barrier, server, old), *self.rewritten.http]
        statements.append(_block("http", http))
        if self.rewritten.stream:
            statements.append(_block("stream", self.rewritten.stream))
        lines = list(written(statements))
        self.lines = [None if one.place == LAB else one for _, one in lines]
        return "".join(f"{text}\n" for text, _ in lines)

    def _main(
        self, folder: Path, user: str, server: ServerUnderTest, clock: Sequence[str]
    ) -> Iterator[Statement]:
        if self.rewritten.stream and (module := server.module_file("stream")):
            yield _own("load_module", module)
        yield _own("daemon", "on" if self.upgradable else "off")
        if user:
            yield _own("user", user)
        yield _own("worker_processes", str(self.workers))
        yield _own("pid", f"{folder}/nginx.pid")
        yield _own("error_log", f"{folder}/error.log", self.log_level)
        for name in (*config.VARIABLES, *clock):
            yield _own("env", name)
        yield from self.rewritten.main


def _http(
    folder: Path, barrier: str, server: ServerUnderTest, ssl: bool
) -> Iterator[Statement]:
    """What the lab needs there; `ssl`: every server{} has TLS unless it says otherwise."""
    temp = str(folder / "temp")
    yield _own("access_log", "off")
    yield _own("client_body_temp_path", temp)
    for store in config.STORES:
        if server.has(f"http_{store}_module"):
            yield _own(f"{store}_temp_path", temp)
    inside = (
        _own("listen", barrier),
        _own("add_header", "Worker", "$pid"),
        _own("keepalive_timeout", "0"),
        _own("try_files", "/nothing", "=204"),
        *([_own("ssl", "off")] if ssl else []),
    )
    yield Statement("server", (), LAB, inside)


def _own(name: str, *words: str) -> Statement:
    return Statement(name, words, LAB)


def _block(name: str, inside: Sequence[Statement]) -> Statement:
    return Statement(name, (), LAB, tuple(inside))
