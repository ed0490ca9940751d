"""SIGQUIT: nginx ends once its workers have finished what they have."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

#: what a client sees that comes too late
NOBODY = "no connection: Connection refused"


def test_at_rest(lab: Lab) -> None:
    """A staple in memory keeps nobody."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.quit()
    assert lab.handshake().reason == NOBODY


def test_during_a_fetch_that_ends(lab: Lab) -> None:
    """The worker waits for the response, which is for nobody any more; clients are refused."""
    lab.needs(workers=True)
    lab.inject("fixed-latency", ms=1000)
    lab.start()
    (worker,) = lab.nginx.workers()
    lab.handshake()
    lab.settle(connections=1)
    lab.quit(wait=False)
    lab.settle()
    assert lab.nginx.workers() == [worker], "the worker left its fetch alone"
    assert lab.handshake().reason == NOBODY
    lab.step(1)
    assert lab.nginx.wait() == 0


def test_during_a_fetch_that_times_out(lab: Lab) -> None:
    """A silent responder holds the end up for the 60 s that nginx gives to an address."""
    lab.needs(workers=True)
    lab.inject("accept-then-silence")
    lab.start()
    (worker,) = lab.nginx.workers()
    lab.handshake()
    lab.settle(connections=1)
    lab.quit(wait=False)
    lab.step(59)
    lab.settle()
    assert lab.nginx.workers() == [worker]
    lab.step(2)
    assert lab.nginx.wait() == 0
    lab.claim("OCSP responder timed out (110: Connection timed out)")


def test_while_the_name_is_resolved(lab: Lab) -> None:
    """The same holds for a name server that is silent: `resolver_timeout` is the bound."""
    lab.needs(workers=True)
    lab.inject("drop-query")
    lab.start(directives=("resolver_timeout 10s;",))
    (worker,) = lab.nginx.workers()
    lab.handshake()
    lab.settle(queries=2)
    lab.quit(wait=False)
    lab.step(9)
    lab.settle()
    assert lab.nginx.workers() == [worker]
    lab.step(2)
    assert lab.nginx.wait() == 0
    lab.claim("could not be resolved (110: Operation timed out)")


@pytest.mark.parametrize(
    ("fault", "came", "rest", "line"),
    [
        (
            "accept-then-silence",
            {"connections": 1},
            60,
            "OCSP responder timed out (110: Connection timed out)",
        ),
        (
            "drop-query",
            {"queries": 2},
            30,
            "could not be resolved (110: Operation timed out)",
        ),
    ],
    ids=["fetch", "look-up"],
)
def test_worker_shutdown_timeout(
    lab: Lab, fault: str, came: dict[str, int], rest: int, line: str
) -> None:
    """It ends clients' connections (ngx_shutdown_timer_handler), but a fetch does not look whether
    it is to end, and those to name servers are left out: the worker stays for them."""
    lab.needs(workers=True)
    lab.inject(fault)
    lab.start(main="worker_shutdown_timeout 5s;")
    (worker,) = lab.nginx.workers()
    lab.handshake()
    lab.settle(**came)
    lab.quit(wait=False)
    lab.step(4)
    lab.settle(so_far=True)
    assert lab.nginx.workers() == [worker]
    lab.step(2)
    lab.settle(so_far=True)
    seen = "stays" if worker in lab.nginx.workers() else "ended"
    lab.deviation("NGX-038", seen, conforms="ended", deviates="stays")
    lab.step_to(rest + 1)
    assert lab.nginx.wait() == 0
    lab.claim(line)
