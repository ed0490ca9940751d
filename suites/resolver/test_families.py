"""A and AAAA: what each of the two queries gets, and which addresses nginx tries then.

Observed on nginx 1.22.1; the rules are in ngx_resolver_process_a.  The responder closes each
connection at once, so that nginx tries all the addresses it has: that shows them, and their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from staplelab.scenario.lab import Lab
from suites.resolver.asking import (
    CLOSED,
    NOT_FOUND,
    REFUSED,
    SERVER_FAILURE,
    TIMED_OUT,
    ask,
    claim_closed,
    could_not,
    ipv6,
    peers,
    rule,
    site_of,
    start,
)

RECORD, NONE, ALIAS, BOTH, ERROR, SILENCE = KINDS = (
    "record",
    "none",
    # without the addresses of what it leads to; with them
    "alias",
    "alias+record",
    # SERVFAIL to A, REFUSED to AAAA
    "error",
    "silence",
)
TARGET = "target.staplelab.test"

#: the addresses of the name itself, those of what it is an alias of, by family
OWN_4, OWN_6 = "responder", "[::ffff:responder]"
ALIAS_4, ALIAS_6 = "responder-2", "[::1]"


@dataclass(frozen=True)
class Cell:
    """What comes of a pair of responses."""

    a: str
    aaaa: str
    #: the addresses that are tried, in order, or why there are none
    outcome: tuple[str, ...] | str
    queries: int = 2
    #: where the other order of the responses makes a difference: the same for it
    other_order: tuple[tuple[str, ...] | str, int] | None = None
    #: what should come of it, where that is a known deviation
    deviation: str | None = None

    def expected(self, first: str) -> tuple[tuple[str, ...] | str, int]:
        if first == "AAAA" and self.other_order is not None:
            return self.other_order
        return self.outcome, self.queries


CELLS = (
    Cell(RECORD, RECORD, (OWN_4, OWN_6)),
    Cell(RECORD, NONE, (OWN_4,)),
    Cell(RECORD, ALIAS, (OWN_4,)),
    Cell(RECORD, BOTH, (OWN_4, ALIAS_6)),
    Cell(RECORD, ERROR, REFUSED, deviation="NGX-021"),
    Cell(RECORD, SILENCE, TIMED_OUT, 3),
    Cell(NONE, RECORD, (OWN_6,)),
    Cell(NONE, NONE, NOT_FOUND),
    # the alias is followed where it comes last, forgotten where it comes first
    Cell(NONE, ALIAS, (ALIAS_4, ALIAS_6), 4, (NOT_FOUND, 2), deviation="NGX-030"),
    Cell(NONE, BOTH, (ALIAS_6,)),
    Cell(NONE, ERROR, REFUSED),
    Cell(NONE, SILENCE, TIMED_OUT, 3),
    Cell(ALIAS, RECORD, (OWN_6,)),
    Cell(ALIAS, NONE, NOT_FOUND, 2, ((ALIAS_4, ALIAS_6), 4), deviation="NGX-030"),
    Cell(ALIAS, ALIAS, (ALIAS_4, ALIAS_6), 4),
    Cell(ALIAS, BOTH, (ALIAS_6,)),
    Cell(ALIAS, ERROR, REFUSED),
    Cell(ALIAS, SILENCE, TIMED_OUT, 3),
    Cell(BOTH, RECORD, (ALIAS_4, OWN_6)),
    Cell(BOTH, NONE, (ALIAS_4,)),
    Cell(BOTH, ALIAS, (ALIAS_4,)),
    Cell(BOTH, BOTH, (ALIAS_4, ALIAS_6)),
    Cell(BOTH, ERROR, REFUSED, deviation="NGX-021"),
    Cell(BOTH, SILENCE, TIMED_OUT, 3),
    Cell(ERROR, RECORD, SERVER_FAILURE, deviation="NGX-021"),
    Cell(ERROR, NONE, SERVER_FAILURE),
    Cell(ERROR, ALIAS, SERVER_FAILURE),
    Cell(ERROR, BOTH, SERVER_FAILURE, deviation="NGX-021"),
    # the last one's code
    Cell(ERROR, ERROR, REFUSED, 2, (SERVER_FAILURE, 2)),
    Cell(ERROR, SILENCE, TIMED_OUT, 3),
    # both are needed: what was answered is not asked again after 5 s, the other one is
    Cell(SILENCE, RECORD, TIMED_OUT, 3),
    Cell(SILENCE, NONE, TIMED_OUT, 3),
    Cell(SILENCE, ALIAS, TIMED_OUT, 3),
    Cell(SILENCE, BOTH, TIMED_OUT, 3),
    Cell(SILENCE, ERROR, TIMED_OUT, 3),
    Cell(SILENCE, SILENCE, TIMED_OUT, 4),
)


def says(lab: Lab, kind: str, qtype: str) -> dict[str, Any]:
    """The fault that makes the name server say this."""
    if kind == RECORD:
        own = lab.address("responder")
        return {"fault": "wrong-address", "values": [own, f"::ffff:{own}"]}
    if kind in (ALIAS, BOTH):
        return {"fault": "cname-single", "target": TARGET, "in_message": kind == BOTH}
    if kind == ERROR:
        return {"fault": "servfail" if qtype == "A" else "refused"}
    return {"fault": "nodata" if kind == NONE else "drop-query"}


def rules(lab: Lab, cells: Mapping[str, Cell], first: str) -> Iterable[Any]:
    """What the name server says of each host; the response that is not the first takes a second."""
    for host, cell in cells.items():
        for qtype, kind in (("A", cell.a), ("AAAA", cell.aaaa)):
            late = first == "AAAA" and qtype == "A" and kind != SILENCE
            delay = [{"fault": "answer-delay", "ms": 1000}] if late else []
            yield rule(host, qtype, says(lab, kind, qtype), *delay)


@pytest.mark.parametrize("a", KINDS)
def test_a_first(lab: Lab, a: str) -> None:
    lead(lab, [one for one in CELLS if one.a == a], "A")


@pytest.mark.parametrize("a", [one for one in KINDS if one != SILENCE])
def test_aaaa_first(lab: Lab, a: str) -> None:
    """Where both responses come."""
    lead(lab, [one for one in CELLS if one.a == a and one.aaaa != SILENCE], "AAAA")


def lead(lab: Lab, row: Sequence[Cell], first: str) -> None:
    """`first`: which of the responses comes first."""
    cells = {f"{one.a}-{one.aaaa}.staplelab.test".replace("+", "-"): one for one in row}
    lab.stub.record(TARGET, "A", lab.address("responder-2"))
    lab.stub.record(TARGET, "AAAA", ipv6(lab))
    lab.stub.rules(list(rules(lab, cells, first)))
    if any(isinstance(one.expected(first)[0], tuple) for one in row):
        lab.inject("accept-then-fin")
    start(lab, *cells)
    tried = 0
    for site, (host, cell) in enumerate(cells.items()):
        outcome, queries = cell.expected(first)
        addresses = _tried(lab, outcome)
        lab.handshake(name=site_of(site))
        if first == "AAAA":
            lab.settle(queries=2)
            lab.step(1)
            lab.settle(len(addresses), queries=queries - 2)
        elif SILENCE in (cell.a, cell.aaaa):
            lab.settle(queries=2)
            lab.step(31)
            lab.settle(queries=queries - 2)
        else:
            lab.settle(len(addresses), queries=queries)
        assert peers(lab)[tried:] == addresses, f"{cell.a} and {cell.aaaa}"
        tried += len(addresses)
        if isinstance(outcome, str):
            lab.claim(could_not(host, outcome))
        _pin(lab, cell, "no address" if isinstance(outcome, str) else "addresses")
    claim_closed(lab, tried)


def _tried(lab: Lab, outcome: tuple[str, ...] | str) -> list[str]:
    """Before 1.19.0 nginx tries the first one alone."""
    if isinstance(outcome, str):
        return []
    return list(outcome if lab.server.within(">=1.19.0") else outcome[:1])


def _pin(lab: Lab, cell: Cell, seen: str) -> None:
    if cell.deviation is None:
        return
    if cell.deviation == "NGX-030" and seen == "addresses":
        return  # this order is the one in which all is well
    lab.deviation(cell.deviation, seen, conforms="addresses", deviates="no address")
