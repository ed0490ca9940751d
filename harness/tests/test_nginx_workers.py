"""Who counts as a worker of nginx, while masters and workers come and go."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from staplelab import processes
from staplelab.errors import LabError
from staplelab.hosts.base import Listener
from staplelab.servers import family
from staplelab.servers.nginx import Nginx, _nudge
from staplelab.waiting import until

_PTRACE_ATTACH = 16

# at first it has something to do, and says of each signal whether that was at an end by then
BUSY = """
import signal, sys, time
done = False
signal.signal(signal.SIGIO, lambda *_: print(done, flush=True))
print("begun", flush=True)
end = time.monotonic() + 0.3
while time.monotonic() < end:
    pass
done = True
while True:
    signal.pause()
"""

# a master that has not yet noticed that the first of its two workers has ended
MASTER = """
import os
read, write = os.pipe()
ended = os.fork() or os._exit(0)
serving = os.fork() or os.read(read, 1)
os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
print(ended, serving, flush=True)
os.read(read, 1)
"""


@pytest.fixture
def master() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", MASTER], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def nginx_of(master: subprocess.Popen[str]) -> Nginx:
    """An Nginx that takes this process for its master."""
    listener = Listener("127.0.0.1", 1, 0)
    host = SimpleNamespace(listen=lambda role, standard: listener, server_folder=Path())
    nginx = Nginx(cast(Any, host), cast(Any, None), Path())
    nginx._running = cast(Any, master)
    return nginx


def test_an_ended_worker_is_none(master: subprocess.Popen[str]) -> None:
    """wake() would stop all others for the ended one to answer, and wait in vain."""
    assert master.stdout is not None
    ended, serving = map(int, master.stdout.readline().split())
    assert processes.children(master.pid) == [ended, serving]
    assert nginx_of(master).workers() == [serving]


def family_of(titles: list[str], children: dict[int, list[int]], monkeypatch: Any) -> None:
    """Lets /proc say that process 1 has these children, and these titles."""
    monkeypatch.setattr(processes, "children", lambda pid: children.get(pid, []))
    monkeypatch.setattr(processes, "title", lambda pid: titles[pid - 1])


def test_cache_manager_and_loader_are_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither accepts a connection: a settle would wait in vain for each to respond."""
    titles = [
        "nginx: master process /usr/sbin/nginx",
        "nginx: worker process",
        "nginx: worker process is shutting down",
        "nginx: cache manager process",
        "nginx: cache loader process",
    ]
    family_of(titles, {1: [5, 4, 3, 2]}, monkeypatch)
    assert family.workers(1) == {2: titles[1], 3: titles[2]}
    assert [family.is_leaving(title) for title in titles[1:3]] == [False, True]


def test_a_child_without_a_title_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its master's, until it has said what it is."""
    titles = ["nginx: master process x"] * 2
    family_of(titles, {1: [2]}, monkeypatch)

    def look(happened: Any, what: str) -> None:
        assert what == "nginx's processes to take their titles"
        assert not happened()
        titles[1] = "nginx: cache manager process"
        assert happened()

    monkeypatch.setattr(family, "until", look)
    assert family.workers(1) == {}


def test_only_one_runs(master: subprocess.Popen[str]) -> None:
    assert master.stdout is not None
    ended, serving = map(int, master.stdout.readline().split())
    nginx = nginx_of(master)
    with nginx.only(ended):
        assert processes.is_stopped(serving)
    until(lambda: not processes.is_stopped(serving), "the worker to go on")
    with nginx.only(serving):
        assert not processes.is_stopped(serving)


def test_stopped_under_a_debugger(master: subprocess.Popen[str]) -> None:
    """A run under strace: the kernel has another letter for such a process."""
    assert master.stdout is not None
    _, serving = map(int, master.stdout.readline().split())
    assert not processes.is_stopped(serving)
    assert ctypes.CDLL(None).ptrace(_PTRACE_ATTACH, serving, None, None) == 0
    until(partial(processes.is_stopped, serving), "the worker to stop")


def test_a_worker_that_is_leaving_is_woken_at_rest(master: subprocess.Popen[str]) -> None:
    """A signal that comes while it is on its way there would be lost on it."""
    worker = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout is not None and worker.stdout.readline() == "begun\n"
        for _ in range(2):
            _nudge(worker.pid)
            assert worker.stdout.readline() == "True\n"
    finally:
        worker.kill()
        worker.communicate()
    _nudge(worker.pid)  # there is none any more
    assert master.stdout is not None
    ended, _ = map(int, master.stdout.readline().split())
    _nudge(ended)


def test_what_an_nginx_does_that_does_not_end(master: subprocess.Popen[str]) -> None:
    assert master.stdout is not None
    ended, serving = map(int, master.stdout.readline().split())
    until(partial(processes.is_resting, serving), "the worker to wait")

    def wait(bound: float) -> int:
        raise LabError("it did not end")

    running = SimpleNamespace(pid=master.pid, poll=lambda: None, wait=wait)
    with pytest.raises(LabError, match="^it did not end; ") as error:
        nginx_of(cast(Any, running)).wait()
    said = str(error.value)
    assert re.match(rf"it did not end; {master.pid} .*, {ended} \(\): Z, {serving} \(.*\): S", said)


def test_a_process_that_is_gone(master: subprocess.Popen[str]) -> None:
    assert master.stdout is not None
    gone, _ = map(int, master.stdout.readline().split())
    os.killpg(master.pid, signal.SIGKILL)
    master.wait()
    until(partial(processes.is_stopped, gone), "the orphan to be gone")
    assert processes.title(gone) == ""
    assert processes.children(gone) == []


def test_quit_asks_again_after_a_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits to be accepted when a listener closes is reset; another worker may accept still."""
    asked: list[object] = []

    def connect(address: object, *_: object) -> None:
        asked.append(address)
        raise ConnectionResetError if len(asked) == 1 else ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", connect)
    master = SimpleNamespace(signal=lambda number: None, poll=lambda: None, pid=os.getpid())
    nginx_of(cast(Any, master)).quit(wait=False)
    assert asked[0] == asked[1]


def test_the_master_behind_a_wrapper(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = ["/bin/sh wrapper", "cat", "nginx: master process nginx", "nginx: worker process"]
    family_of(titles, {1: [2, 3], 3: [4]}, monkeypatch)
    assert family.master(1) == family.master(3) == 3
    assert family.master(2) == 2  # there is none
