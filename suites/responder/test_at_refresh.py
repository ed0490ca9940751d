"""Every fault of the responder at the refresh of a good staple."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import REFRESH, CaseIn, every
from suites.responder.table import CASES


@every(REFRESH, CASES)
def test_at_refresh(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
