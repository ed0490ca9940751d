"""The four questions that the study of 2018 put to web servers, put to this one.

T. Chung and others, Is the Web Ready for OCSP Must-Staple?, IMC 2018: does a server fetch before
the first client comes, keep what it has fetched, respect nextUpdate, and keep a valid response when
a refresh fails?  The report of conformance reads what is observed under `study`.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

VALIDITY = 7200


def answer(lab: Lab, question: str, yes: bool) -> None:
    lab.observe(study={question: "yes" if yes else "no"})


def staple(lab: Lab) -> None:
    lab.responder.certificate("1001", validity=VALIDITY)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)


@pytest.mark.requirement("B1")
def test_prefetch(lab: Lab) -> None:
    """A server is there for ten minutes before its first client comes."""
    lab.start()
    lab.step(600)
    lab.settle(so_far=True)
    asked = len(lab.responder.requests())
    first = lab.handshake()
    lab.settle(so_far=True)
    answer(lab, "prefetch", asked > 0 and first.verdict == "GOOD")
    lab.deviation("NGX-001", first.verdict, conforms="GOOD", deviates="NO_STAPLE")


@pytest.mark.requirement("B4")
def test_cache(lab: Lab) -> None:
    """Half an hour of clients is served from one fetch."""
    staple(lab)
    for _ in range(3):
        lab.step(600)
        assert lab.handshake().verdict == "GOOD"
    lab.settle()
    kept = len(lab.responder.requests()) == 1
    answer(lab, "cache", kept)
    assert kept


@pytest.mark.requirement("C1")
def test_respect_next_update(lab: Lab) -> None:
    staple(lab)
    lab.inject("http-5xx")
    lab.step_to(VALIDITY)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    lab.step(1)
    after = lab.handshake()
    lab.settle()
    answer(lab, "respect nextUpdate", after.verdict == "NO_STAPLE")
    assert after.verdict == "NO_STAPLE"


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("fault", ["http-5xx", "status-try-later", "connection-refused"])
def test_retain_on_error(lab: Lab, fault: str) -> None:
    staple(lab)
    lab.step(3601)
    lab.inject(fault)
    refused = fault == "connection-refused"
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=int(not refused), refused=int(refused))
    after = lab.handshake()
    answer(lab, "retain on error", after.verdict == "GOOD")
    assert after.verdict == "GOOD"
    if fault == "status-try-later":
        lab.claim("OCSP response not successful (3: trylater)")
    if refused:
        lab.claim("(111: Connection refused)")
        lab.claim("OCSP responder prematurely closed connection")
