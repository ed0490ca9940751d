"""Several who wait for one name that is an alias: led to its target together, and each is told.

Observed on nginx 1.22.1; the rules are in ngx_resolver_process_a and ngx_resolve_name_locked, which
takes all of them over.
"""

from __future__ import annotations

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.lab import Lab
from suites.resolver import wire
from suites.resolver.asking import NOT_FOUND, TIMED_OUT, ask, could_not, rule, start
from suites.resolver.test_aliases import HOST, leads
from suites.resolver.test_waiters import SECOND_LATE, all_ask, sites_with
from suites.resolver.wire import AAAA, CNAME, A, record

TARGET = "target.staplelab.test"


@pytest.mark.parametrize("waiters", [2, 5])
def test_an_alias(lab: Lab, waiters: int) -> None:
    """What it leads to is asked for once, for all of them."""
    lab.stub.record(TARGET, "A", lab.address("responder"))
    lab.stub.rules([rule(HOST, None, leads(TARGET), SECOND_LATE)])
    start(lab, *[HOST] * waiters)
    all_ask(lab, waiters)
    lab.step(1)
    lab.settle(waiters, queries=2)


@pytest.mark.parametrize("impatient", [0, 1, 2])
def test_one_of_three_gives_up_on_an_alias(lab: Lab, impatient: int) -> None:
    """While its target is asked for: the others have what they wait for."""
    late = {"fault": "answer-delay", "ms": 4000}
    lab.stub.record(TARGET, "A", lab.address("responder"))
    lab.stub.rules([rule(OCSP_HOST, None, leads(TARGET)), rule(TARGET, None, late)])
    lab.start(*sites_with(impatient), http=f"resolver {lab.resolver()};")
    all_ask(lab, 3, queries=4)
    lab.step(3.1)
    lab.settle(queries=0)
    lab.claim(could_not(OCSP_HOST, TIMED_OUT))
    lab.step(0.9)
    lab.settle(2, queries=0)


@pytest.mark.parametrize("waiters", [2, 5])
def test_an_alias_of_a_known_name(lab: Lab, waiters: int) -> None:
    lab.stub.record(TARGET, "A", lab.address("responder"))
    lab.stub.rules([rule(HOST, None, leads(TARGET), SECOND_LATE)])
    start(lab, *[HOST] * waiters, TARGET)
    ask(lab, waiters, 1, 2)
    all_ask(lab, waiters)
    lab.step(1)
    lab.settle(waiters, queries=0)


@pytest.mark.parametrize("waiters", [2, 5])
def test_an_alias_of_several_known_addresses(lab: Lab, waiters: int) -> None:
    lab.stub.record(TARGET, "A", lab.address("responder"), lab.address("responder-2"))
    lab.stub.rules([rule(HOST, None, leads(TARGET), SECOND_LATE)])
    start(lab, *[HOST] * waiters, TARGET)
    ask(lab, waiters, 1, 2)
    all_ask(lab, waiters)
    lab.step(1)
    lab.settle(waiters, queries=0)


@pytest.mark.parametrize("waiters", [2, 5])
def test_an_alias_of_the_root(lab: Lab, waiters: int) -> None:
    """There is no such name: all are told, and nobody is asked."""
    for qtype, number in (("A", A), ("AAAA", AAAA)):
        octets = wire.message(wire.question(HOST, number), record(CNAME, b"\0"))
        made = rule(HOST, qtype, wire.fault(octets), SECOND_LATE)
        lab.stub.control.call("POST", "/v1/rules", made)
    start(lab, *[HOST] * waiters)
    all_ask(lab, waiters)
    lab.step(1)
    lab.settle(queries=0)
    lab.claim(could_not(HOST, NOT_FOUND), waiters)


@pytest.mark.parametrize("waiters", [1, 2])
def test_an_alias_that_is_one_too_many(lab: Lab, waiters: int) -> None:
    """All who wait are told that it leads too far."""
    links = [f"n{number}.staplelab.test" for number in range(52)]
    rules = [rule(one, None, leads(to)) for one, to in zip(links[1:], links[2:])]
    rules.append(rule(links[0], None, leads(links[1]), SECOND_LATE))
    lab.stub.record(links[-1], "A", lab.address("responder"))
    lab.stub.rules(rules)
    start(lab, *[links[0]] * waiters, links[1])
    ask(lab, waiters, 1, 102)
    all_ask(lab, waiters)
    lab.step(1)
    lab.settle(queries=0)
    lab.claim(could_not(links[0], NOT_FOUND), waiters)


def test_an_alias_of_a_name_that_is_asked_for(lab: Lab) -> None:
    """They join those who wait for its target, and are served with them."""
    lab.stub.record(TARGET, "A", lab.address("responder"))
    late = {"fault": "answer-delay", "ms": 3000}
    lab.stub.rules([rule(HOST, None, leads(TARGET), SECOND_LATE), rule(TARGET, None, late)])
    start(lab, TARGET, HOST, HOST, TARGET)
    ask(lab, 0, 0, 2)
    ask(lab, 1, 0, 2)
    ask(lab, 2, 0, 0)
    lab.step(1)
    lab.settle(queries=0)
    ask(lab, 3, 0, 0)
    lab.step(2)
    lab.settle(4, queries=0)


def test_an_alias_of_a_name_that_never_comes(lab: Lab) -> None:
    """Each is told when its own time is over."""
    lab.stub.rules([rule(HOST, None, leads(TARGET), SECOND_LATE), rule(TARGET, None, "drop-query")])
    start(lab, TARGET, HOST, HOST, timeout="4s")
    ask(lab, 0, 0, 2)
    lab.step(1)
    ask(lab, 1, 0, 2)
    ask(lab, 2, 0, 0)
    lab.step(1)
    lab.settle(queries=0)
    lab.step(2.1)
    lab.settle(queries=0)
    lab.claim(could_not(TARGET, TIMED_OUT))
    lab.step(1)
    lab.settle(queries=2)
    lab.claim(could_not(HOST, TIMED_OUT), 2)


def test_an_alias_whose_time_is_over_before_its_target_comes(lab: Lab) -> None:
    """Who comes then asks for it anew, and is led to the same target."""
    lab.stub.rules([rule(HOST, None, {**leads(TARGET)}), rule(TARGET, None, "drop-query")])
    start(lab, HOST, HOST, resolver=f"{lab.resolver()} valid=1s")
    ask(lab, 0, 0, 4)
    lab.step(2)
    ask(lab, 1, 0, 2)
    lab.step(27.9)
    lab.settle(queries=2)
    lab.step(0.2)
    lab.settle(queries=0)
    lab.claim(could_not(HOST, TIMED_OUT), 2)
    assert len(lab.log_lines(TIMED_OUT)) == 1
    lab.step(2)
    lab.settle(queries=0)
