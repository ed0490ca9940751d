"""What is asked of one connection, however many requests it carries, over HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest

from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
from suites.client_certificates.check import (
    FAILED,
    GOOD,
    REVOKED,
    SAYS_WHY,
    UNKNOWN,
    by_address,
)
from suites.client_certificates.connection import (
    all_at_once,
    connect,
    one_after_the_other,
    request,
    response,
)

pytestmark = pytest.mark.profile("clients")

#: what comes of a client whose certificate meets a fault
SAYS = {"cert-status-revoked": REVOKED, "cert-status-unknown": UNKNOWN, "http-5xx": FAILED}
NAME = "www.staplelab.test"
#: how its requests come: one after the other over HTTP/1.1, all at once over HTTP/2
each_protocol = pytest.mark.parametrize("how", ["h1", "h2"])


def start(lab: Lab, how: str, *more: str, checks: str = "on", **choices: Any) -> None:
    if how == "h2":
        lab.needs_module("http_v2_module")
    lab.start(
        asking_for_certificates(
            lab, by_address(lab), *SAYS_WHY, *more, checks=checks, http2=how == "h2"
        ),
        **choices,
    )


def words(lab: Lab, how: str, certificate: str, count: int) -> list[str]:
    """What a client gets for so many requests in one connection."""
    mine = lab.certificate(certificate)
    with connect(lab.nginx.listen, NAME, mine, "h2" if how == "h2" else "http/1.1") as tls:
        get = all_at_once if how == "h2" else one_after_the_other
        return list(get(tls, NAME, count))


def asked(lab: Lab) -> Sequence[str]:
    return [one for request in lab.responder.requests() for one in request["certificates"]]


@each_protocol
def test_one_check_for_three_requests(lab: Lab, how: str) -> None:
    start(lab, how)
    assert words(lab, how, "client", 3) == [f"200 {GOOD}"] * 3
    lab.settle(connections=2)
    assert asked(lab) == ["client", "issuing"]


@each_protocol
@pytest.mark.parametrize("fault", SAYS)
def test_refused(lab: Lab, how: str, fault: str) -> None:
    """HTTP/1.1: the connection ends with the first response.  HTTP/2: each request gets one."""
    said = SAYS[fault]
    lab.inject(fault)
    start(lab, how)
    got = words(lab, how, "client", 2)
    lab.settle(connections=1)
    second = f"400 {said}" if how == "h2" else "closed"
    assert got == [f"400 {said}", second]
    assert asked(lab) == ["client"]
    lines = lab.log_lines(f"client SSL certificate verify error: {said.partition(':')[2]} while ")
    assert [line.level for line in lines] == ["info"] * (2 if how == "h2" else 1)


@each_protocol
def test_the_next_connection_is_checked_anew(lab: Lab, how: str) -> None:
    start(lab, how, checks="leaf")
    assert words(lab, how, "client", 1) == [f"200 {GOOD}"]
    lab.responder.certificate("3001", status="revoked")
    assert words(lab, how, "client", 1) == [f"400 {REVOKED}"]
    lab.settle(connections=2)


@each_protocol
def test_revoked_in_the_midst_of_a_connection(lab: Lab, how: str) -> None:
    """Nobody asks again while a connection lasts, whatever was kept of its certificate."""
    start(lab, how, "ssl_ocsp_cache shared:ocsp:1m;", checks="leaf")
    assert words(lab, how, "client", 2) == [f"200 {GOOD}"] * 2
    assert words(lab, how, "client", 2) == [f"200 {GOOD}"] * 2
    lab.settle(connections=1)


#: more entries than a zone of 32k has room for, the smallest that nginx takes (16 in each of 6
#: pages)
MORE_THAN_FIT = 100


def test_a_full_cache_gives_the_oldest_up(lab: Lab) -> None:
    """Many clients come before there is a response: each is asked about by itself, for nothing is
    kept yet, and each response is kept by itself.  So the zone gets full, and what was kept first
    has to go: it is asked for again.  What was kept last stays."""
    start(
        lab,
        "h1",
        "ssl_ocsp_cache shared:ocsp:32k;",
        checks="leaf",
        worker_connections=4 * MORE_THAN_FIT,
    )
    assert words(lab, "h1", "client-rsa", 1) == [f"200 {GOOD}"]
    lab.settle(connections=1)
    lab.inject("fixed-latency", ms=1000)
    mine = lab.certificate("client")
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(connect(lab.nginx.listen, NAME, mine))
            for _ in range(MORE_THAN_FIT)
        ]
        for one in clients:
            one.sendall(request(NAME, "close"))
        lab.settle(connections=MORE_THAN_FIT)
        lab.step(1)
        assert [response(one) for one in clients] == [f"200 {GOOD}"] * MORE_THAN_FIT
    lab.heal()
    assert words(lab, "h1", "client", 1) == [f"200 {GOOD}"]
    lab.settle()
    assert words(lab, "h1", "client-rsa", 1) == [f"200 {GOOD}"]
    lab.settle(connections=1)
    assert words(lab, "h1", "client-rsa", 1) == [f"200 {GOOD}"]
    lab.settle()
