"""A worker that is told to leave while it looks a name up, or right after it has done so.

Observed on nginx 1.22.1.
"""

from __future__ import annotations

import pytest

from staplelab.scenario import register
from staplelab.scenario.lab import Lab
from suites.resolver.asking import OCSP_HOST, TIMED_OUT, could_not, rule

UDP, TCP = {"transport": "udp"}, {"transport": "tcp"}


def silent(lab: Lab, transport: str, ms: int = 0) -> None:
    """The name server is silent, or late, over this transport."""
    last = {"fault": "answer-delay", "ms": ms} if ms else "drop-query"
    if transport == "udp":
        lab.stub.rules([{"sequence": rule("", None, last)["sequence"]}])
        return
    over_tcp = {"match": TCP, "sequence": rule("", None, last)["sequence"]}
    lab.stub.rules([{"match": UDP, "sequence": [{"do": [{"fault": "truncated-udp"}]}]}, over_tcp])


def ask(lab: Lab, transport: str) -> None:
    lab.handshake()
    lab.settle(queries=2 if transport == "udp" else 4)


def leave(lab: Lab, how: str) -> int:
    """Tells the worker to leave, and returns its pid."""
    lab.needs(workers=True)
    (worker,) = lab.nginx.workers()
    if how == "quit":
        lab.quit(wait=False)
    else:
        lab.reload(wait=False)
        lab.nginx.wait_for_new_worker(worker)
    lab.settle(so_far=True)
    return worker


def left(lab: Lab, how: str, transport: str, worker: int) -> None:
    """It has nothing to do any more, and leaves (NGX-029: up to 5 s late)."""
    if transport == "tcp" and not lab.server.within(">=1.23.0"):
        lab.step(5)
    if how == "quit":
        assert lab.nginx.wait() == 0
    else:
        lab.nginx.wait_for_end(worker)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("how", ["quit", "reload"])
def test_in_vain(lab: Lab, how: str, transport: str) -> None:
    """It waits for the end of the look-up, and repeats what it has asked meanwhile."""
    silent(lab, transport)
    lab.start(directives=("resolver_timeout 13s;",))
    ask(lab, transport)
    worker = leave(lab, how)
    for pause, queries in ((4.8, 0), (0.4, 2), (4.6, 0), (0.4, 2), (2.7, 0)):
        lab.step(pause)
        lab.settle(queries=queries)
        assert worker in lab.nginx.workers(), "the worker left its look-up alone"
    lab.step(0.2)
    lab.claim(could_not(OCSP_HOST, TIMED_OUT))
    left(lab, how, transport, worker)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("how", ["quit", "reload"])
def test_with_success(lab: Lab, how: str, transport: str) -> None:
    """The responder is asked by the worker that leaves, for nobody."""
    silent(lab, transport, ms=2000)
    lab.start()
    ask(lab, transport)
    worker = leave(lab, how)
    lab.step(1.9)
    lab.settle(queries=0)
    assert worker in lab.nginx.workers()
    lab.step(0.1)
    lab.settle(1, queries=0)
    left(lab, how, transport, worker)


def test_after_tcp(lab: Lab) -> None:
    """Nothing is to be done any more, and yet it stays until the connection has been idle for 5 s:
    until nginx 1.23.0 a timer keeps it."""
    lab.inject("truncated-udp")
    lab.start()
    lab.handshake()
    lab.settle(1, queries=4)
    assert lab.handshake().verdict == "GOOD"
    (worker,) = lab.nginx.workers()
    known = register.find("NGX-029").holds_for(lab.server)
    lab.reload(wait=False)
    lab.nginx.wait_for_new_worker(worker)
    if known:
        lab.step(4.8)
        lab.settle(so_far=True)
        stays = worker in lab.nginx.workers()
        lab.step(0.3)
    lab.nginx.wait_for_end(worker)
    seen = "after 5 s" if known and stays else "at once"
    lab.deviation("NGX-029", seen, conforms="at once", deviates="after 5 s")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ended_at_once(lab: Lab, transport: str) -> None:
    """SIGTERM: what was asked, and who waited for it, is cleaned up without a word."""
    silent(lab, transport)
    lab.start()
    ask(lab, transport)


def test_ended_with_names_in_the_cache(lab: Lab) -> None:
    """Of every kind: an address, several, an alias, one that nobody waits for any more."""
    lab.stub.record(OCSP_HOST, "A", lab.address("responder"), lab.address("responder-2"))
    lab.inject("cname-single", in_message=False)
    lab.start()
    lab.handshake()
    lab.settle(1, queries=4)
