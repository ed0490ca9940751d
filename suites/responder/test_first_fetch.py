"""Every fault of the responder at the first fetch: staple or none, which log line, how often."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.scenario.requirement import holding
from staplelab.scenario.situation import FIRST_FETCH, CaseIn, every
from suites.responder.table import FROM_THE_FIRST, HOLDS


@holding(HOLDS)
@every(FIRST_FETCH, FROM_THE_FIRST)
def test_first_fetch(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
