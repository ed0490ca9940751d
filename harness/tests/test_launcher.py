"""The launcher: programs start on request, and nothing outlives whoever asked for them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from staplelab.errors import LabError
from staplelab.hosts.base import Listener
from staplelab.hosts.launcher import Launched, LocalLauncher
from staplelab.places import build_folder
from staplelab.waiting import until

PROGRAM = str(build_folder() / "bin" / "launcher")

Starter = Callable[..., Launched]


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("l") / "run"


@pytest.fixture
def launcher(folder: Path) -> Iterator[LocalLauncher]:
    made = LocalLauncher(PROGRAM, folder)
    yield made
    made.close()


@pytest.fixture
def start(launcher: LocalLauncher, folder: Path) -> Starter:
    def begin(*argv: str, listeners: tuple[Listener, ...] = (), **variables: str) -> Launched:
        return launcher.start(
            argv,
            variables=variables,
            stderr=folder / "stderr",
            listeners=listeners,
            read_stdout=True,
        )

    return begin


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


# ----- a program -----


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("kill -9 $$", 137), ("true", 0)])
def test_status(start: Starter, script: str, status: int) -> None:
    launched = start("sh", "-c", script)
    assert launched.wait(10) == launched.poll() == status
    with pytest.raises(LabError, match="the program has ended"):
        _ = launched.pid


def test_variables_are_the_programs_alone(start: Starter) -> None:
    assert start("sh", "-c", "echo $LAB", LAB="yes").read_line() == "yes\n"
    assert start("sh", "-c", "echo $LAB").read_line() == "\n"


def test_a_program_that_cannot_be_run_is_named(start: Starter, folder: Path) -> None:
    assert start("/no/such/program").wait(10) == 127
    said = (folder / "stderr").read_text()
    assert said == "launcher: cannot run /no/such/program: No such file or directory\n"


def test_signals_are_passed_on(start: Starter) -> None:
    launched = start("sh", "-c", "trap 'echo got; exit 7' USR1; echo ready; while :; do :; done")
    assert launched.read_line() == "ready\n"
    launched.signal(signal.SIGUSR1)
    assert launched.read_line() == "got\n"
    assert launched.wait(10) == 7
    launched.signal(signal.SIGUSR1)  # it has ended: nobody to tell


def test_a_socket_is_inherited(start: Starter) -> None:
    """It listens already, has the number that was asked for, and closes with the program."""
    bound = socket.create_server(("127.0.0.1", 0))
    address, port = bound.getsockname()
    accept = "import socket; print(socket.socket(fileno=105).getsockname()[1]); input()"
    launched = start(sys.executable, "-c", accept, listeners=(Listener(address, port, 105, bound),))
    bound.close()
    assert launched.read_line() == f"{port}\n"
    launched.wait(10)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, port), 10)


def test_a_socket_is_opened(start: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        address, port = bound.getsockname()
    read = "import socket; print(socket.socket(fileno=100).getsockname()[1])"
    launched = start(sys.executable, "-c", read, listeners=(Listener(address, port, 100),))
    assert launched.read_line() == f"{port}\n"


@pytest.mark.parametrize(
    ("listener", "said"),
    [
        (Listener("127.0.0.1", 0, 99), "listen=99,127.0.0.1,0: not listen=DESCRIPTOR,"),
        (Listener("localhost", 0, 100), "listen=100,localhost,0: not listen=DESCRIPTOR,"),
        (Listener("192.0.2.1", 80, 100), "cannot listen on 192.0.2.1:80: Cannot assign"),
        (Listener("", 0, 99, socket.socket()), "inherit=99: not inherit=DESCRIPTOR,"),
        (Listener("", 0, 99999999, socket.socket()), "inherit=99999999: Bad file descriptor"),
    ],
    ids=["number", "name", "address", "inherited-number", "no-such-number"],
)
def test_a_socket_that_is_not_to_be_had(start: Starter, listener: Listener, said: str) -> None:
    with pytest.raises(LabError) as raised:
        start("true", listeners=(listener,))
    assert f"error {said}" in str(raised.value)


@pytest.mark.parametrize(
    "argv", [["true"] * 257, ["true", "x" * 65536]], ids=["words", "octets"]
)
def test_a_request_that_is_too_long(start: Starter, argv: list[str]) -> None:
    with pytest.raises(LabError, match="error a request has at most 256 words of 65535 octets"):
        start(*argv)


def test_a_request_names_a_program(start: Starter) -> None:
    with pytest.raises(LabError, match="error a request names a program to run"):
        start(LAB="yes")


# ----- nothing is left -----


# once it has the name that it will be known by
ORPHAN = (
    "setsid tail -f /dev/null >/dev/null 2>&1 & "
    "until grep -q tail /proc/$!/comm; do :; done; echo $!"
)


def test_what_is_left_over_is_told_and_ended(start: Starter) -> None:
    launched = start("sh", "-c", ORPHAN)
    left = int(launched.read_line())
    assert launched.wait(10) == 0
    assert launched.left == [f"process {left} (tail)"]
    assert not is_there(left)


def test_a_program_that_is_killed_leaves_nothing(start: Starter) -> None:
    launched = start("sh", "-c", f"trap '' TERM; {ORPHAN}; while :; do :; done")
    orphan, program = int(launched.read_line()), launched.pid
    launched.kill()
    assert launched.poll() == 137
    assert launched.left == []  # nobody left it: it was told to end
    assert not is_there(program) and not is_there(orphan)


def test_the_end_of_the_launcher_is_that_of_all(folder: Path) -> None:
    launcher = LocalLauncher(PROGRAM, folder)
    launched = launcher.start(
        ["sh", "-c", f"{ORPHAN}; exec tail -f /dev/null"],
        variables={},
        stderr=folder / "stderr",
        listeners=(),
        read_stdout=True,
    )
    orphan, program = int(launched.read_line()), launched.pid
    launcher.close()
    assert not is_there(orphan) and not is_there(program)
    assert not folder.exists()
    assert launched.poll() == 137


DRIVER = """
import sys
from pathlib import Path
from staplelab.hosts.launcher import LocalLauncher
folder = Path(sys.argv[2])
launcher = LocalLauncher(sys.argv[1], folder)
(folder / "file").write_text("x")
program = launcher.start(["sh", "-c", sys.argv[3]], variables={}, stderr=folder / "stderr",
                         listeners=(), read_stdout=True)
print(launcher._process.pid, program.pid, program.read_line(), flush=True)
input()
"""


@pytest.mark.parametrize(
    ("whom", "end"),
    [("driver", signal.SIGKILL), ("launcher", signal.SIGTERM), ("launcher", signal.SIGINT)],
)
def test_nothing_outlives_either(folder: Path, whom: str, end: signal.Signals) -> None:
    """The program, its orphans and the folder go with the driver and with the launcher."""
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, PROGRAM, folder, f"{ORPHAN}; exec tail -f /dev/null"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert driver.stdout is not None
    launcher, program, orphan = map(int, driver.stdout.readline().split())
    os.kill(driver.pid if whom == "driver" else launcher, end)
    until(lambda: not folder.exists(), "the folder to be removed")
    assert not is_there(program) and not is_there(orphan)
    driver.kill()
    driver.communicate()


# ----- usage -----


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        ([], 2, "SOCKET is missing; see --help"),
        (["a", "b"], 2, "one SOCKET is accepted; see --help"),
        (["--nonsense", "a"], 2, 'unknown option "--nonsense"'),
        (["--lease=x", "a"], 2, '--lease "x": expected a number from 0 to 2147483647'),
        (["/no/such/folder/door"], 1, "cannot listen on /no/such/folder/door: No such file"),
        (["/" + 107 * "x"], 1, "longer than a socket's name may be"),
        (["--folder=/no/such/folder", "a"], 1, "--folder /no/such/folder: No such file"),
        (["--folder=/", "a"], 1, "--folder /: File exists"),
    ],
)
def test_usage(argv: list[str], status: int, said: str) -> None:
    done = subprocess.run([PROGRAM, *argv], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == status
    assert said in done.stderr


def test_a_launcher_that_does_not_start(folder: Path) -> None:
    with pytest.raises(LabError, match="the launcher did not start"):
        LocalLauncher("/bin/true", folder)
