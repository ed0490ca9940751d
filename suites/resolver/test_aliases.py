"""Aliases: how far nginx follows them, and whose target it takes.

Observed on nginx 1.22.1; ngx_resolver_process_a and ngx_resolve_name_locked follow at most
NGX_RESOLVER_MAX_RECURSION (50) of them, in messages and in the cache alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from staplelab.scenario.lab import Lab
from suites.resolver import wire
from suites.resolver.asking import (
    NOT_FOUND,
    SERVER_FAILURE,
    TIMED_OUT,
    ask,
    could_not,
    rule,
    start,
)
from suites.resolver.wire import AAAA, CNAME, A, record

HOST = "host.staplelab.test"


def names(count: int) -> list[str]:
    return [f"n{number}.staplelab.test" for number in range(count)]


def chain(lab: Lab, links: Sequence[str]) -> None:
    """Each name is an alias of the next one, in a message of its own; the last has an address."""
    lab.stub.rules([rule(name, None, leads(target)) for name, target in zip(links, links[1:])])
    lab.stub.record(links[-1], "A", lab.address("responder"))


def leads(target: str, *, in_message: bool = False) -> dict[str, Any]:
    return {"fault": "cname-single", "target": target, "in_message": in_message}


def asked(lab: Lab) -> list[str]:
    """The names that nginx has asked for A, in order."""
    return [one["qname"] for one in lab.stub.requests(qtype="A")]


@pytest.mark.parametrize(("aliases", "queries"), [(1, 4), (10, 22), (50, 102)])
def test_a_message_for_each(lab: Lab, aliases: int, queries: int) -> None:
    links = names(aliases + 1)
    chain(lab, links)
    start(lab, links[0])
    ask(lab, 0, 1, queries)
    assert asked(lab) == links


@pytest.mark.parametrize("aliases", [1, 10, 60])
def test_one_message(lab: Lab, aliases: int) -> None:
    """However long: nginx does not read whose alias is whose, only that there is an address."""
    lab.inject("cname-chain", n=aliases)
    start(lab)
    tcp = 2 if aliases == 60 else 0  # the message is longer than 512 octets
    ask(lab, 0, 1, 2 + tcp)


def test_too_many(lab: Lab) -> None:
    """The fifty-first is not followed any more: the name is not found, and what was found on the
    way stays known."""
    links = names(52)
    chain(lab, links)
    start(lab, links[0], links[0], links[1], links[50], links[51])
    ask(lab, 0, 0, 102)
    assert asked(lab) == links[:51]
    lab.claim(could_not(links[0], NOT_FOUND), 2)
    ask(lab, 1, 0, 0)  # all of it from the cache
    ask(lab, 2, 1, 2)  # the last link, which nobody had asked for
    assert asked(lab)[51:] == links[51:]
    for site in (3, 4):
        ask(lab, site, 1, 0)


def test_one_too_many_before_a_known_chain(lab: Lab) -> None:
    """Fifty aliases are known; the one before them makes fifty-one, which is found out without a
    query for them."""
    links = names(52)
    chain(lab, links)
    start(lab, links[1], links[0], links[1], links[0])
    ask(lab, 0, 1, 102)
    ask(lab, 1, 0, 2)
    ask(lab, 2, 1, 0)
    ask(lab, 3, 0, 0)
    lab.claim(could_not(links[0], NOT_FOUND), 2)


@pytest.mark.parametrize(("length", "queries"), [(1, 2), (2, 4), (7, 14)])
def test_a_circle(lab: Lab, length: int, queries: int) -> None:
    """It is walked through the cache, fifty times, and the name is not found."""
    links = names(length)
    itself = {"fault": "cname-loop", "length": 1}
    circle = zip(links, [*links[1:], links[0]])
    lab.stub.rules(
        [rule(name, None, itself if length == 1 else leads(target)) for name, target in circle]
    )
    start(lab, links[0])
    ask(lab, 0, 0, queries)
    lab.claim(could_not(links[0], NOT_FOUND))


def test_the_last_alias_of_a_message_counts(lab: Lab) -> None:
    """Whatever its owner: where there is no address, nginx asks for the target of the last record
    that is an alias."""
    lab.exempt("query-form", "the name server does not tell the aliases in octets of a rule")
    first, last = "first.staplelab.test", "last.staplelab.test"
    for qtype, number in (("A", A), ("AAAA", AAAA)):
        records = (
            record(CNAME, wire.name(first)),
            record(CNAME, wire.name(last), owner=wire.name("nobody.test")),
        )
        octets = wire.message(wire.question(HOST, number), *records)
        lab.stub.control.call("POST", "/v1/rules", rule(HOST, qtype, wire.fault(octets)))
    lab.stub.record(last, "A", lab.address("responder"))
    start(lab, HOST)
    ask(lab, 0, 1, 4)
    assert asked(lab) == [HOST, last]


def test_the_alias_of_the_last_response_counts(lab: Lab) -> None:
    """Where A and AAAA are aliases of different names."""
    four, six = "four.staplelab.test", "six.staplelab.test"
    lab.stub.rules([rule(HOST, "A", leads(four)), rule(HOST, "AAAA", leads(six))])
    lab.stub.record(six, "A", lab.address("responder"))
    start(lab, HOST)
    ask(lab, 0, 1, 4)
    assert asked(lab) == [HOST, six]


@pytest.mark.parametrize(
    ("fault", "why"),
    [("nxdomain", NOT_FOUND), ("nodata", NOT_FOUND), ("servfail", SERVER_FAILURE)],
)
def test_a_target_that_fails(lab: Lab, fault: str, why: str) -> None:
    """What is said of it is said of the name that was asked for."""
    target = "target.staplelab.test"
    lab.stub.record(target, "A", lab.address("responder"))
    lab.stub.rules([rule(HOST, None, leads(target)), rule(target, None, fault)])
    start(lab, HOST)
    ask(lab, 0, 0, 4)
    lab.claim(could_not(HOST, why))


def test_a_silent_target(lab: Lab) -> None:
    """One time limit for all of it, which begins with the first query."""
    target = "target.staplelab.test"
    late = {"fault": "answer-delay", "ms": 4000}
    lab.stub.rules([rule(HOST, None, leads(target), late), rule(target, None, "drop-query")])
    start(lab, HOST, timeout="7s")
    ask(lab, 0, 0, 2)
    lab.step(4)
    lab.settle(queries=2)
    lab.step(2.9)
    lab.settle(queries=0)
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(could_not(HOST, TIMED_OUT))


def test_a_target_that_is_known(lab: Lab) -> None:
    target = "target.staplelab.test"
    lab.stub.record(target, "A", lab.address("responder"))
    lab.stub.rules([rule(HOST, None, leads(target))])
    start(lab, target, HOST, HOST)
    ask(lab, 0, 1, 2)
    ask(lab, 1, 1, 2)
    ask(lab, 2, 1, 0)
    assert asked(lab) == [target, HOST]
