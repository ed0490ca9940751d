"""The lab clock: one small file that every part maps (see harness/runtime/labclock.c).

Wall and monotonic time stand still until a scenario moves them.
"""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path

_MAGIC = 0x4B434F4C4342414C
_LAYOUT = struct.Struct("=qqq")
_NANOSECONDS = 1_000_000_000

#: Where the wall clock stands when a scenario begins: certificates are minted for this instant.
EPOCH = int(datetime(2030, 1, 1, tzinfo=UTC).timestamp())


class LabClock:
    """Writes the clock file.  Moving it wakes nobody: that is the lab's business."""

    def __init__(self, path: Path) -> None:
        self.path = path
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
        """Wall time, in whole Unix seconds."""
        return self._read()[0] // _NANOSECONDS

    @property
    def elapsed(self) -> float:
        """Wall seconds since the scenario began; negative when it was set back beyond that."""
        return (self._read()[0] - EPOCH * _NANOSECONDS) / _NANOSECONDS

    def move(self, *, wall: float = 0, monotonic: float = 0) -> None:
        """Moves the two times by seconds; monotonic time only goes forward."""
        if monotonic < 0:
            raise ValueError("monotonic time does not go back")
        now_wall, now_monotonic = self._read()
        self._write(
            now_wall + round(wall * _NANOSECONDS), now_monotonic + round(monotonic * _NANOSECONDS)
        )

    def rewind(self) -> None:
        """Puts the wall clock back to where a scenario begins; monotonic time stays monotonic."""
        self._write(EPOCH * _NANOSECONDS, self._read()[1])

    def close(self) -> None:
        self._map.close()
