"""Who is who among nginx's processes: they say it themselves, in their titles."""

from __future__ import annotations

from staplelab import processes
from staplelab.waiting import until

_MASTER = "master process"
_WORKER = "worker process"
#: in the title of a worker that finishes what it has and accepts no connection any more
_LEAVING = "shutting down"
#: children of the master that serve nobody
_HELPERS = ("cache manager process", "cache loader process")


def workers(master: int) -> dict[int, str]:
    """The workers' titles by their pids, oldest first.  A worker that has ended is none, even while
    the master has not noticed: it serves nobody."""
    until(lambda: not _has_nameless(master), "nginx's processes to take their titles")
    titles = {pid: processes.title(pid) for pid in sorted(processes.children(master))}
    return {pid: title for pid, title in titles.items() if title and _serves(title)}


def master(program: int) -> int:
    """The master that this program is or has started, for a wrapper script need not exec nginx;
    the program itself while there is none."""
    looked_at = [program]
    for pid in looked_at:
        if is_master(processes.title(pid)):
            return pid
        looked_at += processes.children(pid)
    return program


def describe(program: int) -> str:
    """For a person: each of its processes, and what it does."""
    found = [program]
    for pid in found:
        found += processes.children(pid)
    titles = {pid: " ".join(processes.title(pid).replace("\0", " ").split()) for pid in found}
    return ", ".join(f"{pid} ({titles[pid]}): {processes.doing(pid)}" for pid in found)


def heir(master: int) -> int | None:
    """The master that this one has started from a new binary, once it has a worker."""
    for child in processes.children(master):
        grandchildren = map(processes.title, processes.children(child))
        if is_master(processes.title(child)) and any(_WORKER in title for title in grandchildren):
            return child
    return None


def is_master(title: str) -> bool:
    return _MASTER in title


def is_leaving(title: str) -> bool:
    """Whether a worker of that title was told to leave."""
    return _LEAVING in title


def _serves(title: str) -> bool:
    return not is_master(title) and not any(helper in title for helper in _HELPERS)


def _has_nameless(master: int) -> bool:
    """Whether a child has its master's title still, which it takes off before it does anything:
    nobody can say then whether it will be a worker."""
    title = processes.title(master)
    if not is_master(title):
        return False
    return any(
        processes.title(child) == title and not processes.children(child)
        for child in processes.children(master)
    )
