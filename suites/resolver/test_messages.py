"""Responses octet by octet: each is the first one to a query for A, and the next one is right.

The first one has the responder's second address, the right one its first: so it shows whose
address nginx has taken.  One nginx meets a whole table, each row at a site of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from staplelab.scenario.lab import Lab
from suites.dns.table import RESEND
from suites.resolver import wire
from suites.resolver.asking import TIMED_OUT, claim_all, could_not, errors, rule, site_of, start, words
from suites.resolver.messages import (
    ALIASES,
    HEADER,
    IGNORED,
    LOST,
    QUESTIONS,
    RECORDS,
    TAKEN,
    Asked,
    Message,
)

TABLES = {"header": HEADER, "question": QUESTIONS, "records": RECORDS, "alias": ALIASES}


def rules(lab: Lab, rows: dict[str, Message]) -> list[Any]:
    """What the name server says: to each host's first query for A the octets of its row.  Those of
    an alias come last, for nginx forgets one that does not (NGX-030)."""
    first = {"fault": "wrong-address", "values": [lab.address("responder")]}
    second = {"fault": "wrong-address", "values": [lab.address("responder-2")]}
    made: list[Any] = []
    for host, row in rows.items():
        asked = Asked(host, wire.address(lab.address("responder-2")), bytes(15) + b"\1")
        octets = [wire.fault(row.octets(asked))]
        if row in ALIASES:
            octets.append({"fault": "answer-delay", "ms": 1000})
        made.append(rule(host, "AAAA", "nodata"))
        made.append(rule(host, "A", first))
        made[-1]["sequence"].insert(0, {"times": 1, "do": octets})
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
    lab.stub.rules(rules(lab, rows))
    start(lab, *rows, resolver=lab.resolver())
    for site, (host, row) in enumerate(rows.items()):
        meet(lab, site, host, row)
    repeat(lab, [row for row in rows.values() if row.result == IGNORED])
    lost = [host for host, row in rows.items() if row.result == LOST]
    lab.step(25)
    lab.settle(queries=0)
    said = errors(lab)
    timed_out = [could_not(host, TIMED_OUT) for host in lost]
    assert sorted(said[len(said) - len(lost) :]) == sorted(timed_out)
    claim_all(lab)


def meet(lab: Lab, site: int, host: str, row: Message) -> None:
    """The first response."""
    said, queries = len(errors(lab)), len(lab.stub.requests())
    lab.handshake(name=site_of(site))
    taken = row.result == TAKEN
    queries_at_once = 2
    if row in ALIASES:
        lab.settle(queries=2)
        lab.step(1)
        queries_at_once = 0
    lab.settle(int(taken), queries_at_once + 2 * len(row.asks))
    lines = [words(lab, line.format(host=host)) for line in row.log]
    assert errors(lab)[said:] == lines, row.id
    asked = [query["qname"] for query in lab.stub.requests()[queries:]]
    assert asked == [one for one in (host, *row.asks) for _ in range(2)], row.id
    if taken:
        assert lab.responder.requests()[-1]["listener"] == "responder-2", row.id


def repeat(lab: Lab, ignored: Sequence[Message]) -> None:
    """After 5 s A is asked for again, and nothing else."""
    before = len(lab.responder.requests()), len(lab.stub.requests())
    lab.step(RESEND)
    lab.settle(len(ignored), len(ignored))
    assert {one["listener"] for one in lab.responder.requests()[before[0] :]} <= {"responder"}
    assert {one["qtype"] for one in lab.stub.requests()[before[1] :]} <= {"A"}
