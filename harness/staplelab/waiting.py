"""Waiting for events with a bound.  Nothing in the harness waits in any other way.

Bounds are on the kernel's clock: the lab clock stands still while we wait.
"""

from __future__ import annotations

import ctypes
import os
import select
import time
from collections.abc import Callable
from pathlib import Path

from staplelab.errors import LabError

BOUND_SECONDS = 10.0

#: between two looks at what has no event
_NAP_SECONDS = 0.0002
_IN_MODIFY = 0x2


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
        library.inotify_add_watch(descriptor, os.fsencode(path), _IN_MODIFY)
        deadline = time.monotonic() + bound
        while not happened():
            left = max(0.0, deadline - time.monotonic())
            if not select.select([descriptor], [], [], left)[0]:
                raise LabError(f"waited {bound:g} s in vain for: {what}")
            os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


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
