"""Clients that leave, or are given up, while nginx asks about their certificates.

nginx does not look at a client while it asks: it goes on for one that is gone, and what comes of
that must harm nobody.  What ends the wait is the client's time alone.
"""

from __future__ import annotations

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.client_certificate import asking_for_certificates, claim_failed_goodbye
from staplelab.scenario.lab import Lab
from suites.client_certificates.check import (
    CLOSED,
    FAILED,
    GOOD,
    REVOKED,
    SAYS_WHY,
    by_address,
    check,
)

pytestmark = pytest.mark.profile("clients")


def start(lab: Lab, *more: str, checks: str = "leaf") -> None:
    lab.start(asking_for_certificates(lab, *SAYS_WHY, *more, checks=checks))


@pytest.mark.requirement("F7")
@pytest.mark.parametrize("seconds", [1, 4])
def test_while_the_name_is_resolved(lab: Lab, seconds: int) -> None:
    lab.inject("answer-delay", ms=seconds * 1000, times=2)
    start(lab)
    with lab.client("--get", "/", certificate="client"):
        lab.settle(queries=2)
    lab.settle(queries=0)
    lab.step(seconds)
    lab.settle(connections=1, queries=0)
    check(lab, "client-2", GOOD, asked=["client-2"], queries=0)


def test_while_the_name_is_resolved_in_vain(lab: Lab) -> None:
    """resolver_timeout, 30 s, ends it, and after it nothing is left."""
    lab.inject("drop-query")
    start(lab)
    with lab.client("--get", "/", certificate="client"):
        lab.settle(queries=2)
    lab.step(29)
    lab.settle(queries=2)  # once more, after 5 s of silence
    assert not lab.log_lines("could not be resolved")
    lab.step(1)
    lab.settle(queries=0)
    lab.claim(f"{OCSP_HOST} could not be resolved (110: Operation timed out) while requesting")
    assert len(lab.log_lines(f"{FAILED.partition(':')[2]} while reading client request")) == 1
    lab.heal()
    check(lab, "client-2", GOOD, asked=["client-2"])


@pytest.mark.parametrize("status", ["good", "revoked"])
def test_while_nginx_fetches(lab: Lab, status: str) -> None:
    """What was said of it is kept for the next one with the same certificate."""
    lab.responder.certificate("3001", status=status)
    lab.inject("fixed-latency", ms=1000)
    start(lab, by_address(lab), "ssl_ocsp_cache shared:ocsp:1m;")
    with lab.client("--get", "/", certificate="client"):
        lab.settle(connections=1)
    lab.settle()
    lab.step(1)
    check(lab, "client", GOOD if status == "good" else REVOKED)


def test_between_two_fetches(lab: Lab) -> None:
    """The whole chain is asked about, though nobody waits for it any more."""
    lab.inject("fixed-latency", ms=1000)
    start(lab, by_address(lab), checks="on")
    with lab.client("--get", "/", certificate="client"):
        lab.settle(connections=1)
    lab.step(1)
    lab.settle(connections=1)
    lab.step(1)
    lab.settle()
    assert [one["certificates"] for one in lab.responder.requests()] == [["client"], ["issuing"]]


@pytest.mark.requirement("F7")
def test_given_up_while_the_name_is_resolved(lab: Lab) -> None:
    """The client's time is over before the responder's address is known: nginx gives its look-up
    up, too.

    One that has not mended CVE-2026-40701 (1.19.0 to 1.30.0, but for distributions' patches) keeps
    the look-up.  It asks again after 5 s, as a mended one does not: that shows the defect, before
    an answer is there."""
    lab.inject("answer-delay", ms=20_000)
    start(lab, "client_header_timeout 3s;")
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
    claim_failed_goodbye(lab)


def test_the_name_is_known_when_the_client_is_given_up(lab: Lab) -> None:
    """What comes of the look-up then is for nobody.

    Where CVE-2026-40701 is not mended nginx uses freed memory, of which anything may come; a
    sanitizer sees it.  The answer comes before nginx, which would ask again, forgets the name."""
    lab.needs(workers=True)
    lab.inject("answer-delay", ms=4500)
    start(lab, "client_header_timeout 3s;")
    before = lab.nginx.workers()
    give_up(lab)
    lab.step(0.7)
    lab.settle()
    lab.heal()
    assert lab.handshake("--get", "/", certificate="client").status == 200
    lab.settle(connections=1, queries=0)
    claim_failed_goodbye(lab)
    assert lab.nginx.workers() == before


def give_up(lab: Lab) -> None:
    """A client that nginx asks for in vain, until its 3 s are over."""
    with lab.client("--get", "/", certificate="client") as waiting:
        lab.settle(queries=2)
        lab.step(4)
        assert waiting.result().failure == CLOSED
