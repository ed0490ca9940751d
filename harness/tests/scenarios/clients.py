"""Scenarios with clients in the background.  test_clients.py knows what must become of each."""

import pytest

from staplelab.parts.background import Client
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

SAYING = Site(stapling=False, directives=("return 200 hello;",))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for what does not come."""
    monkeypatch.setattr(Client.result, "__defaults__", (0.1,))


def test_left_to_the_lab(lab: Lab) -> None:
    """An open connection at the end, one half-way and one of an old worker."""
    lab.start(SAYING)
    lab.client("--stop-at", "handshake", "--get", "/")
    lab.settle()
    (old,) = lab.nginx.workers()
    lab.reload(wait=False)
    lab.nginx.wait_for_new_worker(old)
    lab.client("--stop-at", "half-hello")
    lab.client("--stop-at", "connected")


def test_left_to_the_lab_after_a_quit(lab: Lab) -> None:
    lab.start(SAYING)
    lab.client("--stop-at", "handshake")
    lab.settle()
    lab.quit(wait=False)


def test_left_after_the_server_has_closed(lab: Lab) -> None:
    lab.start(SAYING)
    lab.client("--stop-at", "handshake")
    lab.step(61)


def test_left_by_a_scenario_that_fails(lab: Lab) -> None:
    lab.start(SAYING)
    lab.client("--stop-at", "hello")
    raise AssertionError("it is enough")


def test_never_let_go(lab: Lab, short: None) -> None:
    lab.start(SAYING)
    lab.client("--stop-at", "hello").result()


def test_nothing_to_wait_for(lab: Lab) -> None:
    lab.start(SAYING)
    lab.client("--tls", "1.2")


def test_stage_misspelt(lab: Lab) -> None:
    lab.start(SAYING)
    lab.client("--stop-at=helo")


def test_before_the_server(lab: Lab) -> None:
    lab.client("--get", "/")


def test_unknown_certificate(lab: Lab) -> None:
    lab.start(SAYING)
    lab.client("--get", "/", certificate="cleint")


def test_no_settle_is_kept_waiting(lab: Lab) -> None:
    lab.start(SAYING)
    with lab.client("--stop-at", "hello", "--get", "/") as client:
        lab.settle()
        lab.step(1)
        lab.settle()
        assert client.go_on().result().http["body"] == "hello"
