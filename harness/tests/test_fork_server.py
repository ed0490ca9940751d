"""The fork server: a program that is held before its main() starts as one that is not."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from staplelab.errors import LabError
from staplelab.hosts.base import Listener
from staplelab.hosts.launcher import Launched, LocalLauncher
from staplelab.hosts.fork_server import ForkServer, hold
from staplelab.places import build_folder
from staplelab.waiting import until

PROGRAM = build_folder() / "bin" / "launcher"
# preloaded into uninstrumented programs; it has no sanitizer build
LIBRARY = build_folder() / "lib" / "fork-server.so"

#: tells, in the file that stderr is, all that a process has from its parent
TELL = """
import json, os, resource, signal, sys
def status(*names):
    lines = [line.split() for line in open("/proc/self/status")]
    return {line[0]: line[1] for line in lines if line[0].rstrip(":") in names}
told = {
    "argv": sys.orig_argv,
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "descriptors": {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                    if os.path.exists(f"/proc/self/fd/{fd}")},
    "signals": status("SigBlk", "SigIgn", "SigCgt", "ShdPnd", "Threads"),
    "user": os.getresuid(),
    "limits": resource.getrlimit(resource.RLIMIT_NOFILE),
}
print(json.dumps(told), file=sys.stderr, flush=True)
signal.pause()
"""
ARGV = [sys.executable, "-I", "-c", TELL, "an argument"]
VARIABLES = {"LAB": "yes", "LD_PRELOAD": ""}


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("n") / "run"


@pytest.fixture
def launcher(folder: Path) -> Iterator[LocalLauncher]:
    made = LocalLauncher(str(PROGRAM), folder)
    yield made
    made.close()


@pytest.fixture
def empty(launcher: LocalLauncher, folder: Path) -> Path:
    """A folder for the fork server's own use."""
    made = folder / "fork-server"
    made.mkdir()
    return made


@pytest.fixture
def fork_server(launcher: LocalLauncher, empty: Path) -> ForkServer:
    held = hold(launcher, LIBRARY, ARGV, VARIABLES, empty)
    assert held is not None
    return held


def told(launched: Launched, file: Path) -> Any:
    """What a server tells of itself; it is ended then."""
    until(lambda: file.read_text().endswith("\n"), "the server to tell")
    launched.signal(signal.SIGTERM)
    assert launched.wait(10) == 128 + signal.SIGTERM
    return json.loads(file.read_text())


def test_a_server_starts_as_any_other(
    launcher: LocalLauncher, fork_server: ForkServer, folder: Path
) -> None:
    """But for the library that holds it."""
    plain = launcher.start(
        ARGV, variables=VARIABLES, stderr=folder / "plain", listeners=(), read_stdout=False
    )
    usual = told(plain, folder / "plain")
    held = told(fork_server.start(folder / "held", ()), folder / "held")
    usual["environment"]["LD_PRELOAD"] = str(LIBRARY)
    usual["descriptors"]["2"] = str(folder / "held")
    assert held == usual
    assert usual["environment"]["LAB"] == "yes"


def test_every_server_is_a_new_one(fork_server: ForkServer, folder: Path) -> None:
    pids = set()
    for number in range(3):
        launched = fork_server.start(folder / str(number), ())
        pids.add(launched.pid)
        launched.kill()
    assert len(pids) == 3


def test_sockets_are_handed_over(fork_server: ForkServer, folder: Path) -> None:
    bound = socket.create_server(("127.0.0.1", 0))
    address, port = bound.getsockname()
    launched = fork_server.start(folder / "held", [Listener(address, port, 100, bound)])
    bound.close()
    assert told(launched, folder / "held")["descriptors"]["100"].startswith("socket:")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, port), 10)


def test_a_refused_request_leaves_nothing(fork_server: ForkServer, folder: Path) -> None:
    """No socket stays open, and the next request is served."""
    bound = socket.create_server(("127.0.0.1", 0))
    address, port = bound.getsockname()
    wrong = [Listener(address, port, 100, bound), Listener("localhost", 0, 101)]
    with pytest.raises(LabError, match="error listen=101,localhost,0: not listen=DESCRIPTOR"):
        fork_server.start(folder / "refused", wrong)
    bound.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, port), 10)
    assert told(fork_server.start(folder / "held", ()), folder / "held")["argv"] == ARGV


def test_the_end_of_the_fork_server(fork_server: ForkServer, folder: Path) -> None:
    """Ends what was started from it, as well."""
    launched = fork_server.start(folder / "held", ())
    pid = launched.pid
    fork_server.close()
    assert launched.wait(10) == 137
    assert not Path(f"/proc/{pid}").exists()


THREADED = """
#include <pthread.h>
#include <unistd.h>
static void *wait_for_ever(void *arg) { for (;;) pause(); return arg; }
__attribute__((constructor)) static void early(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_ever, NULL);
}
"""


def test_a_server_with_threads_cannot_be_held(
    launcher: LocalLauncher, empty: Path, tmp_path: Path
) -> None:
    """They come from a library whose constructor runs before the fork server's."""
    library = tmp_path / "early.so"
    command = ["gcc", "-shared", "-fPIC", "-Wl,-z,initfirst", "-x", "c", "-", "-o", library]
    subprocess.run(command, input=THREADED, text=True, check=True)
    variables = {**VARIABLES, "LD_PRELOAD": str(library)}
    assert hold(launcher, LIBRARY, ["/bin/true"], variables, empty) is None


def test_a_static_server_cannot_be_held(
    launcher: LocalLauncher, empty: Path, tmp_path: Path
) -> None:
    """It takes no notice of a library that is preloaded."""
    static, main = tmp_path / "static", "int main(void) { return 0; }"
    command = ["gcc", "-static", "-x", "c", "-", "-o", static]
    subprocess.run(command, input=main, text=True, check=True)
    assert hold(launcher, LIBRARY, [str(static)], VARIABLES, empty) is None
