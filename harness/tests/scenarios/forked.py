"""A server that stands on nginx and has ways of its own (test_forks.py); what it says at each start
is in the variable SAYS."""

import os

from staplelab.scenario.lab import Lab


def claim(lab: Lab) -> None:
    if said := os.environ.get("SAYS"):
        lab.claim(said, times=None, level="warn")


def test_staple(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    claim(lab)


def test_upgrade(lab: Lab) -> None:
    lab.start(upgradable=True)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.upgrade()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    claim(lab)


def test_no_resolver(lab: Lab) -> None:
    lab.start(resolver=None)
    lab.claim("no resolver defined", level="warn")
    lab.handshake()
    lab.settle(connections=1, queries=0)
    claim(lab)


def test_a_resolver_in_other_words(lab: Lab) -> None:
    lab.start(resolver=None, http=f"resolver {lab.resolver()};")
    lab.handshake()
    lab.settle(connections=1)
    claim(lab)
