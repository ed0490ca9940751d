"""Scenarios that expect of nginx what it does not do: run by test_settling.py."""

from __future__ import annotations

from staplelab.scenario.lab import Lab


def test_no_connection(lab: Lab) -> None:
    lab.start(stapling=False)
    lab.handshake()
    lab.settle(connections=1)


def test_one_connection_of_two(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=2)


def test_no_query(lab: Lab) -> None:
    lab.start(stapling=False)
    lab.handshake()
    lab.settle(queries=2)


def test_not_before_the_last_settle(lab: Lab) -> None:
    """What came before has been counted."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.handshake()
    lab.settle(connections=1)


def test_not_of_the_part_before(lab: Lab) -> None:
    """A part that was started again counts its events from the beginning."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.kill("responder")
    lab.revive("responder")
    lab.handshake()
    lab.settle(connections=1)


def test_no_client(lab: Lab) -> None:
    lab.start()
    lab.settle(connections=1)


def test_the_kernel_takes_its_time(lab: Lab) -> None:
    """A second of its own, for the SYN that found no room: so nobody may give up before."""
    lab.inject("connect-timeout")
    lab.start()
    lab.handshake()
    lab.settle(queries=2)
    lab.heal()
    lab.settle(connections=1, queries=0)
    assert lab.handshake().verdict == "GOOD"


def test_more_connections(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle()


def test_more_queries(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1, queries=1)


def test_fewer_queries(lab: Lab) -> None:
    """Two for each connection, where nothing is said."""
    lab.start(resolver=f"{lab.resolver()} ipv6=off")
    lab.handshake()
    lab.settle(connections=1)


def test_so_far(lab: Lab) -> None:
    """The later settle holds all of it."""
    lab.start()
    lab.handshake()
    lab.settle(so_far=True)
    lab.settle(queries=1, so_far=True)
    lab.settle(connections=1)
    lab.settle()


def test_too_few_so_far(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=2, so_far=True)
