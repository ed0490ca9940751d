"""How often a responder is asked, and how much is logged of it."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

HOUR = 3600
SITES = 10
TOGETHER, SPREAD = "all in one second", "spread over time"


def names() -> list[str]:
    return [f"host{number}.staplelab.test" for number in range(SITES)]


def visit(lab: Lab, verdict: str, connections: int) -> None:
    """A client at each of the sites; so many fetches come of it."""
    for name in names():
        assert lab.handshake(name=name).verdict == verdict
    lab.settle(connections=connections, so_far=True)


def start(lab: Lab) -> None:
    lab.start(*(Site(server_name=name) for name in names()))


@pytest.mark.requirement("I1", "I2")
def test_many_sites_at_once(lab: Lab) -> None:
    """The same certificate in many server{}: each fetches for itself, and what began in one second
    is refreshed in one second for ever."""
    start(lab)
    visit(lab, "NO_STAPLE", SITES)
    fetched = len(lab.responder.requests())
    lab.deviation("NGX-002", fetched, conforms=1, deviates=SITES)
    lab.step(HOUR)
    visit(lab, "GOOD", 0)
    before = len(lab.responder.requests())
    lab.step(1)
    visit(lab, "GOOD", SITES)
    came = len(lab.responder.requests()) - before
    seen = TOGETHER if (before, came) == (SITES, SITES) else SPREAD
    lab.deviation("NGX-043", seen, conforms=SPREAD, deviates=TOGETHER)


@pytest.mark.requirement("I3", "I5")
def test_many_sites_that_fail(lab: Lab) -> None:
    """Whatever clients come: one fetch and one line for each site, and the next ones when more than
    300 s have passed."""
    lab.inject("status-try-later")
    start(lab)
    rounds = 0
    for at in (0, 60, 300, 301, 601, 602):
        lab.step_to(at)
        due = at in (0, 301, 602)
        rounds += due
        visit(lab, "NO_STAPLE", SITES if due else 0)
        assert len(lab.responder.requests()) == rounds * SITES
    lab.claim("OCSP response not successful (3: trylater)", times=rounds * SITES)
