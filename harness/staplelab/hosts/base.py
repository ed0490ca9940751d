"""What the lab asks of a host.  Nothing above this line knows where a part runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Protocol

from staplelab.waiting import PROGRAM_SECONDS

#: why a scenario that needs it is not applicable
NO_IPV6 = "this machine has no IPv6"
#: and what it is that it needs
NO_UNKNOWN_NAME = "a name that does not resolve would be asked for outside: it needs {}"


@dataclass(frozen=True)
class Finished:
    """A program that has ended."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Listener:
    """A listening socket that the server under test inherits."""

    address: str
    port: int
    #: its number in the server's table of descriptors
    descriptor: int
    #: ours, where the driver has bound it itself
    bound: socket | None = None

    def close(self) -> None:
        """Gives up the driver's hold of it; the server's stays."""
        if self.bound is not None:
            self.bound.close()


@dataclass(frozen=True)
class Endpoint:
    """An address and a port that nobody has yet."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Preload:
    """What puts a program on a clock: the library that is loaded into it, and what that reads."""

    #: the name of one of our own, or the path of the system's
    library: str
    variables: Mapping[str, str]
    #: what time it is there, in whole Unix seconds
    now: Callable[[], int]


#: the real time
NO_CLOCK = Preload("", {}, lambda: int(time.time()))


class Running(Protocol):
    """A program that runs, with all its descendants."""

    #: what it left behind when it ended by itself, which was ended then: "process 12 (nginx)"
    left: list[str]

    @property
    def pid(self) -> int:
        """The process id of the program itself; LabError when it has ended."""

    def read_line(self) -> str:
        """The next line of its standard output, "" at its end."""

    def signal(self, number: int) -> None: ...

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""

    def wait(self, bound: float) -> int:
        """The exit status; LabError past the bound (seconds)."""

    def kill(self) -> None:
        """Ends it and all its descendants, whatever they do."""


class Host(Protocol):
    """A place for the parts of one lab.  Roles and what they stand for: hosts/roles.py."""

    name: str
    #: the run's scratch folder, reachable under the same path by every part; in containers the
    #: server under test reaches the next two alone
    folder: Path
    #: of it, what the server may read: the driver writes it
    given: Path
    #: of it, where the server may write; it is hostile, so `untrusted` alone looks there
    server_folder: Path
    #: whether the parts run as root
    root: bool
    #: what it lacks for a network from which nothing reaches this machine or another one, whoever
    #: is told to; "" where it has one
    open_for_want_of: str
    #: what puts its parts and clients on the lab clock; set before one of them is started
    clock: Preload

    def address(self, role: str) -> str:
        """The IPv4 address of a role."""

    def ipv6_address(self, role: str) -> str | None:
        """Its IPv6 address, without brackets; None where there is no IPv6."""

    def ports(self, standard: int) -> Sequence[int]:
        """The ports to try, in order, for a part whose standard port is that."""

    def port(self, standard: int) -> int:
        """The port for a part that tells which one it got; 0 for any."""

    def endpoint(self, role: str) -> Endpoint:
        """An endpoint of that role for a program that is told where to listen."""

    def listen(self, role: str, standard: int) -> Listener:
        """A listening socket of that role for the server to inherit."""

    def tool(self, name: str) -> str:
        """The path of one of our programs, for `run`."""

    def program(self, name: str) -> str:
        """The path of one of our programs, for `start`."""

    def server_program(self, path: str) -> str:
        """What to run for a server under test that is known by this path or image."""

    def share(self, path: Path) -> None:
        """Lets the parts read and write, and the server read, what the driver has put into
        `given`."""

    def hosts_file(self, folder: Path) -> Path:
        """Where the names are written that the server resolves by itself; `folder` is the
        scenario's."""

    def start(
        self,
        role: str,
        argv: Sequence[str],
        *,
        variables: Mapping[str, str],
        stderr: Path,
        listeners: Sequence[Listener] = (),
        read_stdout: bool = False,
        log_stdout: bool = False,
    ) -> Running:
        """Starts a part where its role lives.  Its standard output is to be read, or goes where its
        standard error goes, or nowhere."""

    def run(
        self, argv: Sequence[str], *, variables: Mapping[str, str], bound: float = PROGRAM_SECONDS
    ) -> Finished:
        """Runs a client beside the driver to its end; StillRunning past the bound, in seconds."""

    def network(self, argv: Sequence[str]) -> str:
        """Runs a command that may change the server's network, in its namespace; returns what it
        printed.  NotHere where that is not possible."""

    def pause(self, role: str, running: Running) -> None:
        """Stops a part in its tracks; its kernel goes on to respond for it."""

    def resume(self, role: str, running: Running) -> None: ...

    def client_variables(self) -> dict[str, str]:
        """The variables that put a client on the lab clock."""

    def part_variables(self, hosts: Path | None = None) -> dict[str, str]:
        """The variables that put a part on the lab clock and, with a hosts file, make it resolve
        names through that file."""

    def close(self) -> None: ...
