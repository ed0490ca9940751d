"""Every fault of the name server at the first fetch."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import FIRST_FETCH, CaseIn, every
from suites.dns.table import CASES


@pytest.mark.requirement("F2", "F3")
@every(FIRST_FETCH, CASES)
def test_first_fetch(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
