"""Files that a server under test has written: it may have put anything in their place.

Nothing here follows a symbolic link, waits at a FIFO, or reads without an end.
"""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from pathlib import Path

#: of one file no more is read
LONGEST = 64 << 20


def read(path: Path, since: int = 0) -> bytes:
    """The octets of a regular file from that one on, at most LONGEST; none where there is no such
    file, or something else in its place."""
    descriptor = _open(path)
    if descriptor is None:
        return b""
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        file.seek(since)
        octets = b""
        while len(octets) < LONGEST and (more := file.read(1 << 20)):
            octets += more
        return octets


def names(folder: Path) -> list[str]:
    """What is in the folder that the server was given (its own is not looked into)."""
    return sorted(entry.name for entry in os.scandir(folder))


def copy(folder: Path, into: Path) -> None:
    """Copies the regular files that lie in a folder, as far as they are not there."""
    for name in names(folder):
        descriptor = _open(folder / name)
        if descriptor is None:
            continue
        with os.fdopen(descriptor, "rb") as file:
            if not os.path.lexists(into / name):
                (into / name).write_bytes(file.read(LONGEST))


def empty(folder: Path) -> None:
    """Removes all that is in a folder, however it is nested, and nothing that it points to."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for entry in list(os.scandir(descriptor)):
            if not entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(entry.name, dir_fd=descriptor)
                continue
            with contextlib.suppress(OSError):  # mostly it is empty, and a process costs more
                os.rmdir(entry.name, dir_fd=descriptor)
                continue
            # it takes any depth, and stays below the folder whatever becomes of the names
            command = ["rm", "-rf", "--one-file-system", "--", f"./{entry.name}"]
            subprocess.run(command, cwd=f"/proc/self/fd/{descriptor}", check=False)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int | None:
    """A descriptor of a regular file; None for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return descriptor
