"""The lab clock: time stands still until it is moved."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from staplelab.parts.clock import EPOCH, LabClock
from staplelab.places import build_folder

# the clock is preloaded into uninstrumented programs; it has no sanitizer build
LABCLOCK = str(build_folder() / "lib" / "labclock.so")

_READ_CLOCKS = """
import sys, time
for line in sys.stdin:
    print(time.time_ns(), time.monotonic_ns(), int(time.process_time() < 60), flush=True)
"""


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[LabClock]:
    made = LabClock(tmp_path / "clock")
    yield made
    made.close()


class Reader:
    """A program on the lab clock that says what time it is whenever it is asked."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _READ_CLOCKS],
            env={**os.environ, "LD_PRELOAD": LABCLOCK, "STAPLELAB_CLOCK": str(path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self) -> tuple[int, int]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        wall, monotonic, processor = self.process.stdout.readline().split()
        assert processor == "1", "processor time is not the lab's"
        return int(wall), int(monotonic)

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture
def reader(clock: LabClock) -> Iterator[Reader]:
    made = Reader(clock.path)
    yield made
    made.close()


def test_time_stands_still(reader: Reader) -> None:
    first = reader.ask()
    assert first[0] == EPOCH * 10**9
    assert reader.ask() == first


@pytest.mark.parametrize(("wall", "monotonic"), [(61, 61), (61, 0), (0, 61), (-7200, 0)])
def test_wall_and_monotonic_move_apart(
    clock: LabClock, reader: Reader, wall: int, monotonic: int
) -> None:
    before = reader.ask()
    clock.move(wall=wall, monotonic=monotonic)
    after = reader.ask()
    assert after[0] - before[0] == wall * 10**9
    assert after[1] - before[1] == monotonic * 10**9


def test_monotonic_time_does_not_go_back(clock: LabClock) -> None:
    with pytest.raises(ValueError, match="does not go back"):
        clock.move(monotonic=-1)


def test_rewind_keeps_monotonic_time(clock: LabClock, reader: Reader) -> None:
    clock.move(wall=500, monotonic=500)
    monotonic = reader.ask()[1]
    clock.rewind()
    assert reader.ask() == (EPOCH * 10**9, monotonic)


@pytest.mark.parametrize("content", [None, b"\0" * 24], ids=["no-file", "wrong-magic"])
def test_without_a_clock_file_the_real_clock_shows(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "clock"
    if content is not None:
        path.write_bytes(content)
    reader = Reader(path)
    wall, _ = reader.ask()
    reader.close()
    assert wall // 10**9 != EPOCH
    assert struct.calcsize("=qqq") == 24
