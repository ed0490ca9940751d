"""Waiting for events with a bound.  Nothing in the harness waits in any other way.

Bounds are on the kernel's clock: the lab clock stands still while we wait.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path

from staplelab.errors import LabError

BOUND_SECONDS = 10.0
#: a program that is run to its end, such as pki-mint where every key has to be made
PROGRAM_SECONDS = 3 * BOUND_SECONDS

#: between two looks at what has no event
_NAP_SECONDS = 0.0002
_IN_MODIFY = 0x2
_IN_DONT_FOLLOW = 0x02000000


def until(happened: Callable[[], bool], what: str, bound: float = BOUND_SECONDS) -> None:
    """Watches a state of the kernel that has no event of its own (a process being stopped).

    Gives the processor up between two looks; raises LabError past the bound.  To yield it would
    not do: Linux may keep another process waiting for seconds that belongs to another session
    (autogroup), as the parts do.
    """
    deadline = time.monotonic() + bound
    while not happened():
        if time.monotonic() > deadline:
            raise LabError(f"waited {bound:g} s in vain for: {what}")
        select.select([], [], [], _NAP_SECONDS)


def until_written(
    path: Path, happened: Callable[[], bool], what: str, bound: float = BOUND_SECONDS
) -> None:
    """Returns once `happened` holds, which is looked at whenever the file has been written to."""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(os.O_CLOEXEC)
    try:
        library.inotify_add_watch(descriptor, os.fsencode(path), _IN_MODIFY | _IN_DONT_FOLLOW)
        deadline = time.monotonic() + bound
        while not happened():
            left = max(0.0, deadline - time.monotonic())
            if not select.select([descriptor], [], [], left)[0]:
                raise LabError(f"waited {bound:g} s in vain for: {what}")
            os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def receive_all(connection: socket.socket, most: int, bound: float = BOUND_SECONDS) -> bytes:
    """What the peer sends until it closes; TimeoutError past the bound on all of it, and
    ConnectionError past so many octets."""
    deadline = time.monotonic() + bound
    octets = b""
    while len(octets) <= most:
        connection.settimeout(max(_NAP_SECONDS, deadline - time.monotonic()))
        more = connection.recv(4096)
        if not more:
            return octets
        octets += more
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not end within {bound:g} s")
    raise ConnectionError(f"it sends more than {most} octets")


def until_ended(pid: int, what: str, bound: float = BOUND_SECONDS) -> None:
    """Returns once the process has ended (at once if there is none); it need not be our child.

    A child is not reaped: its exit status is still to be had.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([descriptor], [], [], bound)
    finally:
        os.close(descriptor)
    if not ready:
        raise LabError(f"waited {bound:g} s in vain for {what} (process {pid}) to end")
