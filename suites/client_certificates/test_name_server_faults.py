"""Every fault of the name server while nginx asks about a client's certificate: who is let in?"""

from __future__ import annotations

import pytest

from staplelab.scenario.client_certificate import CLIENT_CERTIFICATE
from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import CaseIn, every
from suites.dns.table import CASES

pytestmark = pytest.mark.profile("clients")


@every(CLIENT_CERTIFICATE, CASES)
def test_client_certificate(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
