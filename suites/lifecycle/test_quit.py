"""SIGQUIT: nginx ends once its workers have finished what they have."""

from __future__ import annotations

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
