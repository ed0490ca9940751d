"""The driver's side of the launcher (harness/runtime/launcher.h), which starts every program
that stays: on this machine, or in a container.

Descriptors and clocks cross the border of a container, for both sides share one kernel.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, BinaryIO

from staplelab import processes
from staplelab.errors import LabError, StillRunning
from staplelab.hosts.base import Finished, Listener
from staplelab.places import new_scratch
from staplelab.waiting import BOUND_SECONDS, PROGRAM_SECONDS, until_ended

#: the descriptor under which the server has the socket of a standard port
DESCRIPTORS = {443: 100, 8080: 101}

_KILLED = 137
#: the descriptor under which a program has a file that it was given, and where that is
_GIVEN = 100
GIVEN = f"/proc/self/fd/{_GIVEN}"
_CANNOT_RUN = "launcher: cannot run "
_LONGEST_LINE = 65536
#: of what a program writes that is run to its end, so much is read
_LONGEST_OUTPUT = 64 << 20


class Launched:
    """A program that the launcher runs; it lives no longer than our connection."""

    def __init__(
        self, connection: socket.socket, stdout: IO[str] | None, init: int | None
    ) -> None:
        self._connection = connection
        self._stdout = stdout
        self._init = init
        self._status: int | None = None
        #: the processes that the program left behind when it ended by itself
        self.left: list[str] = []
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
        """The process id as this side of a container's border sees it."""
        if self.poll() is None:
            if self._init is None:
                return self._inner_pid
            for pid in _descendants(self._init):
                if _inner_pid(pid) == self._inner_pid:
                    return pid
        raise LabError("the program has ended")

    def read_line(self) -> str:
        """What it has written to its standard output by the bound, up to the end of the line."""
        assert self._stdout is not None
        deadline = time.monotonic() + BOUND_SECONDS
        line = b""
        while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._stdout], [], [], left)[0]:
                break
            octet = os.read(self._stdout.fileno(), 1)
            if not octet:
                break
            line += octet
        return line.decode(errors="replace")

    def signal(self, number: int) -> None:
        with contextlib.suppress(OSError):  # it has ended, and the launcher's hold of it with it
            self._connection.send(f"signal {number}".encode())

    def poll(self) -> int | None:
        if self._status is None:
            self._listen(0)
        return self._status

    def wait(self, bound: float) -> int:
        status = self.end_by(bound)
        if status is None:
            raise LabError(f"the program did not end within {bound:g} s")
        return status

    def end_by(self, bound: float) -> int | None:
        """Its exit status as soon as it has one, None past the bound."""
        if self._status is None:
            self._listen(bound)
        return self._status

    def _listen(self, bound: float) -> None:
        """Takes what the launcher says until the program has ended or the bound is over."""
        while select.select([self._connection], [], [], bound)[0]:
            text = self._connection.recv(256).decode()
            word, _, rest = text.partition(" ")
            if word == "left":
                self.left.append(rest)
            elif word == "exit" or not text:  # without a word: the launcher itself is gone
                self._status = int(rest) if text else _KILLED
                self._connection.close()
                return

    def kill(self) -> None:
        if self.poll() is None:
            # half closed: the launcher takes it for the end, and tells when it has ended all
            self._connection.shutdown(socket.SHUT_WR)
            self.wait(BOUND_SECONDS)


class Launcher:
    """A connection to one launcher, which lives as long as this."""

    def __init__(self, door: Path, lease: socket.socket, init: int | None = None) -> None:
        self._door = door
        self._lease = lease
        #: the first process of its container, as this side of the border sees it
        self._init = init
        ready, _, _ = select.select([lease], [], [], BOUND_SECONDS)
        if not ready or lease.recv(256) != b"ready":
            raise LabError("the launcher did not start")

    def start(
        self,
        argv: Sequence[str],
        *,
        variables: Mapping[str, str],
        stderr: Path,
        listeners: Sequence[Listener],
        read_stdout: bool = False,
        log_stdout: bool = False,
    ) -> Launched:
        """Starts a program; a listener that the driver has bound is handed over as it is."""
        words = [
            *map(_socket_word, listeners),
            *(f"{name}={value}" for name, value in variables.items()),
            *argv,
        ]
        bound = [one.bound.fileno() for one in listeners if one.bound is not None]
        with stderr.open("ab") as log:
            if log_stdout:
                return self._ask(words, [log.fileno(), log.fileno(), *bound], None)
            stdout, writing = _pipe() if read_stdout else _nowhere()
            try:
                return self._ask(words, [writing, log.fileno(), *bound], stdout)
            finally:
                os.close(writing)

    def run(
        self,
        argv: Sequence[str],
        variables: Mapping[str, str],
        bound: float = PROGRAM_SECONDS,
        given: int | None = None,
    ) -> Finished:
        """Runs a program to its end; StillRunning past the bound, in seconds, and LabError when it
        cannot be run or leaves a process behind.  Nothing of it is there afterwards, whatever
        becomes of us.  `given`: a file that it finds at GIVEN."""
        words = [*(f"{name}={value}" for name, value in variables.items()), *argv]
        attached = [] if given is None else [given]
        if given is not None:
            words.insert(0, f"inherit={_GIVEN}")
        # files in memory: no pipe that could fill up, nothing to read while it runs
        with _memory_file() as stdout, _memory_file() as stderr:
            launched = self._ask(words, [stdout.fileno(), stderr.fileno(), *attached], None)
            try:
                status = launched.end_by(bound)
            finally:
                launched.kill()
            if status is None:
                raise StillRunning(f"{argv[0]} did not end within {bound:g} s")
            if launched.left:
                raise LabError(f"{argv[0]} left behind: {', '.join(launched.left)}")
            done = Finished(status, _read(stdout), _read(stderr))
        if done.stderr.startswith(_CANNOT_RUN):
            raise LabError(done.stderr.strip().removeprefix(_CANNOT_RUN))
        return done

    def _ask(
        self, words: Sequence[str], descriptors: Sequence[int], stdout: IO[str] | None
    ) -> Launched:
        connection = _connect(self._door)
        message = b"".join(os.fsencode(word) + b"\0" for word in words)
        socket.send_fds(connection, [message], descriptors)
        return Launched(connection, stdout, self._init)

    def close(self) -> None:
        """Ends the launcher, and with it all that it started and its container."""
        self._lease.close()


class LocalLauncher(Launcher):
    """A launcher on this machine, which owns the scratch folder: it makes it and, even when the
    driver is killed, removes it with its own end."""

    def __init__(self, program: str, folder: Path) -> None:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        door = folder / "door"
        with theirs:
            self._process = subprocess.Popen(
                [program, f"--lease={theirs.fileno()}", f"--folder={folder}", str(door)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        try:
            super().__init__(door, mine)
        except LabError:
            mine.close()
            self._process.wait()
            raise

    def close(self) -> None:
        super().close()
        until_ended(self._process.pid, "the launcher")
        self._process.wait()


class ContainerLauncher(Launcher):
    """The launcher of a container that has just been started.

    Its door lies where a server under test may write: so it is looked at once, while nothing but
    the launcher has run there, and whatever takes its name afterwards is nobody.
    """

    def __init__(self, door: Path, init: int) -> None:
        """`init`: the container's first process."""
        self._held = os.open(door, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        held = Path(f"/proc/self/fd/{self._held}")
        super().__init__(held, _connect(held), init)

    def close(self) -> None:
        super().close()
        os.close(self._held)


def run_alone(
    program: str,
    argv: Sequence[str],
    variables: Mapping[str, str],
    bound: float = PROGRAM_SECONDS,
    given: int | None = None,
) -> Finished:
    """Launcher.run where there is no host yet: with a launcher (`program`) for this alone."""
    launcher = LocalLauncher(program, new_scratch())
    try:
        return launcher.run(argv, variables, bound, given)
    finally:
        launcher.close()


def _memory_file() -> BinaryIO:
    return os.fdopen(os.memfd_create("output"), "r+b")


def _read(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(_LONGEST_OUTPUT).decode(errors="replace")


def _pipe() -> tuple[IO[str], int]:
    """What a program's standard output is read from, and what it is to write to."""
    reading, writing = os.pipe()
    return os.fdopen(reading), writing


def _nowhere() -> tuple[None, int]:
    return None, os.open(os.devnull, os.O_WRONLY)


def _socket_word(listener: Listener) -> str:
    if listener.bound is not None:
        return f"inherit={listener.descriptor}"
    return f"listen={listener.descriptor},{listener.address},{listener.port}"


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
