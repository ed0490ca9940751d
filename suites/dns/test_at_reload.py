"""Every fault of the name server right after a reload, which has lost a good staple."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import RELOAD, CaseIn, every
from suites.dns.table import CASES


@every(RELOAD, CASES)
def test_at_reload(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
