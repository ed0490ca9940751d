"""Every fault of the name server at the refresh of a good staple: the staple stays until its
nextUpdate, or a fresh one takes its place."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.dns.table import GOOD, ROWS, Row, case_id

#: so short that a failed refresh (not before nextUpdate - 300) is not due again before nextUpdate
VALIDITY = 3800
REFRESH = VALIDITY - 300 + 1


@pytest.mark.parametrize("row", ROWS, ids=case_id)
def test_at_refresh(lab: Lab, row: Row) -> None:
    lab.responder.certificate("1001", validity=VALIDITY)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)

    lab.step(REFRESH)
    lab.inject(row.fault, match=row.match, scope=row.scope, **row.params)
    old = lab.handshake()
    assert old.verdict == "GOOD"
    lab.settle(queries=1, refused=row.refused)
    for seconds in row.elapse:
        lab.step(seconds)
        lab.settle(refused=row.refused)

    if row.verdict != GOOD:
        lab.step_to(VALIDITY)
    after = lab.handshake()
    kept = after.staple is not None and after.staple["sha256"] == old.staple["sha256"]
    outcome = f"{'kept' if kept else 'replaced'}, {after.verdict}"
    expected = "replaced, GOOD" if row.verdict == GOOD else "kept, GOOD"
    if row.deviation is not None:
        lab.deviation(row.deviation, outcome, conforms="replaced, GOOD", deviates=expected)
    else:
        assert outcome == expected, f"{outcome}: {after.reason}"

    if kept:
        lab.step(1)
        assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    assert len(lab.stub.requests()) == 2 + row.queries
    assert len(lab.responder.events("accept")) == 1 + row.connections
    for text, times in row.log.items():
        lab.claim(text, times)
