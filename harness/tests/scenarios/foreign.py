"""Programs that are run to their end: by which clock, how long, and what they leave
(test_foreign_programs.py)."""

import contextlib
import os
import socket
from collections.abc import Iterator

import pytest

from staplelab.scenario.lab import Lab


@contextlib.contextmanager
def silent(lab: Lab) -> Iterator[tuple[str, socket.socket]]:
    """The URL of a server that takes connections and never responds, and its listening socket."""
    at = lab.endpoint()
    with socket.create_server((at.address, at.port)) as listening:
        listening.settimeout(10)
        yield f"http://{at}/", listening


def test_it_waits_by_the_lab_clock(lab: Lab) -> None:
    with silent(lab) as (url, _):
        lab.run("curl", "-s", "--max-time", "3", url, bound=0.5)


def test_it_waits_by_real_time(lab: Lab) -> None:
    lab.start()
    with silent(lab) as (url, _):
        assert lab.run("curl", "-s", "--max-time", "0.2", url, clock="real").status == 28


def test_it_takes_too_long_in_real_time(lab: Lab) -> None:
    with silent(lab) as (url, _):
        lab.run("curl", "-s", url, clock="real", bound=0.5)


def test_it_waits_beside_while_the_clock_is_moved(lab: Lab) -> None:
    lab.start()
    with silent(lab) as (url, listening):
        curl = lab.beside(["curl", "-s", "--max-time", "3", url])
        with listening.accept()[0] as connection:
            assert connection.recv(3) == b"GET"
            lab.step(4)
            assert curl.wait() == 28


def test_nobody_asks_how_it_ended(lab: Lab) -> None:
    lab.start()
    lab.beside(["sh", "-c", "exit 28"]).running.wait(10)


def test_it_leaves_a_process(lab: Lab) -> None:
    lab.run("sh", "-c", "sleep 1000 & exit 0")


def test_there_is_no_such_program(lab: Lab) -> None:
    lab.run("no-such-program", 1)


def test_clock_misspelt(lab: Lab) -> None:
    lab.run("true", clock="rael")


def test_no_program(lab: Lab) -> None:
    lab.run()


@pytest.mark.skipif("ENDLESS" not in os.environ, reason="the run is ended in its midst")
def test_endless(lab: Lab) -> None:
    script = f"mkfifo {lab.folder}/fifo; setsid cat {lab.folder}/fifo & wait"
    lab.run("sh", "-c", script, bound=1000)
