"""An nginx under `daemon on`, which alone takes SIGUSR2 for "start the new binary".

nginx ignores SIGUSR2 while the process that started it is its parent.  As a daemon it has another
one: the launcher, which takes in what its programs leave.  Between the two stands a shell, the
program that the launcher knows: it lives until the last master and worker have ended, for each of
them holds the pipe that it reads from.  So whatever ends the launcher's program ends them all.

nginx finds its new binary by the whole path that it was started with, and becomes no daemon where
there is a variable through which sockets are inherited (NGINX; a fork has its own), also an empty
one.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Sequence

from staplelab import processes
from staplelab.errors import LabError
from staplelab.hosts.base import Running
from staplelab.servers import family
from staplelab.servers.product import every_sockets_variable
from staplelab.waiting import BOUND_SECONDS

#: says how the command ended that was to become a daemon, then reads until nobody writes any more
_HOLD = """
unset SOCKETS
program=$(command -v "$1") && shift || exit 127
exec 9>&1
ignored=$("$program" "$@" 8>&1 9>&- >/dev/null; status=$?; echo $status >&9; exit $status)
exit $?
"""
_ENDS = frozenset({signal.SIGTERM, signal.SIGQUIT, signal.SIGINT})
#: nobody is asked for the exit status of a daemon; this one says that it ended unbidden
_UNBIDDEN = 255


def argv(command: Sequence[str]) -> list[str]:
    """The command line that starts the shell around a command."""
    hold = _HOLD.replace("SOCKETS", " ".join(every_sockets_variable()))
    return ["sh", "-c", hold, "sh", *command]


class Daemon:
    """The newest master, held through the shell."""

    def __init__(self, shell: Running) -> None:
        """Returns once nginx serves in the background, or has ended instead."""
        self._shell = shell
        #: what is left over keeps the shell alive, and `wait` finds it
        self.left: list[str] = []
        said = self.read_line()
        if not said and self._shell.poll() is None:
            raise LabError("nginx did not become a daemon")
        self._bidden = said != "0\n"

    @property
    def pid(self) -> int:
        """The master's process id; LabError when it has ended."""
        shell = self._shell.pid
        for pid in processes.children(processes.parent(shell)):
            if family.is_master(processes.title(pid)):
                return pid
        self._shell.wait(BOUND_SECONDS)
        raise LabError("nginx has ended")

    def read_line(self) -> str:
        return self._shell.read_line()

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, LabError):  # it has ended
            os.kill(self.pid, number)
            self._bidden |= number in _ENDS

    def poll(self) -> int | None:
        status = self._shell.poll()
        return status if status is None or self._bidden else _UNBIDDEN

    def wait(self, bound: float) -> int:
        self._shell.wait(bound)
        status = self.poll()
        assert status is not None
        return status

    def kill(self) -> None:
        self._shell.kill()
