"""Where a run keeps what goes with it."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from staplelab import places, processes
from staplelab.hosts.local import LocalHost


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is taken for memory; nobody says TMPDIR."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(places, "_IN_MEMORY", str(tmp_path))
    return tmp_path


def test_what_the_user_says(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(memory / "said"))
    (memory / "said").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)  # asked before, it would not look again
    assert places.scratch() == memory / "said"


def test_in_memory(memory: Path) -> None:
    assert places.scratch() == memory


def test_no_room_in_memory(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = os.statvfs(memory)
    monkeypatch.setattr(places, "_ENOUGH", (room.f_blocks + 1) * room.f_frsize)
    assert places.scratch() == Path(tempfile.gettempdir())


def test_no_memory_to_write_to(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_IN_MEMORY", str(memory / "not-there"))
    assert places.scratch() == Path(tempfile.gettempdir())


def test_a_launcher_that_was_killed_leaves_no_folder() -> None:
    """It owns the folder and removes it at its end; this one has none."""
    host = LocalHost(places.build_folder())
    launcher = next(
        pid for pid in processes.children(os.getpid()) if str(host.folder) in _command_line(pid)
    )
    assert host.folder.exists()
    os.kill(launcher, signal.SIGKILL)
    host.close()
    assert not host.folder.exists()


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
