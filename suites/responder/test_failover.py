"""Every fault of the responder at the first of its two addresses: is the second one asked?"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import FAILOVER, CaseIn, every
from suites.responder.table import VERIFIED


@pytest.mark.requirement("E11")
@every(FAILOVER, VERIFIED)
def test_failover(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
