"""Clients that stop on their way, while nginx reloads or ends, or loses patience with them."""

from __future__ import annotations

import pytest

from staplelab.parts.verdict import Verdict
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

STAGES = ("connected", "half-hello", "hello", "handshake")

on_the_way = pytest.mark.parametrize("stage", STAGES)


def saying(lab: Lab, text: str) -> Site:
    lab.needs_module("http_rewrite_module")
    return Site(stapling=False, directives=(f"return 200 {text};",))


@on_the_way
def test_new_configuration(lab: Lab, stage: str) -> None:
    """The old worker stays for the client, which gets the old configuration; others the new."""
    lab.needs(workers=True)
    lab.start(saying(lab, "old"))
    (old,) = lab.nginx.workers()
    with lab.client("--stop-at", stage, "--get", "/") as client:
        lab.settle()
        lab.reconfigure(saying(lab, "new"), wait=False)
        lab.nginx.wait_for_new_worker(old)
        lab.settle()
        assert old in lab.nginx.workers(), "the old worker left its client alone"
        assert lab.handshake("--get", "/").http["body"] == "new"
        seen = client.go_on().result()
    assert (seen.status, seen.http["body"]) == (200, "old")
    lab.nginx.wait_for_end(old)


@on_the_way
def test_quit(lab: Lab, stage: str) -> None:
    """nginx ends once the client has its response; no other client comes in meanwhile."""
    lab.needs(workers=True)
    lab.start(saying(lab, "old"))
    (worker,) = lab.nginx.workers()
    with lab.client("--stop-at", stage, "--get", "/") as client:
        lab.settle()
        lab.quit(wait=False)
        lab.settle()
        assert lab.nginx.workers() == [worker], "the worker left its client alone"
        assert lab.handshake().reason == "no connection: Connection refused"
        assert client.go_on().result().status == 200
    assert lab.nginx.wait() == 0


@on_the_way
def test_nginx_does_not_wait_for_ever(lab: Lab, stage: str) -> None:
    """client_header_timeout is 60 s, for the handshake and then for the request."""
    lab.start(saying(lab, "old"))
    with lab.client("--stop-at", stage, "--get", "/") as client:
        lab.settle()
        lab.step(59)
        lab.settle()
        assert not lab.log_lines("client timed out")
        lab.step(2)
        client.reached("closed")
        seen = client.result()
    words = "while waiting for request" if stage == "handshake" else "while SSL handshaking"
    assert len(lab.log_lines(f"client timed out (110: Connection timed out) {words}")) == 1
    if stage == "handshake":
        assert (seen.verdict, seen.status) == (Verdict.NO_STAPLE, None)
    else:
        assert (seen.verdict, seen.reason) == (
            None,
            "the handshake failed: the server closed the connection",
        )


def test_a_staple_for_whoever_was_half_way(lab: Lab) -> None:
    """What a handshake gets is settled by its ClientHello: a staple that came before it is sent,
    however long the connection has been there."""
    lab.start()
    early = lab.client("--stop-at", "half-hello")
    lab.handshake()
    lab.settle(connections=1)
    assert early.go_on().result().verdict == Verdict.GOOD
