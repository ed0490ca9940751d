"""The driver's side of the launcher (harness/runtime/launcher_main.c): programs in a container.

Descriptors and clocks cross the border of a container, for both sides share one kernel.
"""

from __future__ import annotations

import os
import re
import select
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from staplelab import processes
from staplelab.errors import LabError
from staplelab.hosts.base import Listener
from staplelab.waiting import BOUND_SECONDS

_KILLED = 137


class Launched:
    """A program in a container; it lives no longer than our connection to its launcher."""

    def __init__(self, connection: socket.socket, stdout: IO[str] | None, init: int) -> None:
        self._connection = connection
        self._stdout = stdout
        self._init = init
        self._status: int | None = None
        #: processes that the program left over when it ended by itself
        self.left = 0
        self._inner_pid = int(self._next("pid"))

    def _next(self, word: str) -> str:
        """The rest of the next message, which begins with that word."""
        ready, _, _ = select.select([self._connection], [], [], BOUND_SECONDS)
        text = self._connection.recv(256).decode() if ready else ""
        first, _, rest = text.partition(" ")
        if first != word:
            raise LabError(f"the launcher says {text!r} instead of {word!r}")
        return rest

    @property
    def pid(self) -> int:
        """The process id as this side of the container's border sees it."""
        for pid in _descendants(self._init):
            if _inner_pid(pid) == self._inner_pid:
                return pid
        raise LabError("the program has ended")

    def read_line(self) -> str:
        assert self._stdout is not None
        ready, _, _ = select.select([self._stdout], [], [], BOUND_SECONDS)
        return self._stdout.readline() if ready else ""

    def signal(self, number: int) -> None:
        self._connection.send(f"signal {number}".encode())

    def poll(self) -> int | None:
        if self._status is None:
            self._listen(0)
        return self._status

    def wait(self, bound: float) -> int:
        if self._status is None:
            self._listen(bound)
        if self._status is None:
            raise LabError(f"the program did not end within {bound:g} s")
        return self._status

    def _listen(self, bound: float) -> None:
        """Takes what the launcher says until the program has ended or the bound is over."""
        while select.select([self._connection], [], [], bound)[0]:
            text = self._connection.recv(256).decode()
            word, _, number = text.partition(" ")
            if word == "left":
                self.left = int(number)
            elif word == "exit":
                self._status = int(number)
                return
            elif not text:  # the container is gone
                self._status = _KILLED
                return

    def kill(self) -> None:
        if self.poll() is None:
            # half closed: the launcher takes it for the end, and tells when it has ended all
            self._connection.shutdown(socket.SHUT_WR)
            self.wait(BOUND_SECONDS)


class Launcher:
    """A connection to the launcher of one container, held for as long as the container lives."""

    def __init__(self, path: Path, init: int) -> None:
        self._path = path
        #: the first process of the container, as this side of its border sees it
        self._init = init
        self._lease = _connect(path)

    def start(
        self,
        argv: Sequence[str],
        *,
        variables: Sequence[str],
        stderr: Path,
        listeners: Sequence[Listener],
        read_stdout: bool,
    ) -> Launched:
        words = [f"listen={one.descriptor},{one.address},{one.port}" for one in listeners]
        message = b"".join(word.encode() + b"\0" for word in (*words, *variables, *argv))
        connection = _connect(self._path)
        stdout: IO[str] | None = None
        if read_stdout:
            reading, writing = os.pipe()
            stdout = os.fdopen(reading)
        else:
            writing = os.open(os.devnull, os.O_WRONLY)
        try:
            with stderr.open("ab") as log:
                socket.send_fds(connection, [message], [writing, log.fileno()])
        finally:
            os.close(writing)
        return Launched(connection, stdout, self._init)

    def run(self, argv: Sequence[str], output: Path) -> tuple[int, str]:
        """Runs a program to its end; its exit status and what it printed (by way of a file)."""
        output.write_bytes(b"")
        connection = _connect(self._path)
        with output.open("ab") as file:
            message = b"".join(word.encode() + b"\0" for word in argv)
            socket.send_fds(connection, [message], [file.fileno(), file.fileno()])
        status = Launched(connection, None, self._init).wait(BOUND_SECONDS)
        connection.close()
        return status, output.read_text()

    def close(self) -> None:
        """Ends the launcher, and its container with it."""
        self._lease.close()


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(str(path))
    return connection


def _descendants(pid: int) -> list[int]:
    """All descendants of a process."""
    found = []
    waiting = [pid]
    while waiting:
        children = processes.children(waiting.pop())
        found += children
        waiting += children
    return found


def _inner_pid(pid: int) -> int | None:
    """What a process is numbered inside its container."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    match = re.search(r"^NSpid:.*\s(\d+)$", status, re.MULTILINE)
    return int(match[1]) if match else None
