"""What the kernel says of processes that are not the driver's own children (/proc), and how one of
them ends with its parent."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import struct

_PR_SET_PDEATHSIG = 1
#: of the flags in /proc/PID/stat: it is getting shut down
_PF_EXITING = 0x4


def children(pid: int) -> list[int]:
    """The ids of its children; of one that has ended, too, until it has been asked for its status.
    Empty when there is no such process."""
    # a child is that of the thread which has started it
    found = [_read(f"{pid}/task/{thread}/children").split() for thread in _threads(pid)]
    return [int(child) for children in found for child in children]


def parent(pid: int) -> int:
    """The id of its parent; 0 when there is no such process."""
    return int((_read(f"{pid}/stat").rpartition(")")[2].split()[1:2] or ["0"])[0])


def title(pid: int) -> str:
    """Its command line, or what it has put in that place; "" once it has ended."""
    return _read(f"{pid}/cmdline")


def doing(pid: int) -> str:
    """For a person: the letter of its state, and where it waits in the kernel (as far as that is
    told); "gone" when there is no such process."""
    state = _read(f"{pid}/stat").rpartition(")")[2].split()[:1]
    where = _read(f"{pid}/wchan").strip("0")
    return " in ".join(filter(None, [*state, where])) or "gone"


def is_resting(pid: int) -> bool:
    """Whether the process waits for something, rather than does it."""
    return _read(f"{pid}/stat").rpartition(")")[2].split()[:1] == ["S"]


def is_ending(pid: int) -> bool:
    """Whether the process is on its way out, or has ended and was not asked for its status."""
    fields = _read(f"{pid}/stat").rpartition(")")[2].split()
    return bool(fields) and (fields[0] in "ZX" or bool(int(fields[6]) & _PF_EXITING))


def is_stopped(pid: int) -> bool:
    """Whether a signal has stopped the process, under a debugger or not; one that has ended
    counts, too."""
    state = _read(f"{pid}/stat").rpartition(")")[2].split()[:1]
    return not state or state[0] in "TtZX"


def turns(pid: int) -> int | None:
    """A number for how often each thread of a process and of its descendants has run so far: the
    same one while none has; None while one of them runs or is about to."""
    seen = set()
    waiting = [pid]
    while waiting:
        process = waiting.pop()
        waiting += children(process)
        for thread in _threads(process):
            status = _read(f"{process}/task/{thread}/status")
            if re.search(r"^State:\s+[RD]", status, re.MULTILINE):
                return None
            counts = re.findall(r"^(?:non)?voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)
            seen.add((thread, *counts))
    return hash(frozenset(seen))


def end_with_parent(number: int) -> None:
    """From now on the kernel sends this process that signal when its parent ends, however it does:
    what works for a driver that was killed would go on for nobody."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def keep_to_one_processor(number: int) -> None:
    """This process, and all that it starts, runs on one processor from now on, by that number.  The
    parts of a lab take turns, so that none waits for another processor to wake up: saves a tenth of
    the time (2 labs on 2 processors)."""
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[number % len(processors)]})


def descriptors(pid: int) -> int:
    """How many files and sockets it has open; 0 when there is no such process."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def memory(pid: int) -> int:
    """Octets of memory that it has for itself and uses; 0 when there is no such process."""
    found = re.search(r"^RssAnon:\s+(\d+) kB$", _read(f"{pid}/status"), re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def listens(pid: int, protocol: str, address: str, port: int) -> bool:
    """Whether somebody in the network namespace of that process listens there, or on all addresses,
    also on all of IPv6, which are all of IPv4, too; `protocol` is "tcp" or "udp"."""
    state = {"tcp": "0A", "udp": "07"}[protocol]
    ours = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    local = {_as_in_table(one, port) for one in (ours, bytes(len(ours)), bytes(16))}
    tables = [protocol, f"{protocol}6"]
    rows = (line.split() for name in tables for line in _read(f"{pid}/net/{name}").splitlines()[1:])
    return any(row[1] in local and row[3] == state for row in rows)


def _as_in_table(address: bytes, port: int) -> str:
    """ADDRESS:PORT as the kernel writes it: hexadecimal, each word in the machine's order."""
    words = struct.unpack(f"={len(address) // 4}I", address)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _read(file: str) -> str:
    try:
        with open(f"/proc/{file}", "rb", buffering=0) as opened:
            return opened.readall().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
