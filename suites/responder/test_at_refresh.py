"""Every fault of the responder at the refresh of a good staple.

What nginx refuses leaves the old staple in its place until its nextUpdate, not a second longer;
what it takes replaces the old one at once.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.responder.table import NONE, Row, case_id, cases

#: so short that a failed refresh (not before nextUpdate - 300) is not due again before nextUpdate
VALIDITY = 3800
REFRESH = VALIDITY - 300 + 1


def outcome_of(verdict: str, taken: bool) -> str:
    """What becomes of the old staple: the new one has its place and this verdict, or it stays."""
    return f"replaced, {verdict}" if taken else "kept, GOOD"


@pytest.mark.parametrize("case", list(cases()), ids=case_id)
def test_at_refresh(lab: Lab, case: tuple[Row, bool]) -> None:
    row, verify = case
    if row.healthy_first:
        lab.inject(row.fault, **row.params)
    lab.responder.certificate("1001", validity=VALIDITY)
    lab.start(verify=verify)
    lab.handshake()
    lab.settle(connections=1)

    lab.step(REFRESH)
    if not row.healthy_first:
        lab.inject(row.fault, **row.params)
    old = lab.handshake()
    assert old.verdict == "GOOD"
    lab.settle(connections=row.connections, refused=row.refused)
    if row.elapse:
        lab.step(row.elapse)
        lab.settle()

    taken = row.taken(lab.server)
    if not taken:
        lab.step_to(VALIDITY)
    after = lab.handshake()
    kept = after.staple is not None and after.staple["sha256"] == old.staple["sha256"]
    outcome = f"{'kept' if kept else 'replaced'}, {after.verdict}"
    if row.deviation is not None:
        lab.deviation(
            row.deviation,
            outcome,
            conforms=outcome_of(row.conforming, row.conforming != NONE),
            deviates=outcome_of(row.verdict, row.verdict != NONE),
        )
    else:
        assert outcome == outcome_of(row.verdict, taken), f"{outcome}: {after.reason}"

    if kept:
        lab.step(1)
        assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    assert len(lab.responder.events("accept")) == 1 + row.connections
    for text in row.log:
        lab.claim(text)
