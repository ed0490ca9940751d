"""Clients that wait: nginx checks a client's certificate by OCSP, and the request has to wait.

The handshake is over by then, under TLS 1.2 and 1.3 alike, so it is the HTTP response that tells
how the check went.
"""

from __future__ import annotations

import pytest

from staplelab.parts.verdict import Verdict
from staplelab.scenario.client_certificate import asking_for_certificates, claim_failed_goodbye
from staplelab.scenario.lab import Lab

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


def test_client_gone(lab: Lab) -> None:
    """nginx goes on with the check of a client that has left, and serves the next one."""
    lab.inject("fixed-latency", ms=1000, times=1)
    start(lab)
    with lab.client("--get", "/", certificate="client"):
        lab.settle(connections=1)
    lab.settle()
    lab.step(1)
    assert lab.handshake("--get", "/", certificate="client-2").status == 200
    lab.settle(connections=1, queries=0)
    assert [r["serials"] for r in lab.responder.requests()] == [["3001"], ["3002"]]


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


@pytest.mark.requirement("F7")
def test_given_up_while_the_name_is_resolved(lab: Lab) -> None:
    """The client's time is over before the responder's address is known: nginx gives its look-up
    up, too, and what comes of it is for nobody.

    One that has not mended CVE-2026-40701 (1.19.0 to 1.30.0, but for distributions' patches) keeps
    the look-up and uses freed memory once it ends, of which anything may come.  It asks again
    after 5 s, as a mended one does not: that shows the defect, before an answer is there."""
    lab.needs(workers=True)
    lab.inject("answer-delay", ms=20_000)
    start(lab, "client_header_timeout 3s;")
    before = lab.nginx.workers()
    give_up(lab)
    asked = len(lab.stub.requests())
    lab.step(2)
    lab.settle(so_far=True)
    assert len(lab.stub.requests()) == asked, (
        "nginx asks on for a client that is gone: this one has CVE-2026-40701"
    )
    lab.step(15)
    lab.settle()
    lab.claim(" response for ocsp.staplelab.test", 2)

    # the answer comes before nginx, which would ask again then, forgets the name
    lab.inject("answer-delay", ms=4500)
    give_up(lab)
    lab.step(0.7)
    lab.settle()
    assert lab.handshake("--get", "/", certificate="client").status == 200
    lab.settle(connections=1, queries=0)
    claim_failed_goodbye(lab, 2)
    assert lab.nginx.workers() == before


def give_up(lab: Lab) -> None:
    """A client that nginx asks for in vain, until its 3 s are over."""
    with lab.client("--get", "/", certificate="client") as waiting:
        lab.settle(queries=2)
        lab.step(4)
        assert waiting.result().failure == NO_RESPONSE
