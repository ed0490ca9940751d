"""docs/your-own-ca.md: each of its commands is run, in one shell, and says what the page shows."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from staplelab.places import build_folder, repository

_PAGE = repository() / "docs" / "your-own-ca.md"
#: how many commands it has
_LEAST = 20
_ADDRESS, _PORTS = "127.0.0.1", ("8888", "4433")
_END = "the command has ended with"


@dataclass
class Command:
    text: str
    #: the lines that are shown behind it
    shown: list[str] = field(default_factory=list)

    @property
    def stays(self) -> bool:
        return self.text.endswith(" &")


def commands(page: str) -> list[Command]:
    """Those of its console blocks; a line that ends with a backslash goes on in the next."""
    found: list[Command] = []
    for block in re.findall(r"^```console\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:]))
            elif found[-1].text.endswith("\\"):
                found[-1].text += "\n" + line
            else:
                found[-1].shown.append(line)
    return found


def is_shown(shown: str, line: str) -> bool:
    """Three dots at the end stand for the rest of the line."""
    if shown.endswith("..."):
        return line.strip().startswith(shown[:-3])
    return line.strip() == shown.strip()


class Shell:
    """A shell, and what it says, errors as well, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        yield from iter(self._process.stdout.readline, "")

    def run(self, command: Command) -> tuple[int, list[str]]:
        """The status and what was said; of what stays, until all that is shown has come."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command.text}\necho {_END} $?\n")
        self._process.stdin.flush()
        status, said = None, []
        missing = list(command.shown) if command.stays else []
        for line in self._lines():
            if line.startswith(_END):
                status = int(line.rsplit(" ", 1)[1])
            else:
                said.append(line.rstrip("\n"))
            if missing and is_shown(missing[0], line):
                missing.pop(0)
            if status is not None and not missing:
                return status, said
        raise AssertionError(f"the shell ended: {said}")


@contextmanager
def shell(folder: Path) -> Iterator[Shell]:
    # no proxy is asked for what is on this machine
    around = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    path = f"{build_folder() / 'bin'}:{os.environ['PATH']}"
    process = subprocess.Popen(
        ["bash"],
        cwd=folder,
        env={**around, "PATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Shell(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def own_address() -> str:
    """One of the loopback that no other test uses: a port that is free there stays so."""
    return f"127.77.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"


def free_ports(address: str, count: int) -> list[int]:
    sockets = [socket.create_server((address, 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def missing_from(said: list[str], shown: list[str]) -> list[str]:
    """What is shown and was not said in that order; other lines may stand between."""
    rest = iter(said)
    return [one for one in shown if not any(is_shown(one, line) for line in rest)]


@pytest.mark.timeout(120)
def test_commands_of_the_page(tmp_path: Path) -> None:
    address = own_address()
    page = _PAGE.read_text().replace(_ADDRESS, address)
    for port, free in zip(_PORTS, free_ports(address, len(_PORTS)), strict=True):
        page = page.replace(port, str(free))
    found = commands(page)
    assert len(found) >= _LEAST
    with shell(tmp_path) as bash:
        for command in found:
            status, said = bash.run(command)
            assert missing_from(said, command.shown) == [], (command.text, said)
            # a command that shows nothing must have worked; of the others the page shows how
            assert command.shown or status == 0, (command.text, status, said)


def test_what_a_page_shows_must_be_said() -> None:
    (one, other) = commands('```console\n$ a \\\n  b\n{"x":...\n  y\n$ c &\n```\n')
    assert (one.text, one.shown, other.stays) == ("a \\\n  b", ['{"x":...', "  y"], True)
    assert missing_from(['{"x":1}', "noise", "\ty"], one.shown) == []
    assert missing_from(["y", '{"x":1}'], one.shown) == ["  y"]
    assert missing_from(['{"z":1}', "y"], one.shown) != []
