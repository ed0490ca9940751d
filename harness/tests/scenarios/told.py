"""nginx is told of a name server outside of the lab (test_name_servers.py): that in TOLD."""

import os

from staplelab.hosts import namespace
from staplelab.scenario.lab import Lab


def test_enclosed(lab: Lab) -> None:
    """Nobody is at that address in the run's own network."""
    if not namespace.is_own():
        lab.not_applicable(namespace.WHY_NOT)
    lab.start(resolver=os.environ["TOLD"])
    lab.handshake()
    lab.settle(queries=0)
    lab.claim("recv() failed (111: Connection refused) while resolving", times=None)


def test_open(lab: Lab) -> None:
    lab.start(resolver=os.environ["TOLD"])
    lab.handshake()
    lab.settle(queries=0)


def test_unknown_name(lab: Lab) -> None:
    lab.host_entry("nobody.staplelab.test")
    lab.start()
