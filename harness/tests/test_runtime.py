"""The lab clock and the tether: time stands still, and nothing outlives its driver."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from staplelab.clock import EPOCH, LabClock
from staplelab.waiting import until
from staplelab.places import build_folder

TETHER = str(build_folder() / "bin" / "tether")
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


def tether(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TETHER, *argv], capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("kill -9 $$", 137), ("true", 0)])
def test_tether_ends_as_its_program(script: str, status: int) -> None:
    assert tether("sh", "-c", script).returncode == status


def test_tether_sets_variables_for_the_program_alone() -> None:
    assert tether("--", "LAB=yes", "sh", "-c", "echo $LAB").stdout == "yes\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "no program to run is named"),
        (["--parent", "x", "true"], '--parent takes a process id, not "x"'),
        (["--nonsense", "true"], "nonsense"),
    ],
)
def test_tether_usage(argv: list[str], said: str) -> None:
    done = tether(*argv)
    assert done.returncode == 2
    assert said in done.stderr


def test_tether_names_a_program_that_cannot_be_run() -> None:
    done = tether("/no/such/program")
    assert done.returncode == 127
    assert "cannot run /no/such/program: No such file" in done.stderr


def test_tether_reports_and_ends_what_is_left_over() -> None:
    done = tether("sh", "-c", "setsid tail -f /dev/null >/dev/null & echo $!")
    left = int(done.stdout)
    assert "left over: process" in done.stderr
    assert not Path(f"/proc/{left}").exists()


def test_tether_passes_signals_on() -> None:
    script = "trap 'echo got; exit 7' USR1; echo ready; while :; do read line; done"
    process = subprocess.Popen(
        [TETHER, "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGUSR1)
    assert process.communicate(timeout=20)[0] == "got\n"
    assert process.returncode == 7


def test_nothing_outlives_a_killed_driver(tmp_path: Path) -> None:
    """The driver dies by SIGKILL: its program, the program's orphans and its folder go too."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "file").write_text("x")
    pids = tmp_path / "pids"
    program = (
        f"setsid tail -f /dev/null & echo $! > {pids}.new; mv {pids}.new {pids}; "
        "exec tail -f /dev/null"
    )
    driver = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, subprocess, sys\n"
            "subprocess.Popen([sys.argv[1], f'--parent={os.getpid()}', *sys.argv[2:]],"
            " stdin=subprocess.PIPE).wait()",
            TETHER,
            f"--remove={folder}",
            "sh",
            "-c",
            program,
        ]
    )
    until(pids.exists, "the program to start its orphan")
    orphan = int(pids.read_text())
    assert Path(f"/proc/{orphan}").exists()
    driver.kill()
    driver.wait()
    until(lambda: not Path(f"/proc/{orphan}").exists(), "the orphan to be ended")
    until(lambda: not folder.exists(), "the folder to be removed")


def test_a_driver_that_is_gone_already_starts_nothing() -> None:
    assert tether("--parent", str(os.getpid() + 100000), "true").returncode == 137
