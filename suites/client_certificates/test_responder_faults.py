"""Every fault of the responder while nginx asks about a client's certificate: who is let in?"""

from __future__ import annotations

import pytest

from staplelab.scenario.client_certificate import CLIENT_CERTIFICATE
from staplelab.scenario.lab import Lab
from staplelab.scenario.requirement import holding
from staplelab.scenario.situation import CaseIn, every
from suites.responder.table import ABOUT_CLIENTS, HOLDS_ABOUT_CLIENTS

pytestmark = pytest.mark.profile("clients")


@holding(HOLDS_ABOUT_CLIENTS)
@every(CLIENT_CERTIFICATE, ABOUT_CLIENTS)
def test_client_certificate(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
