"""Memory, descriptors and processes: what many fetches leave behind is nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from staplelab import processes
from staplelab.scenario.lab import Lab
from staplelab.scenario.world import OCSP_HOST
from staplelab.servers import sanitizer
from staplelab.servers.config import Site
from staplelab.waiting import until

_CONNECTIONS = 256
#: by so much the memory of a worker may grow in 300 fetches.  Seen: 0 to 8 KiB in 1.22.1.  What a
#: fetch makes is more than 300 octets in any case (an OCSP_REQUEST has 600): 88 KiB and more.
_GROWTH = 64 << 10


def names(count: int) -> list[str]:
    return [f"site-{number}.staplelab.test" for number in range(count)]


def start(lab: Lab, sites: list[str]) -> int:
    """Starts nginx with these; the pid of its worker."""
    lab.needs(workers=True, cache="worker")
    lab.start(*(Site(server_name=name) for name in sites), worker_connections=_CONNECTIONS)
    (worker,) = lab.nginx.workers()
    return worker


def ask(lab: Lab, sites: list[str], each: int = 1) -> None:
    """A client for each; a fetch is due, which makes so many connections."""
    for name in sites:
        lab.handshake(name=name)
    lab.settle(connections=each * len(sites), so_far=True)


@pytest.mark.long
def test_memory_over_300_refreshes(lab: Lab) -> None:
    """Thirty sites, refreshed ten times each, after three rounds in which memory is still taken."""
    if sanitizer.is_in(lab.server.path):
        lab.not_applicable("a sanitizer keeps what was freed")
    sites = names(30)
    worker = start(lab, sites)
    for _ in range(3):
        ask(lab, sites)
        lab.step(3601)
    before = processes.memory(worker)
    for done in range(4, 14):
        ask(lab, sites)
        lab.step(3601)
        assert len(lab.responder.requests()) == done * len(sites)
    grown = processes.memory(worker) - before
    assert grown < _GROWTH, f"{grown} octets more after 300 refreshes"


@dataclass(frozen=True)
class Failure:
    """A way in which a fetch fails."""

    fault: str
    #: lines of level error, each once for each fetch
    log: tuple[str, ...] = ()
    #: seconds after which it has failed
    elapse: float = 0
    #: connections to the responder
    connections: int = 1
    params: dict[str, str] = field(default_factory=dict)


_CLOSED = "OCSP responder prematurely closed connection"
_FAILURES = [
    Failure("status-try-later", ("OCSP response not successful (3: trylater)",)),
    Failure("http-5xx"),
    Failure("rst-after-request", ("recv() failed (104: Connection reset by peer)", _CLOSED)),
    Failure("fin-mid-headers", (_CLOSED,)),
    Failure("garbage-then-close", ("OCSP responder sent invalid response",)),
    Failure("bad-signature", ("OCSP_basic_verify() failed",)),
    Failure(
        "accept-then-silence", ("OCSP responder timed out (110: Connection timed out)",), 61
    ),
    Failure("servfail", ("could not be resolved (2: Server failure)",), connections=0),
    Failure("drop-query", ("could not be resolved (110: Operation timed out)",), 31, 0),
]


@pytest.mark.parametrize("failure", _FAILURES, ids=lambda failure: failure.fault)
def test_descriptors_after_failures(lab: Lab, failure: Failure) -> None:
    """Ten at once, twice: all are closed."""
    sites = names(10)
    worker = start(lab, sites)
    ask(lab, sites)  # the socket to the name server stays
    before = processes.descriptors(worker)
    lab.inject(failure.fault)
    for _ in range(2):
        lab.step(3601)
        ask(lab, sites, failure.connections)
        if failure.elapse:
            lab.step(failure.elapse)
            lab.settle(so_far=True)
    assert processes.descriptors(worker) == before
    for line in failure.log:
        lab.claim(line, times=20)


@pytest.mark.long
def test_descriptors_after_a_thousand_failures(lab: Lab) -> None:
    """25 addresses for each of forty fetches; before 1.19.0 nginx tries the first one alone."""
    each = 25 if lab.server.within(">=1.19.0") else 1
    lab.stub.record(OCSP_HOST, "A", *[lab.address("responder")] * 25)
    sites = names(10)
    lab.inject("rst-after-request")
    worker = start(lab, sites)
    ask(lab, sites, each)
    before = processes.descriptors(worker)
    for _ in range(4):
        lab.step(301)
        ask(lab, sites, each)
    assert len(lab.responder.requests()) == 50 * each
    assert processes.descriptors(worker) == before
    lab.claim("recv() failed (104: Connection reset by peer)", times=50 * each)
    lab.claim(_CLOSED, times=50 * each)


def one_child(lab: Lab) -> None:
    """Returns once the master has asked the processes that have ended for their status, and one is
    left."""
    until(lambda: len(processes.children(lab.nginx.pid)) == 1, "nginx to have one child")


def test_processes(lab: Lab) -> None:
    """Reloads, a killed worker and fetches leave one worker under one master."""
    lab.needs(workers=True, cache="worker")
    lab.start()
    for _ in range(3):
        lab.handshake()
        lab.settle(connections=1)
        lab.reload()
        one_child(lab)
    lab.nginx.kill_worker(lab.nginx.workers()[0])
    lab.claim("exited on signal 9", alert=True)
    lab.handshake()
    lab.settle(connections=1)
    one_child(lab)
    assert lab.handshake().verdict == "GOOD"
