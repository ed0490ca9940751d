"""The lab clocks, ours and libfaketime: time stands still until it is moved."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from staplelab.errors import LabError
from staplelab.parts import clock as clocks
from staplelab.parts.clock import EPOCH, NAMES, Clock, FaketimeClock, LabClock, open_clock
from staplelab.places import build_folder

_NANOSECONDS = 10**9

_READ_CLOCKS = """
import sys, time
for line in sys.stdin:
    print(time.time_ns(), time.monotonic_ns(), int(time.process_time() < 60), flush=True)
"""
#: libfaketime leaves nothing in a /dev/shm that goes with the program
_OWN_SHM = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
_OWN_SHM += ["sh", "-c", 'mount -t tmpfs shm /dev/shm && LD_PRELOAD=$0 exec "$@"']


@pytest.fixture(params=NAMES)
def clock(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clock]:
    made = open_clock(request.param, tmp_path)
    yield made
    made.close()


class Reader:
    """A program on the lab clock that says what time it is whenever it is asked."""

    def __init__(self, clock: Clock, **variables: str) -> None:
        # neither library has a sanitizer build
        library = str(build_folder() / "lib" / clock.preload.library)
        self.process = subprocess.Popen(
            [*_OWN_SHM, library, sys.executable, "-c", _READ_CLOCKS],
            env={**os.environ, **clock.preload.variables, **variables},
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
def reader(clock: Clock) -> Iterator[Reader]:
    made = Reader(clock)
    yield made
    made.close()


# ----- what both do -----


def test_time_stands_still(reader: Reader) -> None:
    first = reader.ask()
    assert first[0] == EPOCH * _NANOSECONDS
    assert reader.ask() == first


@pytest.mark.parametrize("step", [61, 0.2, 59.9, 0.000000001, 7 * 86400])
def test_both_times_move_together(clock: Clock, reader: Reader, step: float) -> None:
    """To the nanosecond, a hundred times in a row."""
    before = reader.ask()
    for _ in range(100):
        clock.move(wall=step, monotonic=step)
    after = reader.ask()
    moved = 100 * round(step * _NANOSECONDS)
    assert [after[0] - before[0], after[1] - before[1]] == [moved, moved]
    assert clock.elapsed == moved / _NANOSECONDS
    assert clock.now == EPOCH + moved // _NANOSECONDS


def test_every_fraction_is_read_as_it_was_written(clock: Clock, reader: Reader) -> None:
    """Also those that a floating point number does not hold."""
    for tenth in range(100):
        assert reader.ask()[0] == EPOCH * _NANOSECONDS + tenth * 100_000_007
        clock.move(wall=0.100000007, monotonic=0.100000007)


def test_monotonic_time_does_not_go_back(clock: Clock) -> None:
    with pytest.raises(ValueError, match="does not go back"):
        clock.move(wall=-1, monotonic=-1)
    assert clock.elapsed == 0


def test_rewind_puts_the_wall_back(clock: Clock, reader: Reader) -> None:
    clock.move(wall=500.5, monotonic=500.5)
    clock.rewind()
    assert reader.ask()[0] == EPOCH * _NANOSECONDS
    assert (clock.now, clock.elapsed) == (EPOCH, 0)


def test_a_new_program_sees_the_time_as_it_is(clock: Clock) -> None:
    clock.move(wall=3600, monotonic=3600)
    late = Reader(clock)
    assert late.ask()[0] == (EPOCH + 3600) * _NANOSECONDS
    late.close()


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "UTC"])
def test_the_zone_makes_no_difference(clock: Clock, zone: str) -> None:
    elsewhere = Reader(clock, TZ=zone, LC_ALL="de_DE.UTF-8")
    clock.move(wall=0.25, monotonic=0.25)
    assert elsewhere.ask()[0] == EPOCH * _NANOSECONDS + 250_000_000
    elsewhere.close()


# ----- ours -----


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[LabClock]:
    made = LabClock(tmp_path / "clock")
    yield made
    made.close()


@pytest.mark.parametrize(("wall", "monotonic"), [(61, 0), (0, 61), (-7200, 0)])
def test_wall_and_monotonic_move_apart(ours: LabClock, wall: int, monotonic: int) -> None:
    assert ours.separate_times
    reader = Reader(ours)
    before = reader.ask()
    ours.move(wall=wall, monotonic=monotonic)
    after = reader.ask()
    reader.close()
    assert after[0] - before[0] == wall * _NANOSECONDS
    assert after[1] - before[1] == monotonic * _NANOSECONDS


def test_rewind_keeps_monotonic_time(ours: LabClock) -> None:
    reader = Reader(ours)
    ours.move(wall=500, monotonic=500)
    monotonic = reader.ask()[1]
    ours.rewind()
    assert reader.ask() == (EPOCH * _NANOSECONDS, monotonic)
    reader.close()


@pytest.mark.parametrize("content", [None, b"\0" * 24], ids=["no-file", "wrong-magic"])
def test_without_a_clock_file_the_real_clock_shows(ours: LabClock, content: bytes | None) -> None:
    ours.path.unlink()
    if content is not None:
        ours.path.write_bytes(content)
    reader = Reader(ours)
    wall, _ = reader.ask()
    reader.close()
    assert wall // _NANOSECONDS != EPOCH
    assert struct.calcsize("=qqq") == 24


# ----- libfaketime -----


@pytest.mark.parametrize("step", [{"wall": 61}, {"monotonic": 61}, {"wall": -7200}])
def test_libfaketime_does_not_move_one_alone(tmp_path: Path, step: dict[str, Any]) -> None:
    theirs = FaketimeClock(tmp_path / "clock")
    assert not theirs.separate_times
    with pytest.raises(LabError, match="mark a scenario .* @pytest.mark.needs_separate_times"):
        theirs.move(**step)
    assert theirs.elapsed == 0


def test_libfaketime_has_one_time_for_both(tmp_path: Path) -> None:
    """It is why monotonic time goes back between two scenarios."""
    theirs = FaketimeClock(tmp_path / "clock")
    reader = Reader(theirs)
    theirs.move(wall=500, monotonic=500)
    for _ in range(2):
        wall, monotonic = reader.ask()
        assert wall == monotonic
        theirs.rewind()
    reader.close()


def test_the_file_is_there_at_every_moment(tmp_path: Path) -> None:
    """Without it libfaketime shows the real time: a new file takes the place of the old one."""
    theirs = FaketimeClock(tmp_path / "clock")
    with theirs.path.open() as old:
        theirs.move(wall=1, monotonic=1)
        assert old.read() == f"{EPOCH}.0000000005\n"
    assert theirs.path.read_text() == f"{EPOCH + 1}.0000000005\n"
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]


# ----- what is refused -----


def test_what_both_clocks_need_is_here() -> None:
    for name in NAMES:
        clocks.check(name)


def test_no_libfaketime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "_FAKETIME_PLACES", ("/nowhere",))
    clocks.check("lab")
    with pytest.raises(LabError) as refused:
        clocks.check("faketime")
    assert str(refused.value) == (
        "--clock faketime needs libfaketime, which is not installed: `make clocks` installs it "
        "(the Debian package libfaketime)"
    )


@pytest.mark.parametrize("variable", ["FAKETIME", "FAKETIME_XRESET", "DONT_FAKE_MONOTONIC"])
def test_a_variable_that_libfaketime_would_heed(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    clocks.check("lab")
    with pytest.raises(LabError, match=f"the variable {variable} is set, .*: unset it$"):
        clocks.check("faketime")
