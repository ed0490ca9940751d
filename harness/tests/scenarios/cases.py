"""Cases that say of nginx what is not so, in every situation: run by test_cases.py."""

from __future__ import annotations

import pytest

from staplelab.scenario.case import OLD, TAKES, Behaviour, Case, logs, new
from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import (
    FAILOVER,
    FIRST_FETCH,
    REFRESH,
    RELOAD,
    SEVERAL_NAMES,
    CaseIn,
)

LOGGED = "OCSP response not successful (3: trylater)"
SITUATIONS = {
    "first-fetch": FIRST_FETCH,
    "refresh": REFRESH,
    "reload": RELOAD,
    "failover": FAILOVER,
    "several-names": SEVERAL_NAMES,
}
CASES = {
    "right": Case("status-try-later", nginx=logs(LOGGED)),
    "taken": Case("status-try-later", TAKES, logs(LOGGED)),
    "not-taken": Case("short-validity"),
    "other-verdict": Case("short-validity", (new("REVOKED"),)),
    "no-line": Case("status-try-later"),
    "another-line": Case("short-validity", TAKES, logs(LOGGED)),
    "line-twice": Case("status-try-later", nginx=Behaviour({LOGGED: 2})),
    "more-connections": Case("status-try-later", nginx=logs(LOGGED, connections=2)),
    "fewer-connections": Case("status-try-later", nginx=logs(LOGGED, connections=0)),
    "more-queries": Case("status-try-later", nginx=logs(LOGGED, queries=3)),
    "fewer-queries": Case("status-try-later", nginx=logs(LOGGED, queries=1)),
    "other-octets": Case("short-validity", TAKES, Behaviour(octets=12)),
    "conforms": Case(
        "short-validity", TAKES, Behaviour(outcome=OLD, deviation="NGX-012")
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", CASES)
def test_case(lab: Lab, name: str, situation: str) -> None:
    CaseIn(CASES[name], SITUATIONS[situation]).lead(lab)
