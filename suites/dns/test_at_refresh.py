"""Every fault of the name server at the refresh of a good staple."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import REFRESH, CaseIn, every
from suites.dns.table import CASES


@pytest.mark.requirement("F2")
@every(REFRESH, CASES)
def test_at_refresh(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
