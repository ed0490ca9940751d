"""Several who wait for one name: asked for once, and each is told.

Observed on nginx 1.22.1; the rules are in ngx_resolve_name_locked and ngx_resolve_name_done.
(Until 1.7.5 only the first one was told of a time-out.)
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.client_certificate import asking_for_certificates, claim_failed_goodbye
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from suites.dns.table import RESEND
from suites.resolver.asking import (
    NOT_FOUND,
    SERVER_FAILURE,
    TIMED_OUT,
    ask,
    could_not,
    rule,
    site_of,
    start,
)
from suites.resolver.test_aliases import HOST

SECOND_LATE = {"fault": "answer-delay", "ms": 1000}


def all_ask(lab: Lab, waiters: int, queries: int = 2) -> None:
    """They come one after the other; the first one makes nginx ask."""
    for site in range(waiters):
        ask(lab, site, 0, 0 if site else queries)


@pytest.mark.parametrize("waiters", [2, 5])
def test_an_address(lab: Lab, waiters: int) -> None:
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.inject("answer-delay", ms=1000)
    start(lab, *[HOST] * (waiters + 1))
    all_ask(lab, waiters)
    lab.step(1)
    lab.settle(waiters, queries=0)
    ask(lab, waiters, 1, 0)
    for site in range(waiters):
        assert lab.handshake(name=site_of(site)).verdict == "GOOD"


@pytest.mark.parametrize("waiters", [2, 5])
def test_several_addresses(lab: Lab, waiters: int) -> None:
    """Each has all of them, in the order in which they came."""
    lab.stub.record(HOST, "A", lab.address("responder-2"), lab.address("responder"))
    lab.inject("answer-delay", ms=1000)
    start(lab, *[HOST] * waiters)
    all_ask(lab, waiters)
    lab.step(1)
    lab.settle(waiters, queries=0)
    assert {one["listener"] for one in lab.responder.requests()} == {"responder-2"}


@pytest.mark.parametrize("waiters", [2, 5])
@pytest.mark.parametrize(("fault", "why"), [("servfail", SERVER_FAILURE), ("nodata", NOT_FOUND)])
def test_a_failure(lab: Lab, waiters: int, fault: str, why: str) -> None:
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.stub.rules([rule(HOST, None, fault, SECOND_LATE)])
    start(lab, *[HOST] * waiters)
    all_ask(lab, waiters)
    lab.step(1)
    lab.settle(queries=0)
    lab.claim(could_not(HOST, why), waiters)


@pytest.mark.parametrize("waiters", [2, 5])
def test_silence(lab: Lab, waiters: int) -> None:
    """All are told of the time-out."""
    lab.inject("drop-query")
    start(lab, *[HOST] * waiters)
    all_ask(lab, waiters)
    lab.step(29.9)
    lab.settle(queries=2)
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(could_not(HOST, TIMED_OUT), waiters)


def test_each_has_its_own_time(lab: Lab) -> None:
    """Who came 10 s later waits 10 s longer, and nginx goes on to ask for him."""
    lab.inject("drop-query")
    start(lab, HOST, HOST, HOST)
    ask(lab, 0, 0, 2)
    for site in (1, 2):
        lab.step(10)
        ask(lab, site, 0, 2)
    for told, pause in enumerate((9.9, 10, 10)):
        lab.step(pause)
        lab.settle(queries=2)
        assert len(lab.log_lines(could_not(HOST, TIMED_OUT))) == told
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(could_not(HOST, TIMED_OUT), 3)


def sites_with(impatient: int) -> list[Site]:
    """Three, of which one waits 3 s for the name."""
    limits = [f"resolver_timeout {3 if number == impatient else 30}s;" for number in range(3)]
    return [
        Site(server_name=site_of(number), resolver=None, directives=(limit,))
        for number, limit in enumerate(limits)
    ]


@pytest.mark.parametrize("impatient", [0, 1, 2])
def test_one_of_three_gives_up(lab: Lab, impatient: int) -> None:
    """Whichever it is, the first or the last: the others have what they wait for."""
    lab.inject("answer-delay", ms=4000)
    lab.start(*sites_with(impatient), http=f"resolver {lab.resolver()};")
    all_ask(lab, 3)
    lab.step(3.1)
    lab.settle(queries=0)
    lab.claim(could_not(OCSP_HOST, TIMED_OUT))
    lab.step(0.9)
    lab.settle(2, queries=0)
    for site in set(range(3)) - {impatient}:
        assert lab.handshake(name=site_of(site)).verdict == "GOOD"


def test_the_first_gives_up_the_last_is_served(lab: Lab) -> None:
    lab.stub.record(HOST, "A", lab.address("responder"))
    lab.inject("answer-delay", ms=8000)
    start(lab, HOST, HOST, timeout="5s")
    ask(lab, 0, 0, 2)
    lab.step(4)
    ask(lab, 1, 0, 0)
    lab.step(2)
    lab.settle(queries=2)
    lab.claim(could_not(HOST, TIMED_OUT))
    lab.step(2)
    lab.settle(1, queries=0)
    assert lab.handshake(name=site_of(1)).verdict == "GOOD"
    lab.step(6)
    lab.settle(queries=0)
    lab.claim(f" response for {HOST}", 2)  # to what was asked again


# ----- clients that wait, whose certificates are asked about -----


def waiting_site(lab: Lab) -> Site:
    """A site that checks clients' certificates, and gives a client 3 s."""
    site = asking_for_certificates(lab, "client_header_timeout 3s;", checks="leaf")
    return replace(site, server_name=site_of(0), resolver=None)


@pytest.mark.profile("clients")
def test_the_first_of_three_clients_leaves(lab: Lab) -> None:
    """The others have what they wait for."""
    lab.inject("answer-delay", ms=4000)
    lab.start(waiting_site(lab), http=f"resolver {lab.resolver()};")
    clients = []
    for number in range(3):
        clients.append(lab.client("--get", "/", name=site_of(0), certificate="client"))
        lab.settle(queries=0 if number else 2)
        lab.step(0 if number else 2)
    lab.step(1.1)
    lab.settle(queries=0)
    assert clients[1].waits() and clients[2].waits()
    lab.step(0.9)
    lab.settle(2, queries=0)
    assert [one.result().status for one in clients] == [None, 200, 200]
    claim_failed_goodbye(lab)


@pytest.mark.profile("clients")
def test_all_clients_leave(lab: Lab) -> None:
    """Nobody waits any more: nginx does not ask again."""
    lab.inject("drop-query")
    lab.start(waiting_site(lab), http=f"resolver {lab.resolver()};")
    clients = []
    for number in range(2):
        clients.append(lab.client("--get", "/", name=site_of(0), certificate="client"))
        lab.settle(queries=0 if number else 2)
    lab.step(3.1)
    assert [one.result().status for one in clients] == [None, None]
    lab.step(RESEND)
    lab.settle(queries=0)
    claim_failed_goodbye(lab, 2)
