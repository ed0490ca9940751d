"""Cases that say of nginx what is not so, in every situation: run by test_cases.py."""

from __future__ import annotations

import pytest

from staplelab.scenario.case import ENDS, NONE, OLD, TAKES, Behaviour, Case, logs, new
from staplelab.scenario.client_certificate import CLIENT_CERTIFICATE
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
    "client-certificate": CLIENT_CERTIFICATE,
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
#: what is said of a client alone
CASES_OF_CLIENTS = {
    "other-refusal": Case(
        "status-try-later", nginx=logs(LOGGED, refusal="certificate revoked")
    ),
    "no-response": Case("status-try-later", nginx=logs(LOGGED, refusal=None)),
    "response": Case("accept-then-silence", nginx=Behaviour(elapse=(61,))),
    "too-early": Case("accept-then-silence", nginx=Behaviour(refusal=None)),
    "client-line": Case("status-try-later", nginx=logs(LOGGED, client_log=())),
    "right-client-line": Case(
        "cert-status-revoked",
        ENDS,
        logs("not this one", client_log=(), refusal="certificate revoked"),
    ),
    "right-tolerable": Case(
        "next-update-past",
        nginx=Behaviour(outcome=NONE, deviation="NGX-008"),
        params={"offset": 100},
        tolerable=True,
    ),
    "not-tolerable": Case("next-update-past", params={"offset": 100}, tolerable=True),
}
of_clients = pytest.mark.profile("clients")
_SITUATIONS = [
    pytest.param(name, marks=of_clients if one is CLIENT_CERTIFICATE else ())
    for name, one in SITUATIONS.items()
]


@pytest.mark.parametrize("situation", _SITUATIONS)
@pytest.mark.parametrize("name", CASES)
def test_case(lab: Lab, name: str, situation: str) -> None:
    CaseIn(CASES[name], SITUATIONS[situation]).lead(lab)


@of_clients
@pytest.mark.parametrize("name", CASES_OF_CLIENTS)
def test_of_a_client(lab: Lab, name: str) -> None:
    CaseIn(CASES_OF_CLIENTS[name], CLIENT_CERTIFICATE).lead(lab)
