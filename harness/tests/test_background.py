"""A client in the background, and the driver's hold of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from staple_check import BOUND, PROGRAM
from staple_pki import Hierarchy
from staplelab.errors import LabError
from staplelab.parts.background import Client
from staplelab.parts.verdict import Verdict
from staplelab.waiting import until_ended
from tls_server import responding, serving, silent

WELL = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TO_REQUEST = ["connected", "hello", "handshake", "request"]

Start = Callable[..., Client]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Hierarchy:
    return Hierarchy(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def start(notes: list[str]) -> Iterator[Start]:
    clients: list[Client] = []

    def begin(*words: str, stop_at: str | None = None, program: Any = PROGRAM) -> Client:
        options = words if stop_at is None else ("--stop-at", stop_at, *words)

        def note(what: str, **details: Any) -> None:
            notes.append(what)

        clients.append(Client("client 1", str(program), {}, options, stop_at, note))
        return clients[-1]

    yield begin
    for client in clients:
        client.kill()


def test_it_waits_until_the_response_is_there(
    pki: Hierarchy, start: Start, notes: list[str]
) -> None:
    go, out = os.pipe()

    def serve(peer: Any) -> None:
        os.read(go, 1)
        responding(WELL)(peer)

    with serving(pki.www, serve) as server:
        client = start("--get", "/", server).reached("request")
        assert client.waits() and client.waits()
        os.write(out, b"x")
        seen = client.result()
        assert not client.waits()
    os.close(go)
    os.close(out)
    assert (seen.verdict, seen.status, seen.http["body"]) == (Verdict.NO_STAPLE, 200, "ok")
    assert client.stages == [*TO_REQUEST, "response"]
    assert notes == [*TO_REQUEST, "response", "ended"]
    assert client.observed() == {"stages": client.stages, "verdict": "NO_STAPLE", "http": 200}
    assert client.result() is seen and client.close() is seen


def test_it_stops_and_goes_on(pki: Hierarchy, start: Start, notes: list[str]) -> None:
    with serving(pki.www, responding(WELL)) as server:
        client = start("--get", "/", server, stop_at="half-hello").reached("half-hello")
        with pytest.raises(LabError, match=r"client 1 waits for the scenario at 'half-hello'"):
            client.waits()
        assert client.go_on().result().status == 200
    assert notes[:4] == ["connected", "half-hello", "goes on", "hello"]


def test_closing_does_not_wait_for_the_server(pki: Hierarchy, start: Start) -> None:
    with serving(pki.www, silent) as server:
        client = start("--get", "/", server).reached("request")
        seen = client.close()
    assert seen.http["error"] == "the request failed: standard input has ended"
    assert client.stages == TO_REQUEST


def test_the_end_of_a_with_ends_it(pki: Hierarchy, start: Start) -> None:
    with serving(pki.www, silent) as server, start(server, stop_at="handshake") as client:
        client.reached("handshake")
    assert client.ended
    with (
        serving(pki.www, silent) as server,
        pytest.raises(ZeroDivisionError),
        start(server, stop_at="handshake") as client,
    ):
        client.reached("handshake")
        _ = 1 / 0
    assert client.ended


def test_what_does_not_come_is_told_in_one_line(pki: Hierarchy, start: Start) -> None:
    with serving(pki.www, silent) as server:
        client = start("--get", "/", server).reached("request")
        words = r"^client 1 has not {} within 0.1 s; it has reached 'request'$"
        with pytest.raises(AssertionError, match=words.format("reached 'response'")):
            client.reached("response", bound=0.1)
        with pytest.raises(AssertionError, match=words.format("ended")):
            client.result(bound=0.1)
        client.close()
        words = "^client 1 ended before it reached 'response': the request failed: standard input"
        with pytest.raises(AssertionError, match=words):
            client.reached("response")


def test_a_stage_misspelt(start: Start) -> None:
    client = start("127.0.0.1:1")
    with pytest.raises(LabError, match="no stage of a client 'handshaked'; the nearest is"):
        client.reached("handshaked")


@pytest.mark.parametrize(("words", "reason"), [
    (["--colour", "h:1"], 'staple-check: staple-check: unknown option "--colour"; see --help'),
    (["--stop-at", "nowhere", "h:1"], "staple-check: staple-check: --stop-at 'nowhere'"),
])
def test_a_wrong_command_line(start: Start, words: list[str], reason: str) -> None:
    with pytest.raises(LabError) as raised:
        start(*words).result()
    assert str(raised.value).startswith(reason)


def test_one_that_was_killed(pki: Hierarchy, start: Start) -> None:
    with serving(pki.www, silent) as server:
        client = start("--get", "/", server).reached("request")
        client._process.send_signal(signal.SIGKILL)
        with pytest.raises(LabError, match="client 1 ended with status -9"):
            client.result()


def test_it_ends_with_its_driver(pki: Hierarchy) -> None:
    """Of the driver it has one end of a pipe: whoever kills the driver closes that."""
    with serving(pki.www, silent) as server:
        driver = subprocess.Popen(["tail", "-f", "/dev/null"], stdout=subprocess.PIPE)
        client = subprocess.Popen(
            [PROGRAM, "--background", "--timeout-ms=3600000", "--get", "/", server],
            stdin=driver.stdout, stdout=subprocess.PIPE, text=True,
        )
        assert driver.stdout is not None and client.stdout is not None
        driver.stdout.close()
        events = [json.loads(client.stdout.readline())["event"] for _ in TO_REQUEST]
        assert events == TO_REQUEST
        driver.kill()
        driver.wait()
        until_ended(client.pid, "the client")
        with client:
            assert client.wait(BOUND) == 4


def test_one_that_nobody_reads_ends(pki: Hierarchy) -> None:
    """The reader of its lines is gone, its leash is not."""
    with serving(pki.www, silent) as server:
        client = subprocess.Popen(
            [PROGRAM, "--background", "--stop-at", "connected", "--get", "/", server],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        assert client.stdin is not None and client.stdout is not None
        client.stdout.readline()
        client.stdout.close()
        client.stdin.write("\n")
        client.stdin.flush()
        assert client.wait(BOUND) == 1
        assert client.stderr is not None
        assert client.stderr.read() == "staple-check: standard output: Broken pipe\n"
        client.stdin.close()
        client.stderr.close()


def test_a_program_that_says_nothing(start: Start, tmp_path: Path) -> None:
    program = tmp_path / "mute"
    program.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    program.chmod(0o700)
    client = start("h:1", program=program)
    with pytest.raises(AssertionError, match="it has reached 'nothing'"):
        client.reached("connected", bound=0.1)
