"""nginx as a running process: start, signals, workers, log, barrier."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from staplelab import processes
from staplelab.errors import LabError, NotHere
from staplelab.hosts.base import Host, Running
from staplelab.parts.part import Note, unheard
from staplelab.parts.pki import Pki
from staplelab.servers import daemon, error_log, family, obituary, sanitizer
from staplelab.servers.barrier import Barrier, is_open
from staplelab.servers.base import Abilities
from staplelab.servers.config import Given
from staplelab.servers.refused import reasons_among
from staplelab.servers.sut import E_OPTION_SINCE, ServerUnderTest
from staplelab.waiting import BOUND_SECONDS, until, until_ended

_NEW_BINARY = re.compile(r"new binary process \d+ exited ")
_NO_BUILT_IN_LOG = "could not open error log file"


class Nginx:
    """One nginx, from its configuration file to its end: a `servers.base.Server`."""

    can = Abilities(
        fetches_for="clients",
        cache="worker",
        workers=True,
        reload=True,
        upgrade=True,
        separate_times=True,
    )

    def __init__(self, host: Host, server: ServerUnderTest, folder: Path) -> None:
        self._host = host
        self.note: Note = unheard
        self._server = server
        #: the scenario's, where it finds its configuration
        self._given = folder
        #: its own, where it writes
        self.folder = host.server_folder
        self._running: Running | None = None
        self._chosen: int | None = None
        #: the new master, while the old one is there and can come back
        self._successor: int | None = None
        self._quitting = False
        self.log_file = self.folder / "error.log"
        self._stderr = folder / "stderr.log"
        self._logs = [error_log.LogFile(path) for path in (self._stderr, self.log_file)]
        #: the workers that the lab has killed
        self._killed: set[int] = set()
        tls, barrier = host.listen("nginx", 443), host.listen("nginx", 8080)
        self._listeners = [tls, barrier]
        self.listen = f"{tls.address}:{tls.port}"
        self._barrier = Barrier(host, barrier)

    def again(self) -> Nginx:
        """Another nginx in the same folder, after this one has ended."""
        return Nginx(self._host, self._server, self._given)

    def render(self, configuration: Given, pki: Pki, resolver: str) -> str:
        return configuration.render(
            pki=pki,
            folder=self.folder,
            user="root" if self._host.root else "",
            listen=self.listen,
            barrier=self._barrier.listen,
            resolver=resolver,
            server=self._server,
            clock=tuple(self._host.clock.variables),
        )

    def configure(self, configuration: str) -> Path:
        """Writes the configuration that the next start or reload reads."""
        self.note("file", name="nginx.conf")
        return self._write(configuration)

    def _write(self, configuration: str) -> Path:
        path = self._given / "nginx.conf"
        path.write_text(configuration)
        return path

    def start(self, configuration: str, hosts: Path, *, upgradable: bool = False) -> None:
        """Starts nginx and returns once it serves; LabError, with its words, if it ends instead."""
        command = self._command(self._write(configuration))
        stderr = self._stderr
        variables = self._host.part_variables(hosts)
        if sanitizer.is_in(command[0]):
            variables = sanitizer.variables(variables, self.folder)
        if upgradable:
            self._let_go_of_listeners()  # one that inherits sockets never becomes a daemon
            shell = self._host.start(
                "nginx", daemon.argv(command), variables=variables, stderr=stderr, read_stdout=True
            )
            self._running = shell
            self._running = daemon.Daemon(shell)
        else:
            inherited = "".join(f"{listener.descriptor};" for listener in self._listeners)
            self._running = self._host.start(
                "nginx",
                command,
                variables={**variables, self._server.ways.sockets: inherited},
                stderr=stderr,
                listeners=self._listeners,
            )
            self._let_go_of_listeners()
        self.barrier()

    def _command(self, configuration: Path) -> list[str]:
        program = self._host.server_program(self._server.path)
        command = [program, "-p", str(self.folder), "-c", str(configuration)]
        if self._server.number >= E_OPTION_SINCE:
            command += ["-e", str(self.folder / "startup.log")]
        return command

    def _let_go_of_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()

    # what it says

    def log_position(self) -> Sequence[int]:
        """How far the log goes by now, for `log` to begin or to end there."""
        return [len(file.lines()) for file in self._logs]

    def log(
        self, since: Sequence[int] = (0, 0), up_to: Sequence[int | None] = (None, None)
    ) -> list[error_log.Line]:
        """What nginx said so far: while reading its configuration (stderr), then in its log."""
        lines = [
            line
            for file, first, last in zip(self._logs, since, up_to, strict=True)
            for line in file.lines()[first:last]
        ]
        if self._server.number >= E_OPTION_SINCE:
            return lines
        # it cannot be told where to log before it has read its configuration, and an ordinary user
        # may not write where it was built to
        return [line for line in lines if not line.text.startswith(_NO_BUILT_IN_LOG)]

    # what it does

    @property
    def started(self) -> bool:
        return self._running is not None

    @property
    def running(self) -> Running:
        if self._running is None:
            raise LabError("nginx was not started in this scenario: call lab.start()")
        return self._running

    @property
    def pid(self) -> int:
        """The process id of the master that serves."""
        return self._successor or family.master(self.running.pid)

    @property
    def _is_wrapped(self) -> bool:
        """Whether a wrapper script that does not exec nginx stands between master and launcher."""
        return self.running.poll() is None and self.pid != self.running.pid

    def _signal(self, number: int) -> None:
        """Tells the master; a wrapper would not pass the signal on."""
        if self._is_wrapped:
            _tell(self.pid, number)
        else:
            self.running.signal(number)

    def barrier(self) -> int:
        """Returns, with the worker's pid, once a worker has handled all that came before."""
        try:
            return self._barrier.cross()
        except OSError as error:
            words = self._last_words()
            raise LabError(f"nginx does not respond ({error}); it said: {words}") from None

    def wake(self) -> None:
        """Every worker has taken a turn of its event loop (one that is leaving accepts no
        connection: a signal that nginx ignores wakes it)."""
        titles = self._titles()
        leaving = [pid for pid, title in titles.items() if family.is_leaving(title)]
        for pid in leaving:
            _nudge(pid)
        serving = [pid for pid in titles if pid not in leaving]
        if self._chosen is not None or len(serving) == 1:
            self.barrier()
            return
        for pid in serving:
            with self._only(pid):
                self.barrier()

    def workers(self) -> list[int]:
        """The pids of the workers, oldest first."""
        return list(self._titles())

    def _titles(self) -> dict[int, str]:
        """The workers' titles by their pids; none when nginx was told to quit and has."""
        try:
            return family.workers(self.pid)
        except LabError:
            if self._quitting and self.running.poll() is not None:
                return {}
            raise

    def has_leaving_workers(self) -> bool:
        """Whether a worker was told to leave and has not ended."""
        return self.started and any(map(family.is_leaving, self._titles().values()))

    def wait_for_workers(self, count: int) -> list[int]:
        self.note("wait for workers", count=count)
        until(lambda: len(self.workers()) == count, f"{count} nginx workers")
        return self.workers()

    @contextlib.contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """While it lasts, that worker alone accepts connections: the others are stopped."""
        self.note("only one worker", worker=worker)
        with self._only(worker):
            yield
        self.note("all workers")

    @contextlib.contextmanager
    def _only(self, worker: int) -> Iterator[None]:
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

    def reload(self, *, wait: bool = True) -> list[error_log.Line]:
        """SIGHUP; with `wait`, returns once the old workers have ended and new ones serve.

        When nginx refuses its configuration the old ones go on; returns why it does."""
        old = self.workers()
        position = self.log_position()
        self._signal(signal.SIGHUP)
        if not wait:
            return []
        until(
            lambda: bool(self._refusal(position)) or not set(self.workers()) <= set(old),
            "nginx to take the configuration or to refuse it",
        )
        refusal = self._refusal(position)
        if not refusal:
            for pid in old:
                until_ended(pid, "an old worker")
        self.barrier()
        return refusal

    def _refusal(self, since: Sequence[int]) -> list[error_log.Line]:
        """Why nginx has refused a configuration since the log was there; nothing: it has not."""
        return reasons_among(self.log(since))

    def upgrade(self) -> list[error_log.Line]:
        """SIGUSR2 and what follows: returns once a new master and its workers serve alone.

        When the new binary refuses the configuration the old one goes on; returns why it does."""
        refusal = self._begin_upgrade(wait=True)
        if not refusal:
            self._finish_upgrade()
        return refusal

    def begin_upgrade(self, *, wait: bool = True) -> list[error_log.Line]:
        """SIGUSR2, then SIGWINCH: returns once a new master and its workers serve alone, and the
        old master is there without workers (without `wait`: with those that have something to
        end).  When the new binary refuses the configuration, why it does."""
        self.note("begin upgrade")
        return self._begin_upgrade(wait=wait)

    def _begin_upgrade(self, *, wait: bool) -> list[error_log.Line]:
        old = self.pid
        position = self.log_position()
        self._signal(signal.SIGUSR2)
        until(
            lambda: self._has_ended(position) or family.heir(old) is not None,
            "a new master of nginx",
        )
        if self._has_ended(position):
            refusal = self._refusal(position)
            if not refusal:
                raise LabError(f"the new binary ended without a reason: {self._last_words()}")
            return refusal
        self._dismiss_workers(wait=wait)
        self._successor = family.heir(old)
        self.barrier()
        return []

    def finish_upgrade(self) -> None:
        """SIGQUIT to the old master: returns once it has ended."""
        self.note("finish upgrade")
        self._finish_upgrade()

    def _finish_upgrade(self) -> None:
        old = family.master(self.running.pid)
        _tell(old, signal.SIGQUIT)
        until_ended(old, "the old master")
        self._successor = None
        self.barrier()

    def roll_back(self) -> None:
        """Returns once the old master has workers again and the new master has ended."""
        new, self._successor = self._successor, None
        if new is None:
            raise LabError("there is no new master: roll_back() comes after begin_upgrade()")
        self.note("roll back")
        self._signal(signal.SIGHUP)
        until(lambda: bool(self.workers()), "workers of the old master")
        position = self.log_position()
        _tell(new, signal.SIGQUIT)
        # until the old master has noticed it takes no other upgrade
        until(lambda: self._has_ended(position), "the old master to notice the end of the new one")
        self.barrier()

    def dismiss_workers(self, *, wait: bool = True) -> None:
        """SIGWINCH: returns once the workers have ended (without `wait`: have been told to); the
        master stays, and so do the listening sockets, where connections wait.  It heeds that as a
        daemon only."""
        self.note("dismiss workers")
        self._dismiss_workers(wait=wait)

    def _dismiss_workers(self, *, wait: bool) -> None:
        workers = self.workers()
        self._signal(signal.SIGWINCH)
        for pid in workers:
            if wait:
                until_ended(pid, "a worker that was told to leave")
            else:
                until(partial(_leaves, pid), "a worker to leave")

    def _has_ended(self, since: Sequence[int]) -> bool:
        """Whether the master has said since then that the new binary has ended."""
        return any(_NEW_BINARY.match(line.text) for line in self.log(since))

    def quit(self, *, wait: bool = True) -> None:
        """SIGQUIT; with `wait`, returns once nginx has ended, else once nobody accepts a
        connection any more: the workers finish what they have.  NotHere under a wrapper script
        that does not exec nginx: it has the listening sockets, too, and never closes them."""
        if not wait and self._is_wrapped:
            raise NotHere("a wrapper script that does not exec nginx keeps its sockets open")
        self._quitting = True
        self._signal(signal.SIGQUIT)
        if wait:
            self.wait()
        else:
            # each process closes its sockets one by one
            until(
                lambda: not any(map(is_open, self._listeners)),
                "nginx to accept no connection any more",
            )

    def refuse(
        self, configuration: str, hosts: Path, *, upgradable: bool
    ) -> list[error_log.Line]:
        """Starts nginx, which should end by itself; returns why it does, nothing if it serves."""
        position = self.log_position()
        try:
            self.start(configuration, hosts, upgradable=upgradable)
        except LabError as error:
            if not self.started or self.wait() == 0:
                raise
            refusal = self._refusal(position)
            if not refusal:
                raise LabError(f"nginx did not start and gave no reason: {error}") from error
            return refusal
        return []

    def wait_for_new_worker(self, old: int) -> None:
        """Returns once the master has replaced this worker and told it to leave: the new one
        alone accepts connections."""
        self.note("wait for workers", replaced=old)
        until(lambda: any(pid != old for pid in self.workers()), "a new nginx worker")
        until(lambda: family.is_leaving(processes.title(old)), "the old nginx worker to leave")

    def wait_for_end(self, worker: int) -> None:
        """Returns once that worker has ended by itself."""
        self.note("wait for workers", ended=worker)
        until_ended(worker, "a worker that was told to leave")

    def reports(self) -> list[str]:
        """What a sanitizer in nginx has reported in this scenario."""
        return sanitizer.reports(self.folder, (self._stderr, self.log_file))

    def crashes(self) -> list[str]:
        """The processes of nginx that a signal has ended and not the lab, one sentence each."""
        if self._running is not None:
            with contextlib.suppress(LabError):
                obituary.until_written(self._running)
        return obituary.crashes(self.log(), self._killed)

    def kill_worker(self, pid: int) -> None:
        """Kills a worker; returns once the master has started another in its place."""
        self.note("kill worker", worker=pid)
        self._killed.add(pid)
        before = len(self.workers())
        os.kill(pid, signal.SIGKILL)
        until(
            lambda: pid not in self.workers() and len(self.workers()) == before,
            "the master to replace the killed worker",
        )
        self.barrier()

    def stop(self) -> int:
        """Tells nginx to end (SIGTERM) and returns its exit status; LabError if it does not."""
        if self._successor is not None:
            _tell(self._successor, signal.SIGTERM)
            self._successor = None
        if self.running.poll() is None:
            self._signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """The exit status of an nginx that ends by itself; LabError, with what its processes do, if
        it does not."""
        try:
            return self.running.wait(BOUND_SECONDS)
        except LabError as error:
            raise LabError(f"{error}; {family.describe(self.running.pid)}") from None

    def kill(self) -> None:
        self._let_go_of_listeners()
        if self._running is not None:
            self._running.kill()

    def _last_words(self) -> str:
        lines = self.log()
        return str(lines[-1]) if lines else "nothing"


def _leaves(pid: int) -> bool:
    """Whether a worker was told to leave, or has left."""
    title = processes.title(pid)
    return not title or family.is_leaving(title)


def _nudge(pid: int) -> None:
    """Returns once a worker has taken a turn of its event loop, over a signal.  It has to be at
    rest when that comes: one that is on its way there goes to sleep all the same, for as long as
    it thought before."""
    before: int | None = None

    def is_there() -> bool:
        return not processes.is_stopped(pid)

    def rests() -> bool:
        nonlocal before
        before = processes.turns(pid)
        return before is not None or not is_there()

    until(rests, f"worker {pid} to be at rest")
    if is_there():
        _tell(pid, signal.SIGIO)
        until(
            lambda: processes.turns(pid) not in (None, before) or not is_there(),
            f"worker {pid} to wake up",
        )


def _tell(pid: int, number: int) -> None:
    """Sends a signal to a worker, which may have ended by now."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
