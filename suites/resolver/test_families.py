"""A and AAAA: what each of the two queries gets, and which addresses nginx tries then.

Observed on nginx 1.22.1; the rules are in ngx_resolver_process_a.  The responder closes each
connection at once, so that nginx tries all the addresses it has: that shows them, and their order.
"""

from __future__ import annotations

from collections import Counter
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
    claim_all,
    could_not,
    errors,
    ipv6,
    peers_by_host,
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
    #: which of two known deviations it shows
    departs: str | None = None

    def expected(self, first: str) -> tuple[tuple[str, ...] | str, int]:
        if first == "AAAA" and self.other_order is not None:
            return self.other_order
        return self.outcome, self.queries


CELLS = (
    Cell(RECORD, RECORD, (OWN_4, OWN_6)),
    Cell(RECORD, NONE, (OWN_4,)),
    Cell(RECORD, ALIAS, (OWN_4,)),
    Cell(RECORD, BOTH, (OWN_4, ALIAS_6)),
    Cell(RECORD, ERROR, REFUSED, departs="one-family"),
    Cell(RECORD, SILENCE, TIMED_OUT, 3),
    Cell(NONE, RECORD, (OWN_6,)),
    Cell(NONE, NONE, NOT_FOUND),
    # the alias is followed where it comes last, forgotten where it comes first
    Cell(NONE, ALIAS, (ALIAS_4, ALIAS_6), 4, (NOT_FOUND, 2), departs="alias-lost"),
    Cell(NONE, BOTH, (ALIAS_6,)),
    Cell(NONE, ERROR, REFUSED),
    Cell(NONE, SILENCE, TIMED_OUT, 3),
    Cell(ALIAS, RECORD, (OWN_6,)),
    Cell(ALIAS, NONE, NOT_FOUND, 2, ((ALIAS_4, ALIAS_6), 4), departs="alias-lost"),
    Cell(ALIAS, ALIAS, (ALIAS_4, ALIAS_6), 4),
    Cell(ALIAS, BOTH, (ALIAS_6,)),
    Cell(ALIAS, ERROR, REFUSED),
    Cell(ALIAS, SILENCE, TIMED_OUT, 3),
    Cell(BOTH, RECORD, (ALIAS_4, OWN_6)),
    Cell(BOTH, NONE, (ALIAS_4,)),
    Cell(BOTH, ALIAS, (ALIAS_4,)),
    Cell(BOTH, BOTH, (ALIAS_4, ALIAS_6)),
    Cell(BOTH, ERROR, REFUSED, departs="one-family"),
    Cell(BOTH, SILENCE, TIMED_OUT, 3),
    Cell(ERROR, RECORD, SERVER_FAILURE, departs="one-family"),
    Cell(ERROR, NONE, SERVER_FAILURE),
    Cell(ERROR, ALIAS, SERVER_FAILURE),
    Cell(ERROR, BOTH, SERVER_FAILURE, departs="one-family"),
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


def says(lab: Lab, host: str, kind: str, qtype: str) -> dict[str, Any]:
    """The fault that makes the name server say this."""
    if kind == RECORD:
        own = lab.address("responder")
        return {"fault": "wrong-address", "values": [own, f"::ffff:{own}"]}
    if kind in (ALIAS, BOTH):
        return {"fault": "cname-single", "target": target_of(host), "in_message": kind == BOTH}
    if kind == ERROR:
        return {"fault": "servfail" if qtype == "A" else "refused"}
    return {"fault": "nodata" if kind == NONE else "drop-query"}


def rules(lab: Lab, cells: Mapping[str, Cell], first: str) -> Iterable[Any]:
    """What the name server says of each host; the response that is not the first takes a second."""
    for host, cell in cells.items():
        for qtype, kind in (("A", cell.a), ("AAAA", cell.aaaa)):
            late = first == "AAAA" and qtype == "A" and kind != SILENCE
            delay = [{"fault": "answer-delay", "ms": 1000}] if late else []
            yield rule(host, qtype, says(lab, host, kind, qtype), *delay)


@pytest.mark.requirement("F2")
def test_a_first(lab: Lab) -> None:
    lead(lab, CELLS, "A", {"one-family": "NGX-021", "alias-lost": "NGX-026"})


@pytest.mark.requirement("F2")
def test_aaaa_first(lab: Lab) -> None:
    """Where both responses come."""
    both = [one for one in CELLS if SILENCE not in (one.a, one.aaaa)]
    lead(lab, both, "AAAA", {"one-family": "NGX-021", "alias-lost": "NGX-026"})


def lead(lab: Lab, chosen: Sequence[Cell], first: str, deviations: Mapping[str, str]) -> None:
    """`first`: which of the responses comes first.  Each cell has a host and a site of its own."""
    cells = {f"{one.a}-{one.aaaa}.staplelab.test".replace("+", "-"): one for one in chosen}
    for host in cells:
        lab.stub.record(target_of(host), "A", lab.address("responder-2"))
        lab.stub.record(target_of(host), "AAAA", ipv6(lab))
    lab.stub.rules(list(rules(lab, cells, first)))
    lab.inject("accept-then-fin")
    start(lab, *cells)
    for site in range(len(cells)):
        lab.handshake(name=site_of(site))
    expected = {host: cell.expected(first) for host, cell in cells.items()}
    tried = {host: _tried(lab, outcome) for host, (outcome, _) in expected.items()}
    connections = sum(map(len, tried.values()))
    if first == "AAAA":
        lab.settle(queries=2 * len(cells))
        lab.step(1)
        at_once = 0
    else:
        at_once = 2 * len(cells)
    followed = [host for host, (outcome, n) in expected.items() if outcome != TIMED_OUT and n == 4]
    lab.settle(connections, queries=at_once + 2 * len(followed))
    lab.step(31)
    lab.settle(queries=sum(n - 2 for outcome, n in expected.values() if outcome == TIMED_OUT))

    assert peers_by_host(lab) == {host: at for host, at in tried.items() if at}
    failed = [could_not(host, one) for host, (one, _) in expected.items() if isinstance(one, str)]
    assert sorted(errors(lab)) == sorted([*failed, *[CLOSED] * connections])
    asked = Counter(one["qname"] for one in lab.stub.requests())
    wanted = {host: n for host, (_, n) in expected.items() if host not in followed}
    aliases = {name: 2 for host in followed for name in (host, target_of(host))}
    assert asked == {**wanted, **aliases}
    claim_all(lab)
    for host, cell in cells.items():
        seen = "no address" if isinstance(expected[host][0], str) else "addresses"
        # an alias that comes last is not lost
        if cell.departs and (cell.departs, seen) != ("alias-lost", "addresses"):
            id_ = deviations[cell.departs]
            lab.deviation(id_, seen, conforms="addresses", deviates="no address")


def target_of(host: str) -> str:
    return f"target-{host}"


def _tried(lab: Lab, outcome: tuple[str, ...] | str) -> list[str]:
    """Before 1.19.0 nginx tries the first one alone."""
    if isinstance(outcome, str):
        return []
    return list(outcome if lab.server.within(">=1.19.0") else outcome[:1])
