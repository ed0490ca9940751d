"""Many server{} in one configuration, each with a staple of its own."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

#: connections for a fetch of each, and for clients
_CONNECTIONS = 512


def sites(lab: Lab, count: int) -> list[str]:
    """Starts nginx with so many; their names."""
    names = [f"site-{number}.staplelab.test" for number in range(count)]
    described = (Site(server_name=name) for name in names)
    lab.start(*described, worker_connections=_CONNECTIONS)
    return names


@pytest.mark.long
def test_two_hundred(lab: Lab) -> None:
    """All are asked for at once: 200 fetches side by side, and a staple for each."""
    names = sites(lab, 200)
    for name in names:
        assert lab.handshake(name=name).verdict == "NO_STAPLE"
    lab.settle(connections=len(names))
    for name in names[::20]:
        assert lab.handshake(name=name).verdict == "GOOD"
    lab.settle()


def test_too_many_requests(lab: Lab) -> None:
    """Twenty ask at once after a reload, and the responder gives a response to three.  The others
    come again 300 s later, again all at once."""
    names = sites(lab, 20)
    lab.reload()
    refuse = {"primitive": "http-status", "code": 429}
    healthy = {"times": 3, "do": []}
    lab.responder.rules([{"sequence": [healthy, {"do": [refuse]}]}])

    def with_a_staple() -> list[str]:
        return [name for name in names if lab.handshake(name=name).verdict == "GOOD"]

    assert with_a_staple() == []
    lab.settle(connections=20)
    lucky = with_a_staple()
    assert len(lucky) == 3
    lab.settle()
    lab.step(300)
    assert with_a_staple() == lucky
    lab.settle()
    lab.heal()
    lab.step(1)
    assert with_a_staple() == lucky
    lab.settle(connections=17)
    assert with_a_staple() == names
    lab.settle()
