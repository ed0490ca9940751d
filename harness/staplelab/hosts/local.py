"""The local host: plain processes, each role with a loopback address of its own.

The launcher starts every process that stays, so that none outlives this one, however it ends.
"""

from __future__ import annotations

import ctypes.util
import errno
import os
import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from staplelab.errors import LabError, NotHere
from staplelab.hosts import namespace, roles
from staplelab.hosts.base import NO_CLOCK, Endpoint, Finished, Listener, Running
from staplelab.hosts.launcher import DESCRIPTORS, Launched, LocalLauncher
from staplelab.places import new_scratch
from staplelab.waiting import PROGRAM_SECONDS

_PORT_ATTEMPTS = 20


class LocalHost:
    """Processes on 127.x.y.z, where x.y is this process's own."""

    name = "local"
    root = os.geteuid() == 0

    def __init__(self, build: Path) -> None:
        self._build = build
        self.open_for_want_of = "" if namespace.is_own() else namespace.what_is_missing()
        self.clock = NO_CLOCK
        self.folder = new_scratch()
        self._launcher = LocalLauncher(self.program("launcher"), self.folder)
        self.given = self.folder / "given"
        self.server_folder = self.folder / "server"
        for folder in (self.given, self.server_folder):
            folder.mkdir()
        self._network = f"127.{100 + os.getpid() // 250 % 100}.{os.getpid() % 250}"
        first = os.getpid() * 97 % 9000
        self._free_ports = iter([10000 + (first + i) % 9000 for i in range(9000)])
        self._first_port = 20000 + os.getpid() % 10000
        self._nss_wrapper = ctypes.util.find_library("nss_wrapper") or "libnss_wrapper.so"

    def tool(self, name: str) -> str:
        return str(self._build / "bin" / name)

    program = tool

    def server_program(self, path: str) -> str:
        return path

    def address(self, role: str) -> str:
        found = roles.find(role)
        return f"{self._network}.{found.octet + found.second}"

    def ipv6_address(self, role: str) -> str | None:
        interfaces = Path("/proc/net/if_inet6")
        return "::1" if interfaces.exists() and " lo" in interfaces.read_text() else None

    def ports(self, standard: int) -> Sequence[int]:
        # the addresses are this process's own: only somebody who listens on all addresses of the
        # machine can be in the way
        return range(self._first_port, self._first_port + _PORT_ATTEMPTS)

    def port(self, standard: int) -> int:
        return 0

    def endpoint(self, role: str) -> Endpoint:
        # below those that the kernel gives to whoever asks for any, and free on all addresses: a
        # program may listen on all of them, whatever it is told
        for port in self._free_ports:
            if _is_free(port):
                return Endpoint(self.address(role), port)
        raise LabError("no port is free for a program beside")

    def listen(self, role: str, standard: int) -> Listener:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.bind((self.address(role), 0))
        bound.listen(511)
        # nginx takes an inherited socket as it is; a worker that another one is quicker than
        # would wait in accept()
        bound.setblocking(False)
        address, port = bound.getsockname()
        return Listener(address, port, DESCRIPTORS[standard], bound)

    def share(self, path: Path) -> None:
        pass  # the parts run as the driver does

    def hosts_file(self, folder: Path) -> Path:
        return folder / "hosts"

    def network(self, argv: Sequence[str]) -> str:
        if not namespace.is_own():
            raise NotHere(namespace.why_no_faults())
        program = shutil.which(argv[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if program is None:
            raise NotHere(f"{argv[0]} is not installed")
        done = self._launcher.run([program, *argv[1:]], {})
        if done.status != 0:
            raise NotHere(f"{' '.join(argv)}: {done.stderr.strip()}")
        return done.stdout

    def pause(self, role: str, running: Running) -> None:
        os.kill(running.pid, signal.SIGSTOP)

    def resume(self, role: str, running: Running) -> None:
        os.kill(running.pid, signal.SIGCONT)

    def client_variables(self) -> dict[str, str]:
        return self.part_variables()

    def part_variables(self, hosts: Path | None = None) -> dict[str, str]:
        libraries = []
        if self.clock.library:
            libraries.append(str(self._build / "lib" / self.clock.library))
        variables = dict(self.clock.variables)
        if hosts is not None:
            libraries.append(self._nss_wrapper)
            variables["NSS_WRAPPER_HOSTS"] = str(hosts)
        variables["LD_PRELOAD"] = ":".join(libraries)
        # a program built with a sanitizer wants its runtime to be the first library
        options = [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]
        variables["ASAN_OPTIONS"] = ":".join(filter(None, options))
        return variables

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
    ) -> Launched:
        return self._launcher.start(
            argv,
            variables=variables,
            stderr=stderr,
            listeners=listeners,
            read_stdout=read_stdout,
            log_stdout=log_stdout,
        )

    def run(
        self, argv: Sequence[str], *, variables: Mapping[str, str], bound: float = PROGRAM_SECONDS
    ) -> Finished:
        return self._launcher.run(argv, variables, bound)

    def close(self) -> None:
        self._launcher.close()
        # the launcher removes it; one that was killed has not
        shutil.rmtree(self.folder, ignore_errors=True)


def _is_free(port: int) -> bool:
    """Whether nobody listens there, on any address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
    return True
