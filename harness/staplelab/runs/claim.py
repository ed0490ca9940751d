"""One run at a time writes into a folder.

The kernel keeps the lock, knows who has it, and drops it when that process ends, however it ends.
It goes as soon as the process closes any of its descriptors of the file: who has claimed a record
reads it through the `Claim` alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from pathlib import Path

from staplelab.errors import LabError

#: struct flock: type, whence, start, length, process
_FLOCK = "hhqqi4x"


class Claim:
    """A file of the folder, made where there is none, that no other process can claim."""

    def __init__(self, folder: Path, name: str) -> None:
        """LabError when the folder cannot be written or another process has claimed it."""
        self.path = folder / name
        self._made = not folder.exists()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.descriptor = _open(self.path)
            while not self._is_mine(folder):
                # the one who had it put the file away before its lock went
                os.close(self.descriptor)
                self.descriptor = _open(self.path)
        except OSError as error:
            raise LabError(f"--out {folder}: cannot be written: {error.strerror}") from None

    def _is_mine(self, folder: Path) -> bool:
        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            holder = _holder(self.descriptor)
            os.close(self.descriptor)
            raise LabError(
                f"--out {folder}: {holder} writes its results there now; "
                "wait for its end or give another --out"
            ) from None
        try:
            return os.path.samestat(os.fstat(self.descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False

    def read(self) -> bytes:
        return os.pread(self.descriptor, os.fstat(self.descriptor).st_size, 0)

    def release(self) -> None:
        os.close(self.descriptor)

    def undo(self) -> None:
        """Releases it, and removes what it had to make."""
        self.path.unlink()
        if self._made:
            with contextlib.suppress(OSError):  # somebody else's files are in it by now
                self.path.parent.rmdir()
        self.release()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)


def _holder(descriptor: int) -> str:
    """Who has the lock; in another container the kernel does not tell its number."""
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))[-1]
    return f"process {pid}" if pid > 0 else "another process"
