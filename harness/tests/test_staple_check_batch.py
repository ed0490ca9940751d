"""staple-check --batch, and the driver's hold of it: many command lines, one process."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest
from staple_check import PROGRAM, run
from staplelab.parts.client import StapleCheck
from staplelab.errors import LabError


def batch(*lines: str) -> list[dict]:
    done = run("--batch", input="".join(f"{line}\n" for line in lines))
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def said(*words: str) -> dict:
    done = run(*words)
    return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def test_each_line_is_a_run_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        target = f"127.0.0.1:{gone.getsockname()[1]}"
    lines = [["--tries", "2", target], ["--colour"], ["--version"], [], ["--tls", "\u00e9", "h:1"],
             ["--list-verdicts"], [target]]
    assert batch(*map(json.dumps, lines)) == [said(*words) for words in lines]


@pytest.mark.parametrize("line", ["", "GOOD", "{}", "[1]", '["--version", null]', '"h:1"', "[] []"])
def test_a_line_that_is_no_command_line(line: str) -> None:
    wrong, after = batch(line, '["--version"]')
    assert wrong["status"] == 2 and wrong["stdout"] == ""
    assert wrong["stderr"].startswith("staple-check: --batch takes a JSON array of strings a line")
    assert wrong["stderr"].count("\n") == 1
    assert after == said("--version")


def test_a_batch_within_a_batch_and_a_batch_with_options() -> None:
    sentence = "staple-check: --batch is accepted as the only word of a command line\n"
    assert batch('["--batch"]')[0] == {"status": 2, "stdout": "", "stderr": sentence}
    assert said("--batch", "h:1") == {"status": 2, "stdout": "", "stderr": sentence}


@pytest.mark.parametrize("words", [["--background"], ["--stop-at", "hello"]])
def test_who_needs_a_standard_input_is_no_line_of_a_batch(words: list[str]) -> None:
    """It would read the next line, and take it for its own."""
    refused, after = batch(json.dumps([*words, "h:1"]), '["--version"]')
    assert refused == {
        "status": 2,
        "stdout": "",
        "stderr": "staple-check: --background and --stop-at are not accepted within a batch: they "
                  "need a standard input of their own\n",
    }
    assert after == said("--version")


def test_the_last_line_needs_no_newline() -> None:
    done = run("--batch", input='["--version"]')
    assert json.loads(done.stdout) == said("--version")


def test_an_output_that_cannot_be_written_ends_it() -> None:
    with open("/dev/full", "w", encoding="ascii") as full:
        assert run("--batch", input='["--version"]\n', stdout=full).returncode == 1


def test_the_driver_keeps_one_process() -> None:
    client = StapleCheck(str(PROGRAM), {})
    assert client.run("--version").stdout == said("--version")["stdout"]
    first = client._process
    assert client.run("--colour").status == 2
    assert client._process is first
    client.close()
    client.close()
    assert first is not None and first.returncode == 0


def test_a_client_that_died_is_told_and_replaced() -> None:
    client = StapleCheck(str(PROGRAM), {})
    client.run("--version")
    assert client._process is not None
    client._process.send_signal(signal.SIGKILL)
    client._process.wait()
    with pytest.raises(LabError, match="staple-check ended with status -9"):
        client.run("--version")
    assert client.run("--version").status == 0
    client.close()


def test_a_client_that_hangs_is_told_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "mute"
    program.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    program.chmod(0o700)
    monkeypatch.setattr("staplelab.parts.client._REPLY_SECONDS", 0.1)
    client = StapleCheck(str(program), {})
    with pytest.raises(LabError, match="has not responded within 0.1 s"):
        client.run("--version")
    assert client._process is None


def test_a_client_that_ends_badly_is_told(tmp_path: Path) -> None:
    program = tmp_path / "leaky"
    program.write_text("#!/bin/sh\nread line && echo '{\"status\": 0, \"stdout\": \"\", "
                       "\"stderr\": \"\"}'\nread line\nexit 23\n")
    program.chmod(0o700)
    client = StapleCheck(str(program), {})
    client.run()
    with pytest.raises(LabError, match="ended with status 23"):
        client.close()
