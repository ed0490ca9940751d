"""Every fault that the responder shows to one of two names: the other one gets its staple."""

from __future__ import annotations

from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import SEVERAL_NAMES, CaseIn, every
from suites.responder.table import VERIFIED


#: a listener is faulty for all names or for none
@every(SEVERAL_NAMES, [case for case in VERIFIED if case.nginx.connections > 0])
def test_several_names(lab: Lab, case: CaseIn) -> None:
    case.lead(lab)
