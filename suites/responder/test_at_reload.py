"""Every fault of the responder right after a reload, which has lost a good staple."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import RELOAD, CaseIn, every
from suites.responder.table import VERIFIED


@every(RELOAD, VERIFIED)
def test_at_reload(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
