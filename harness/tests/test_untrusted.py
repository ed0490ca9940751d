"""What the driver reads, copies and removes of a folder that a hostile server has filled."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from staplelab import untrusted
from staplelab.servers import error_log
from staplelab.servers.error_log import LogFile
from staplelab.waiting import receive_all


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "file").write_text("untouched")
    return folder


@pytest.fixture
def own(tmp_path: Path, victim: Path) -> Path:
    """The server's folder: a log and all that may be in the place of one."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "log").write_text("a line\n")
    (folder / "link").symlink_to(victim / "file")
    (folder / "folder-link").symlink_to(victim)
    (folder / "dangling").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "fifo")
    socket.socket(socket.AF_UNIX).bind(str(folder / "socket"))
    (folder / "empty").mkdir()
    return folder


@pytest.mark.timeout(10)
def test_only_a_regular_file_is_read(own: Path) -> None:
    assert untrusted.read(own / "log") == b"a line\n"
    assert untrusted.read(own / "log", 2) == b"line\n"
    others = [name for name in untrusted.names(own) if name != "log"]
    assert len(others) == 7
    assert [untrusted.read(own / name) for name in others] == [b""] * len(others)
    assert untrusted.read(own / "missing") == b""


def test_a_log_that_was_replaced_says_nothing(own: Path) -> None:
    log = LogFile(own / "log")
    assert len(log.lines()) == 1
    (own / "log").unlink()
    (own / "log").symlink_to(own / "fifo")
    assert len(log.lines()) == 1


def test_a_log_has_an_end(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_log, "LONGEST", 1 << 20)
    log = LogFile(own / "log")
    with (own / "log").open("a") as file:
        file.writelines(f"{'x' * 99}\n" for _ in range(20_000))
    log.lines()
    assert str(log.lines()[-1]) == "[alert] its log is longer than 1 MiB"


def test_reading_has_an_end(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "LONGEST", 3 << 20)
    with (own / "log").open("wb") as file:
        file.truncate(1 << 40)
    assert len(untrusted.read(own / "log")) == 3 << 20


def test_only_regular_files_are_copied(own: Path, tmp_path: Path) -> None:
    into = tmp_path / "kept"
    into.mkdir()
    untrusted.copy(own, into)
    assert [path.name for path in into.iterdir()] == ["log"]
    (own / "log").write_text("another\n")
    untrusted.copy(own, into)
    assert (into / "log").read_text() == "a line\n", "what is there already is ours"


def test_all_is_removed_and_nothing_else(own: Path, victim: Path) -> None:
    nest = "/".join(["d"] * 800)  # twice that is deeper than Python recurses
    command = f"mkdir -p {nest} && cd {nest} && mkdir -p {nest}"
    subprocess.run(command, shell=True, cwd=own, check=True)
    untrusted.empty(own)
    assert list(own.iterdir()) == []
    assert (victim / "file").read_text() == "untouched"


def test_a_link_in_the_place_of_the_folder_is_not_followed(own: Path, victim: Path) -> None:
    (own / "here").symlink_to(victim)
    with pytest.raises(OSError):
        untrusted.empty(own / "here")
    assert (victim / "file").exists()


@pytest.mark.parametrize("octets", [b"x" * 65536, b"x"], ids=["much", "slowly"])
def test_a_peer_that_talks_for_ever(octets: bytes) -> None:
    mine, theirs = socket.socketpair()
    over = threading.Event()

    def talk() -> None:
        while not over.wait(0.02 if len(octets) == 1 else 0):
            try:
                theirs.sendall(octets)
            except OSError:
                return

    thread = threading.Thread(target=talk)
    thread.start()
    begin = time.monotonic()
    with pytest.raises((TimeoutError, ConnectionError)):
        receive_all(mine, 4096, bound=0.3)
    assert time.monotonic() - begin < 5
    over.set()
    mine.close()
    thread.join()
    theirs.close()
