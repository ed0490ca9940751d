"""Responses octet by octet: each is the first one to a query, and the next one is right.

The first one has the responder's second address, the right one its first: so it shows whose
address nginx has taken.  One nginx meets a whole table, each row at a site of its own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from staplelab.scenario.lab import Lab
from suites.dns.table import RESEND
from suites.resolver import wire
from suites.resolver.asking import (
    TIMED_OUT,
    claim_all,
    could_not,
    errors,
    rule,
    site_of,
    start,
    words,
)
from suites.resolver.messages import HEADER, IGNORED, LOST, QUESTIONS, TAKEN, Asked, Message
from suites.resolver.records import ALIASES, FAMILY_OF_AAAA, RECORDS

TABLES = {
    "header": HEADER,
    "question": QUESTIONS,
    "records": RECORDS,
    "aaaa": FAMILY_OF_AAAA,
    "alias": ALIASES,
}


def rules(lab: Lab, rows: dict[str, Message]) -> list[Any]:
    """What the name server says: to each host's first query the octets of its row.  Those of
    an alias come last, for nginx forgets one that does not (NGX-026)."""
    first = {"fault": "wrong-address", "values": [lab.address("responder")]}
    second = {"fault": "wrong-address", "values": [lab.address("responder-2")]}
    made: list[Any] = []
    for host, row in rows.items():
        asked = Asked(host, wire.address(lab.address("responder-2")), bytes(15) + b"\1")
        octets = [wire.fault(row.octets(asked))]
        if row in ALIASES:
            octets.append({"fault": "answer-delay", "ms": 1000})
        made += [rule(host, "AAAA", "nodata"), rule(host, "A", first)]
        made[-2 if row.qtype == "AAAA" else -1]["sequence"].insert(0, {"times": 1, "do": octets})
    return [*made, {"sequence": [{"do": [second]}]}]


@pytest.mark.parametrize("table", TABLES)
def test_a(lab: Lab, table: str) -> None:
    if table == "alias":
        lab.exempt("query-form", "the name server does not tell the aliases in octets of a rule")
    rows = {
        f"{row.id}.staplelab.test": row
        for row in TABLES[table]
        if lab.server.within(row.versions)
    }
    count = Counter(row.result for row in rows.values())
    more = 2 * sum(len(row.asks) for row in rows.values())
    lab.stub.rules(rules(lab, rows))
    start(lab, *rows)
    for site in range(len(rows)):
        lab.handshake(name=site_of(site))
    if table == "alias":
        lab.settle(queries=2 * len(rows))
        lab.step(1)
        lab.settle(count[TAKEN], queries=more)
    else:
        lab.settle(count[TAKEN], queries=2 * len(rows))
    lab.step(RESEND)
    lab.settle(count[IGNORED], queries=count[IGNORED])
    lab.step(25)
    lab.settle(queries=0)
    assert queries(lab) == expected_queries(rows)
    assert listeners(lab) == {
        host: {TAKEN: ["responder-2"], IGNORED: ["responder"]}[row.result]
        for host, row in rows.items()
        if row.result in (TAKEN, IGNORED)
    }
    assert sorted(errors(lab)) == sorted(
        words(lab, line.format(host=host)) for host, row in rows.items() for line in lines(row)
    )
    claim_all(lab)


def expected_queries(rows: dict[str, Message]) -> dict[str, list[str]]:
    """A and AAAA of each host, and of the names that its row leads to; A once more where the first
    response was ignored."""
    wanted = {host: ["A", "AAAA"] for host in rows}
    for host, row in rows.items():
        wanted.update({name: ["A", "AAAA"] for name in row.asks})
        if row.result == IGNORED:
            wanted[host] = ["A", "AAAA", row.qtype]
    return wanted


def lines(row: Message) -> tuple[str, ...]:
    return (*row.log, could_not("{host}", TIMED_OUT)) if row.result == LOST else row.log


def queries(lab: Lab) -> dict[str, list[str]]:
    """The types that each name was asked for, in order."""
    asked: dict[str, list[str]] = {}
    for one in lab.stub.requests():
        asked.setdefault(one["qname"], []).append(one["qtype"])
    return asked


def listeners(lab: Lab) -> dict[str, list[str]]:
    """The addresses at which the responder was asked, by the host that the request names."""
    asked: dict[str, list[str]] = {}
    for one in lab.responder.requests():
        asked.setdefault(one["host"], []).append(one["listener"])
    return asked
