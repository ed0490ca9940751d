"""A running faulty-dnsd on the lab clock, and clients that see its octets."""

from __future__ import annotations

import json
import select
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from program_environment import environment
from staplelab.parts.clock import LabClock
from staplelab.parts.control import ControlClient
from staplelab.waiting import BOUND_SECONDS
from staplelab.places import build_folder

PROGRAM = str(build_folder() / "bin" / "faulty-dnsd")

Event = dict[str, Any]


class Stream:
    """A TCP client that takes messages by their length."""

    def __init__(self, address: str, port: int) -> None:
        self.socket = socket.create_connection((address, port), BOUND_SECONDS)

    def send(self, message: bytes) -> None:
        self.socket.sendall(struct.pack("!H", len(message)) + message)

    def _take(self, length: int) -> bytes:
        taken = b""
        while len(taken) < length:
            more = self.socket.recv(length - len(taken))
            assert more, f"the connection ended {length - len(taken)} octets early"
            taken += more
        return taken

    def receive(self) -> bytes:
        return self._take(struct.unpack("!H", self._take(2))[0])

    def ask(self, message: bytes) -> bytes:
        self.send(message)
        return self.receive()

    def has_nothing(self) -> bool:
        return _has_nothing(self.socket)

    def close(self) -> None:
        self.socket.close()


class Datagrams:
    """A UDP client, connected: what comes from elsewhere is not seen."""

    def __init__(self, address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect((address, port))
        self.socket.settimeout(BOUND_SECONDS)

    def send(self, message: bytes) -> None:
        self.socket.send(message)

    def receive(self) -> bytes:
        return self.socket.recv(65535)

    def ask(self, message: bytes) -> bytes:
        self.send(message)
        return self.receive()

    def has_nothing(self) -> bool:
        return _has_nothing(self.socket)

    def close(self) -> None:
        self.socket.close()


def _has_nothing(client: socket.socket) -> bool:
    """Whether neither octets nor an end have come so far."""
    return select.select([client], [], [], 0)[0] == []


class Dnsd:
    """The program, its control API and its clock."""

    def __init__(self, process: subprocess.Popen[str], control: ControlClient, clock: LabClock):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "faulty-dnsd did not start"
        self.ready = json.loads(line)
        self.process = process
        self.control = control
        self.clock = clock
        self._clients: list[Stream | Datagrams] = []

    def _place(self, listener: str) -> tuple[str, int]:
        for entry in self.ready["listeners"]:
            if entry["name"] == listener:
                return entry["address"], entry["port"]
        raise AssertionError(f"no listener {listener}")

    def udp(self, listener: str = "0") -> Datagrams:
        client = Datagrams(*self._place(listener))
        self._clients.append(client)
        return client

    def tcp(self, listener: str = "0") -> Stream:
        client = Stream(*self._place(listener))
        self._clients.append(client)
        return client

    def ask(self, message: bytes) -> bytes:
        """Over UDP, from a port of its own."""
        return self.udp().ask(message)

    def rules(self, *rules: dict[str, Any]) -> int:
        return int(self.control.call("PUT", "/v1/rules", list(rules))["generation"])

    def fault(self, name: str, scope: str = "global", **params: Any) -> None:
        self.rules({"scope": scope, "sequence": [{"do": [{"fault": name, **params}]}]})

    def events(self, kind: str) -> list[Event]:
        return [e for e in self.control.call("GET", "/v1/events")["events"] if e["kind"] == kind]

    def wait(self, kind: str, count: int = 1) -> Event:
        """The last of `count` events of that kind."""
        wanted = {"match": {"kind": kind}, "count": count, "since": 0, "bound_ms": 5000}
        return self.control.call("POST", "/v1/events/wait", wanted)["events"][count - 1]

    def quiet(self, bound_ms: int = 5000) -> None:
        self.control.call("POST", "/v1/quiet", {"bound_ms": bound_ms})

    def elapse(self, seconds: float) -> None:
        """Moves the clock, wakes the program and lets it do what is due."""
        self.clock.move(wall=seconds, monotonic=seconds)
        self.control.call("GET", "/v1/ready")
        self.quiet()

    def reset(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()
        self.control.call("POST", "/v1/reset", {"seed": 1})


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Dnsd]:
    """Starts the program; its end must be clean, which under the sanitizers means no leak."""
    clock = LabClock(folder / "clock")
    path = folder / "control"
    process = subprocess.Popen(
        [PROGRAM, "--control", f"unix:{path}", *arguments],
        env=environment(clock.path),
        stdout=subprocess.PIPE,
        text=True,
    )
    control = ControlClient("faulty-dnsd", path)
    try:
        yield Dnsd(process, control, clock)
        process.terminate()
        assert process.wait(BOUND_SECONDS) == 0
    finally:
        control.close()
        process.kill()
        process.communicate()
        clock.close()


def fails(*arguments: str) -> tuple[int, str]:
    """Exit status and last words of a program that is to refuse its command line."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    return done.returncode, done.stderr
