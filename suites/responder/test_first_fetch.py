"""Every fault of the responder at the first fetch: staple or none, which log line, how often."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.responder.table import Row, case_id, cases

_CASES = [case for case in cases() if not case[0].healthy_first]


@pytest.mark.parametrize("case", _CASES, ids=case_id)
def test_first_fetch(lab: Lab, case: tuple[Row, bool]) -> None:
    row, verify = case
    lab.inject(row.fault, **row.params)
    lab.start(verify=verify)

    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=row.connections, refused=row.refused)
    if row.elapse:
        lab.step(row.elapse)
        lab.settle()

    after = lab.handshake()
    if row.deviation is not None:
        lab.deviation(
            row.deviation, after.verdict, conforms=row.conforming, deviates=row.verdict
        )
    else:
        assert after.verdict == row.verdict
    lab.settle()
    assert len(lab.responder.events("accept")) == row.connections
    for text in row.log:
        lab.claim(text)
