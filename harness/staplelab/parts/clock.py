"""The lab clock, of which there are two: our own and libfaketime.

Wall and monotonic time stand still until a scenario moves them.  Our own
(harness/runtime/labclock.c) maps one small file into every part.  libfaketime reads a file whenever
it is asked what time it is; it is an independent check of ours.
"""

from __future__ import annotations

import glob
import mmap
import os
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from staplelab.errors import LabError, check_word
from staplelab.hosts import namespace
from staplelab.hosts.base import Preload

_MAGIC = 0x4B434F4C4342414C
_LAYOUT = struct.Struct("=qqq")
_NANOSECONDS = 1_000_000_000

#: Where the wall clock stands when a scenario begins: certificates are minted for this instant.
EPOCH = int(datetime(2030, 1, 1, tzinfo=UTC).timestamp())

NAMES = ("lab", "faketime")
#: why a scenario that is marked so is not applicable under a clock without separate times
NEEDS_SEPARATE_TIMES = "moves one of the two times alone, and libfaketime moves both"

#: the linker puts the folder of its own libraries for $LIB, here as well as in another image
_FAKETIME_LIBRARY = "/usr/$LIB/faketime/libfaketime.so.1"
_FAKETIME_PLACES = ("/usr/lib/*/faketime", "/usr/lib64/faketime", "/usr/lib/faketime")


class Clock(Protocol):
    """A clock that the parts and clients of one lab share.  Moving it wakes nobody: that is the
    lab's business."""

    name: str
    #: whether wall time or monotonic time can be moved alone
    separate_times: bool
    #: the file that all of them read
    path: Path
    #: what puts a program on this clock
    preload: Preload

    @property
    def now(self) -> int:
        """Wall time, in whole Unix seconds."""

    @property
    def elapsed(self) -> float:
        """Wall seconds since the scenario began; negative when it was set back beyond that."""

    def move(self, *, wall: float = 0, monotonic: float = 0) -> None:
        """Moves the two times by seconds; monotonic time only goes forward."""

    def rewind(self) -> None:
        """Puts the wall clock back to where a scenario begins."""

    def close(self) -> None: ...


class LabClock:
    """Our own: writes the clock file."""

    name = "lab"
    separate_times = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.preload = Preload("labclock.so", {"STAPLELAB_CLOCK": str(path)}, lambda: self.now)
        path.write_bytes(_LAYOUT.pack(_MAGIC, EPOCH * _NANOSECONDS, 1_000 * _NANOSECONDS))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)

    def _read(self) -> tuple[int, int]:
        _, wall, monotonic = _LAYOUT.unpack(self._map[: _LAYOUT.size])
        return wall, monotonic

    def _write(self, wall: int, monotonic: int) -> None:
        _LAYOUT.pack_into(self._map, 0, _MAGIC, wall, monotonic)

    @property
    def now(self) -> int:
        return self._read()[0] // _NANOSECONDS

    @property
    def elapsed(self) -> float:
        return (self._read()[0] - EPOCH * _NANOSECONDS) / _NANOSECONDS

    def move(self, *, wall: float = 0, monotonic: float = 0) -> None:
        _check_forward(monotonic)
        now_wall, now_monotonic = self._read()
        self._write(
            now_wall + round(wall * _NANOSECONDS), now_monotonic + round(monotonic * _NANOSECONDS)
        )

    def rewind(self) -> None:
        """Monotonic time stays monotonic."""
        self._write(EPOCH * _NANOSECONDS, self._read()[1])

    def close(self) -> None:
        self._map.close()


class FaketimeClock:
    """libfaketime, which has one time for both: monotonic time is the wall's.

    It goes back with the wall between two scenarios, when nginx is a new process and nobody waits
    for a time any more.
    """

    name = "faketime"
    separate_times = False

    def __init__(self, path: Path) -> None:
        self.path = path
        variables = {
            "FAKETIME_TIMESTAMP_FILE": str(path),
            # Unix seconds: in any other form it is the local time of whoever reads it
            "FAKETIME_FMT": "%s",
            "FAKETIME_NO_CACHE": "1",
            # nss_wrapper notices another hosts file by its time of modification
            "NO_FAKE_STAT": "1",
        }
        self.preload = Preload(_FAKETIME_LIBRARY, variables, lambda: self.now)
        self.rewind()

    def _write(self, time: int) -> None:
        """Whoever reads meanwhile sees the old time or the new one: without a file, libfaketime
        would show the real one."""
        self._time = time
        seconds, nanoseconds = divmod(time, _NANOSECONDS)
        # it reads a fraction as a floating point number and cuts it off: the half nanosecond more
        # keeps 0.9 s from being 0.899999999
        written = self.path.with_name(f"{self.path.name}.new")
        written.write_text(f"{seconds}.{nanoseconds:09}5\n")
        written.chmod(0o644)
        written.replace(self.path)

    @property
    def now(self) -> int:
        return self._time // _NANOSECONDS

    @property
    def elapsed(self) -> float:
        return (self._time - EPOCH * _NANOSECONDS) / _NANOSECONDS

    def move(self, *, wall: float = 0, monotonic: float = 0) -> None:
        _check_forward(monotonic)
        if wall != monotonic:
            raise LabError(
                "libfaketime moves wall and monotonic time together: mark a scenario that moves "
                "one of them alone with @pytest.mark.needs_separate_times"
            )
        self._write(self._time + round(wall * _NANOSECONDS))

    def rewind(self) -> None:
        self._write(EPOCH * _NANOSECONDS)

    def close(self) -> None:
        pass


def _check_forward(monotonic: float) -> None:
    if monotonic < 0:
        raise ValueError("monotonic time does not go back")


def check(name: str) -> None:
    """LabError unless there is a clock of that name and this machine has what it takes."""
    check_word("clock", name, NAMES)
    if name != "faketime":
        return
    if not any(glob.glob(f"{place}/libfaketime.so.1") for place in _FAKETIME_PLACES):
        raise LabError(
            "--clock faketime needs libfaketime, which is not installed: `make clocks` installs "
            "it (the Debian package libfaketime)"
        )
    for variable in sorted(os.environ):
        if variable.startswith("FAKETIME") or variable == "DONT_FAKE_MONOTONIC":
            raise LabError(
                f"the variable {variable} is set, and libfaketime would heed it before the lab's "
                "clock: unset it"
            )


def check_entered(name: str) -> None:
    """LabError where the clock would leave something behind: libfaketime makes two files in
    /dev/shm for each process, and a process that is killed removes none."""
    if name == "faketime" and not namespace.has_own_shm():
        raise LabError(f"--clock faketime: {namespace.WHY_NO_SHM}")


def open_clock(name: str, folder: Path) -> Clock:
    """The clock of that name, with its file in this folder."""
    if name == "faketime":
        return FaketimeClock(folder / "clock")
    return LabClock(folder / "clock")
