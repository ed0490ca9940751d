"""The server under test as a running process: start, signals, workers, log, barrier."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from staplelab import processes
from staplelab.servers import error_log, sanitizer
from staplelab.errors import LabError
from staplelab.hosts.base import Host, Running
from staplelab.servers.sut import ServerUnderTest
from staplelab.waiting import BOUND_SECONDS, until, until_ended

_E_OPTION_SINCE = (1, 19, 5)
#: in the title of a worker that finishes what it has and accepts no connection any more
_LEAVING = "shutting down"
_NO_BUILT_IN_LOG = "could not open error log file"


class Nginx:
    """One nginx, from its configuration file to its end."""

    def __init__(self, host: Host, server: ServerUnderTest, folder: Path) -> None:
        self._host = host
        self._server = server
        self.folder = folder
        self._running: Running | None = None
        self._chosen: int | None = None
        self._logs = [error_log.LogFile(folder / name) for name in ("stderr.log", "error.log")]
        tls, barrier = host.listen("nginx", 443), host.listen("nginx", 8080)
        self._listeners = [tls, barrier]
        self.listen = f"{tls.address}:{tls.port}"
        self.barrier_address = (barrier.address, barrier.port)
        self.barrier_listen = f"{barrier.address}:{barrier.port}"

    @property
    def port(self) -> str:
        return self.listen.rpartition(":")[2]

    def again(self) -> Nginx:
        """Another nginx in the same folder, after this one has ended."""
        return Nginx(self._host, self._server, self.folder)

    def start(self, configuration: str, hosts: Path) -> None:
        """Starts nginx and returns once it serves; LabError, with its words, if it ends instead."""
        path = self.folder / "nginx.conf"
        path.write_text(configuration)
        program = self._host.server_program(self._server.path)
        argv = [program, "-p", str(self.folder), "-c", str(path)]
        if self._server.number >= _E_OPTION_SINCE:
            argv += ["-e", str(self.folder / "startup.log")]
        variables = self._host.part_variables(hosts)
        if sanitizer.is_in(program):
            variables = sanitizer.variables(variables, self.folder)
        inherited = "".join(f"{listener.descriptor};" for listener in self._listeners)
        self._running = self._host.start(
            "nginx",
            argv,
            variables={**variables, "NGINX": inherited},
            stderr=self.folder / "stderr.log",
            listeners=self._listeners,
        )
        for listener in self._listeners:
            listener.close()
        self.barrier()

    # what it says

    def log(self) -> list[error_log.Line]:
        """What nginx said so far: while reading its configuration (stderr), then in its log."""
        lines = [line for file in self._logs for line in file.lines()]
        if self._server.number >= _E_OPTION_SINCE:
            return lines
        # it cannot be told where to log before it has read its configuration, and an ordinary user
        # may not write where it was built to
        return [line for line in lines if not line.text.startswith(_NO_BUILT_IN_LOG)]

    # what it does

    @property
    def running(self) -> Running:
        if self._running is None:
            raise LabError("nginx was not started in this scenario: call lab.start()")
        return self._running

    @property
    def pid(self) -> int:
        """The master's process id."""
        return self.running.pid

    def barrier(self) -> int:
        """Returns, with the worker's pid, once a worker has handled all that came before.

        A request is responded to in a later turn of the worker's event loop than everything that
        was ready when it arrived; the turn also expires the timers that a clock step made due.
        """
        try:
            with socket.create_connection(self.barrier_address, BOUND_SECONDS) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                response = b""
                while chunk := connection.recv(4096):
                    response += chunk
        except OSError as error:
            words = self._last_words()
            raise LabError(f"nginx does not respond ({error}); it said: {words}") from None
        return int(response.rpartition(b"\r\n\r\n")[2])

    def wake(self) -> None:
        """Every worker has taken a turn of its event loop, or will at once when it is leaving
        (such a one accepts no connection: a signal that nginx ignores wakes it)."""
        titles = self._titles()
        leaving = [pid for pid, title in titles.items() if _LEAVING in title]
        for pid in leaving:
            _tell(pid, signal.SIGIO)
        serving = [pid for pid in titles if pid not in leaving]
        if self._chosen is not None or len(serving) == 1:
            self.barrier()
            return
        for pid in serving:
            with self.only(pid):
                self.barrier()

    def workers(self) -> list[int]:
        """The pids of the workers, oldest first."""
        return list(self._titles())

    def _titles(self) -> dict[int, str]:
        """The titles that the workers gave themselves, by pid.  A worker that has ended is none,
        even while the master has not noticed: it serves nobody."""
        titles = {pid: processes.title(pid) for pid in sorted(processes.children(self.pid))}
        return {pid: title for pid, title in titles.items() if title}

    def wait_for_workers(self, count: int) -> list[int]:
        until(lambda: len(self.workers()) == count, f"{count} nginx workers")
        return self.workers()

    @contextlib.contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """While it lasts, that worker alone accepts connections: the others are stopped."""
        others = [pid for pid in self.workers() if pid != worker]
        for pid in others:
            _tell(pid, signal.SIGSTOP)
        try:
            for pid in others:
                until(partial(processes.is_stopped, pid), f"worker {pid} to stop")
            self._chosen = worker
            yield
        finally:
            self._chosen = None
            for pid in others:
                _tell(pid, signal.SIGCONT)

    def reload(self, *, wait: bool = True) -> None:
        """SIGHUP; with `wait`, returns once the old workers have ended and new ones serve."""
        old = self.workers()
        self.running.signal(signal.SIGHUP)
        if wait:
            for pid in old:
                until_ended(pid, "an old worker")
            self.barrier()

    def wait_for_new_worker(self, old: int) -> None:
        """Returns once the master has replaced this worker and told it to leave: the new one
        alone accepts connections."""
        until(lambda: any(pid != old for pid in self.workers()), "a new nginx worker")
        until(lambda: _LEAVING in processes.title(old), "the old nginx worker to leave")

    def wait_for_end(self, worker: int) -> None:
        """Returns once that worker has ended by itself."""
        until_ended(worker, "a worker that was told to leave")

    def kill_worker(self, pid: int) -> None:
        """Kills a worker; returns once the master has started another in its place."""
        before = len(self.workers())
        os.kill(pid, signal.SIGKILL)
        until(
            lambda: pid not in self.workers() and len(self.workers()) == before,
            "the master to replace the killed worker",
        )
        self.barrier()

    def stop(self) -> int:
        """Tells nginx to end (SIGTERM) and returns its exit status; LabError if it does not."""
        if self.running.poll() is None:
            self.running.signal(signal.SIGTERM)
        return self.running.wait(BOUND_SECONDS)

    def wait(self) -> int:
        """The exit status of an nginx that ends by itself."""
        return self.running.wait(BOUND_SECONDS)

    def kill(self) -> None:
        for listener in self._listeners:
            listener.close()
        if self._running is not None:
            self._running.kill()

    def _last_words(self) -> str:
        lines = self.log()
        return str(lines[-1]) if lines else "nothing"


def _tell(pid: int, number: int) -> None:
    """Sends a signal to a worker, which may have ended by now."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
