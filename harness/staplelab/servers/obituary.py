"""What nginx's master says of a process of nginx that a signal has ended."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from staplelab import processes
from staplelab.hosts.base import Running
from staplelab.servers.error_log import Line
from staplelab.waiting import until

_CRASH = re.compile(r"(.* process) (\d+) exited on signal (\d+)(?: \(core dumped\))?")
#: a second is long for a master that has nothing else to do, and a scenario has failed already
_BOUND_SECONDS = 1.0


def crashes(log: Iterable[Line], killed: Collection[int]) -> list[str]:
    """One sentence for each such process that the lab has not killed itself."""
    lines = [_CRASH.fullmatch(line.text) for line in log if line.level == "alert"]
    dead = [match for match in lines if match and int(match[2]) not in killed]
    return [f"nginx: {match[1]} exited on signal {match[3]}" for match in dead]


def until_written(running: Running) -> None:
    """Where a process of nginx is on its way out, returns once the master has logged why; LabError
    when it does not."""
    master = running.pid
    if running.poll() is None:
        until(
            lambda: (
                processes.is_resting(master)
                and not any(map(processes.is_ending, processes.children(master)))
                or processes.is_ending(master)
            ),
            "nginx to tell what has ended",
            _BOUND_SECONDS,
        )
