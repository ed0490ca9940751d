"""Every fault of the responder at the refresh of a good staple."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.scenario.requirement import holding
from staplelab.scenario.situation import REFRESH, CaseIn, every
from suites.responder.table import CASES, HOLDS_AT_REFRESH


@holding(HOLDS_AT_REFRESH)
@every(REFRESH, CASES)
def test_at_refresh(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
