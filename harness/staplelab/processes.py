"""What the kernel says of processes that are not the driver's own children (/proc)."""

from __future__ import annotations


def children(pid: int) -> list[int]:
    """The ids of its children; of one that has ended, too, until it has been asked for its status.
    Empty when there is no such process."""
    return [int(child) for child in _read(f"{pid}/task/{pid}/children").split()]


def parent(pid: int) -> int:
    """The id of its parent; 0 when there is no such process."""
    return int((_read(f"{pid}/stat").rpartition(")")[2].split()[1:2] or ["0"])[0])


def title(pid: int) -> str:
    """Its command line, or what it has put in that place; "" once it has ended."""
    return _read(f"{pid}/cmdline")


def is_stopped(pid: int) -> bool:
    """Whether a signal has stopped the process, under a debugger or not; one that has ended
    counts, too."""
    state = _read(f"{pid}/stat").rpartition(")")[2].split()[:1]
    return not state or state[0] in "TtZX"


def _read(file: str) -> str:
    try:
        with open(f"/proc/{file}", "rb", buffering=0) as opened:
            return opened.readall().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
