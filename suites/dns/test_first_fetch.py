"""Every fault of the name server at the first fetch."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.dns.table import GOOD, ROWS, Row, case_id


@pytest.mark.parametrize("row", ROWS, ids=case_id)
def test_first_fetch(lab: Lab, row: Row) -> None:
    lab.inject(row.fault, match=row.match, scope=row.scope, **row.params)
    lab.start()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(queries=1, refused=row.refused)
    for seconds in row.elapse:
        lab.step(seconds)
        lab.settle(refused=row.refused)
    after = lab.handshake()
    if row.deviation is not None:
        lab.deviation(row.deviation, after.verdict, conforms=GOOD, deviates=row.verdict)
    else:
        assert after.verdict == row.verdict
    lab.settle()
    assert len(lab.stub.requests()) == row.queries
    assert len(lab.responder.events("accept")) == row.connections
    for text, times in row.log.items():
        lab.claim(text, times)
