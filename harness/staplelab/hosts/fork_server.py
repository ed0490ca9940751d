"""The driver's side of the fork server (harness/runtime/fork_server.c): a program that stands
before its main() and goes on from there, in a child, as often as one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from staplelab.hosts.base import Listener
from staplelab.hosts.launcher import Launched, Launcher, ask


class ForkServer:
    """One program with its arguments and its environment."""

    def __init__(self, door: Path, server: Launched) -> None:
        self._door = door
        self._server = server

    def start(self, stderr: Path, listeners: Sequence[Listener]) -> Launched:
        """The program as `Launcher.start` would start it, but sooner."""
        return ask(self._door, [], stderr=stderr, listeners=listeners)

    def close(self) -> None:
        """Ends what is held, and what was started from it."""
        self._server.kill()


def hold(
    launcher: Launcher,
    library: Path,
    argv: Sequence[str],
    variables: Mapping[str, str],
    folder: Path,
) -> ForkServer | None:
    """Starts a program and holds it before its main(); None where that cannot be done: it has
    threads by then, or takes no notice of what is preloaded (nor would it of the lab clock).

    `library` is fork-server.so; `folder` is a new one, for the socket.
    """
    door = folder / "door"
    preloaded = [str(library), *filter(None, [variables.get("LD_PRELOAD")])]
    mine = {"LD_PRELOAD": ":".join(preloaded), "STAPLELAB_FORK_SERVER": str(door)}
    server = launcher.start(
        argv,
        variables={**variables, **mine},
        stderr=folder / "stderr",
        listeners=(),
        read_stdout=True,
    )
    if server.read_line() != "ready\n":
        server.kill()
        return None
    return ForkServer(door, server)
