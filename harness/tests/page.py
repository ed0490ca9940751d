"""A page of the documentation whose commands are run, in one shell, and say what the page shows."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from staplelab.places import build_folder

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
def shell(folder: Path, around: Mapping[str, str] | None = None) -> Iterator[Shell]:
    """Without variables of its own it has the programs that were built in its PATH."""
    if around is None:
        around = {**os.environ, "PATH": f"{build_folder() / 'bin'}:{os.environ['PATH']}"}
    # no proxy is asked for what is on this machine
    direct = {name: text for name, text in around.items() if not name.lower().endswith("_proxy")}
    process = subprocess.Popen(
        ["bash"],
        cwd=folder,
        env=direct,
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


def missing_from(said: list[str], shown: list[str]) -> list[str]:
    """What is shown and was not said in that order; other lines may stand between."""
    rest = iter(said)
    return [one for one in shown if not any(is_shown(one, line) for line in rest)]


def hold(bash: Shell, command: Command) -> None:
    """Runs it: it says what the page shows; one that shows nothing must have worked."""
    status, said = bash.run(command)
    assert missing_from(said, command.shown) == [], (command.text, said)
    assert command.shown or status == 0, (command.text, status, said)
