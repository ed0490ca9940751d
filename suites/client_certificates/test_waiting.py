"""Clients that wait: nginx checks a client's certificate by OCSP, and the request has to wait.

The handshake is over by then, under TLS 1.2 and 1.3 alike, so it is the HTTP response that tells
how the check went.
"""

from __future__ import annotations

import pytest

from staplelab.parts.verdict import Verdict
from staplelab.scenario.client_certificate import asking_for_certificates, claim_failed_goodbye
from staplelab.scenario.lab import Lab
from suites.client_certificates.check import FAILED, GOOD, SAYS_WHY, by_address, check

pytestmark = pytest.mark.profile("clients")


def start(lab: Lab, *more: str) -> None:
    """An nginx that has a client's certificate checked, its authority's left alone."""
    lab.start(asking_for_certificates(lab, *more, checks="leaf"))


NO_RESPONSE = "the request failed: the server closed the connection"


@pytest.mark.requirement("K7")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_until_the_responder_responds(lab: Lab, version: str) -> None:
    lab.inject("fixed-latency", ms=5000)
    start(lab)
    with lab.client("--get", "/", "--tls", version, certificate="client") as waiting:
        waiting.reached("handshake")
        lab.settle(connections=1)
        lab.step(4)
        lab.settle()
        assert waiting.waits()
        lab.step(1)
        seen = waiting.result()
    assert (seen.verdict, seen.status) == (Verdict.NO_STAPLE, 200)
    assert seen.http["body"] == "SUCCESS"


@pytest.mark.requirement("K7")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_silent_responder(lab: Lab, version: str) -> None:
    """No time-out is set for this fetch: what ends the wait is the client_header_timeout of 60 s,
    and nginx closes without a response."""
    lab.inject("accept-then-silence")
    start(lab)
    with lab.client("--get", "/", "--tls", version, certificate="client") as waiting:
        lab.settle(connections=1)
        lab.step(59)
        lab.settle()
        assert waiting.waits()
        lab.step(2)
        seen = waiting.result()
    assert (seen.status, seen.failure) == (None, NO_RESPONSE)
    assert len(lab.log_lines("client timed out")) == 1
    claim_failed_goodbye(lab)


@pytest.mark.requirement("K7")
@pytest.mark.parametrize("bound", [5, 120])
def test_ones_own_bound(lab: Lab, bound: int) -> None:
    """client_header_timeout holds for the wait, also where it is longer than the 60 s that a fetch
    for a staple has."""
    lab.inject("accept-then-silence")
    start(lab, f"client_header_timeout {bound}s;")
    with lab.client("--get", "/", certificate="client") as waiting:
        lab.settle(connections=1)
        lab.step(bound - 1)
        lab.settle()
        assert waiting.waits()
        lab.step(2)
        assert waiting.result().failure == NO_RESPONSE
    lab.settle()
    assert len(lab.log_lines("client timed out")) == 1
    claim_failed_goodbye(lab)


@pytest.mark.parametrize("more, bound", [((), 30), (("resolver_timeout 7s;",), 7)])
def test_silent_name_server(lab: Lab, more: tuple[str, ...], bound: int) -> None:
    """resolver_timeout comes first, and its end is a response to the client."""
    lab.inject("drop-query")
    start(lab, *SAYS_WHY, *more)
    with lab.client("--get", "/", certificate="client") as waiting:
        lab.settle(queries=2)
        lab.step(bound - 1)
        lab.settle(queries=2)
        assert waiting.waits()
        lab.step(1)
        seen = waiting.result()
    lab.settle(queries=0)
    assert (seen.status, seen.http["body"]) == (400, FAILED)
    lab.claim("ocsp.staplelab.test could not be resolved (110: Operation timed out) while")


def test_two_at_once_with_one_certificate(lab: Lab) -> None:
    """Each is asked about by itself, though it is one certificate, and a cache is there; the third
    one profits."""
    lab.inject("fixed-latency", ms=1000)
    start(lab, *SAYS_WHY, by_address(lab), "ssl_ocsp_cache shared:ocsp:1m;")
    first = lab.client("--get", "/", certificate="client")
    lab.settle(connections=1)
    second = lab.client("--get", "/", certificate="client")
    lab.settle(connections=1)
    lab.step(1)
    assert [one.result().status for one in (first, second)] == [200, 200]
    check(lab, "client", GOOD)


@pytest.mark.requirement("K1")
def test_side_by_side_one_revoked(lab: Lab) -> None:
    """Each waits for what is said of its own certificate."""
    lab.responder.certificate("3002", status="revoked")
    lab.inject("fixed-latency", ms=1000)
    start(lab)
    good = lab.client("--get", "/", certificate="client")
    lab.settle(connections=1)
    revoked = lab.client("--get", "/", certificate="client-2")
    lab.settle(connections=1, queries=0)
    assert good.waits() and revoked.waits()
    lab.step(1)
    assert (good.result().status, revoked.result().status) == (200, 400)
    assert [r["serials"] for r in lab.responder.requests()] == [["3001"], ["3002"]]
    assert lab.log_lines("client SSL certificate verify error: certificate revoked")


def test_one_waits_the_other_does_not(lab: Lab) -> None:
    """A client without a certificate is refused at once, whoever else waits."""
    lab.inject("fixed-latency", ms=1000)
    start(lab)
    waiting = lab.client("--get", "/", certificate="client")
    lab.settle(connections=1)
    bare = lab.handshake("--get", "/")
    assert bare.status == 400
    assert "No required SSL certificate was sent" in bare.http["body"]
    assert waiting.waits()
    lab.step(1)
    assert waiting.result().status == 200
    assert len(lab.responder.requests()) == 1


def test_reload_while_one_waits(lab: Lab) -> None:
    """The old worker stays until the client has its response."""
    lab.needs(workers=True)
    lab.inject("fixed-latency", ms=1000)
    start(lab)
    waiting = lab.client("--get", "/", certificate="client")
    lab.settle(connections=1)
    (old,) = lab.nginx.workers()
    lab.reload(wait=False)
    lab.nginx.wait_for_new_worker(old)
    lab.settle()
    assert old in lab.nginx.workers(), "the old worker left its client alone"
    assert waiting.waits()
    lab.step(1)
    assert waiting.result().status == 200
    lab.nginx.wait_for_end(old)
