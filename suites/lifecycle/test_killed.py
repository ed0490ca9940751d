"""A worker that is killed in the midst of a fetch: the next one begins anew."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

#: where the fetch is when its worker is killed
WHERE = {
    "look-up": ("drop-query", {"queries": 2}),
    "response": ("accept-then-silence", {"connections": 1}),
    "half-a-response": ("slow-body", {"connections": 1}),
}


def another_fetches(lab: Lab) -> None:
    """The worker is killed; the one in its place knows nothing, and asks for itself."""
    lab.nginx.kill_worker(lab.nginx.workers()[0])
    lab.claim("exited on signal 9", alert=True)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.settle()


@pytest.mark.parametrize("where", WHERE)
def test_first_fetch(lab: Lab, where: str) -> None:
    lab.needs(workers=True, cache="worker")
    fault, came = WHERE[where]
    lab.inject(fault, times=max(came.values()))
    lab.start()
    lab.handshake()
    lab.settle(**came)
    another_fetches(lab)


@pytest.mark.requirement("G2")
@pytest.mark.parametrize("where", WHERE)
def test_refresh(lab: Lab, where: str) -> None:
    """The staple that was to be refreshed is lost with its worker."""
    lab.needs(workers=True, cache="worker")
    fault, came = WHERE[where]
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.step(3601)
    lab.inject(fault, times=max(came.values()))
    assert lab.handshake().verdict == "GOOD"
    lab.settle(**came)
    another_fetches(lab)
