"""Cases and situations: what the standard asks for is derived, and a case that is wrong fails."""

from __future__ import annotations

import pytest
from lab_run import LabRun, nginx

from staplelab.scenario.case import (
    ENDS,
    KEEPS,
    NEW,
    NONE,
    OLD,
    TAKES,
    Behaviour,
    Case,
    logs,
    new,
    with_verify,
)
from staplelab.scenario.client_certificate import ACCEPTED, CLIENT_CERTIFICATE, CLOSED, REFUSED
from staplelab.scenario.situation import (
    FAILOVER,
    FIRST_FETCH,
    REFRESH,
    RELOAD,
    SEVERAL_NAMES,
    Situation,
)

SITUATIONS = ("first-fetch", "refresh", "reload", "failover", "several-names", "client-certificate")

_OF_STAPLES = (FIRST_FETCH, REFRESH, RELOAD, FAILOVER, SEVERAL_NAMES)

# ----- what is derived -----


@pytest.mark.parametrize(
    ("situation", "keeps", "takes", "ends"),
    [
        (FIRST_FETCH, (NONE,), TAKES, ENDS),
        (REFRESH, KEEPS, TAKES, ENDS),
        (RELOAD, KEEPS, TAKES, ENDS),
        (FAILOVER, TAKES, TAKES, ENDS),
        (SEVERAL_NAMES, (NONE,), TAKES, ENDS),
        (CLIENT_CERTIFICATE, (REFUSED,), (ACCEPTED,), (REFUSED,)),
    ],
)
def test_what_is_asked_for(
    situation: Situation, keeps: object, takes: object, ends: object
) -> None:
    asked = [situation.asks(Case("x", one)) for one in (KEEPS, TAKES, ENDS)]
    assert asked == [keeps, takes, ends]


@pytest.mark.parametrize(
    ("situation", "kept", "taken"),
    [
        (FIRST_FETCH, NONE, NEW),
        (REFRESH, OLD, NEW),
        (RELOAD, NONE, NEW),
        (FAILOVER, NONE, NEW),
        (SEVERAL_NAMES, NONE, NEW),
    ],
)
def test_what_nginx_does(situation: Situation, kept: object, taken: object) -> None:
    assert situation.does(Case("x")) == kept
    assert situation.does(Case("x", TAKES)) == taken
    assert situation.does(Case("x", TAKES, Behaviour(outcome=OLD))) == kept
    assert situation.does(Case("x", nginx=Behaviour(outcome=new("REVOKED")))) == new("REVOKED")


def test_what_a_client_is_to_see() -> None:
    """A client is accepted by what nginx takes, whether it could be stapled or not."""
    silent, taken = Behaviour(refusal=None), Behaviour(outcome=NONE, deviation="NGX-008")
    within = Case("x", nginx=taken, tolerable=True)
    seen = [
        (CLIENT_CERTIFICATE.asks(case), CLIENT_CERTIFICATE.does(case))
        for case in (
            Case("x"),
            Case("x", TAKES),
            Case("x", ENDS),
            Case("x", ENDS, Behaviour(outcome=OLD)),
            Case("x", ENDS, Behaviour(outcome=new("REVOKED"))),
            Case("x", ENDS, Behaviour(outcome=NEW)),
            Case("x", (new("NOT_YET_VALID"),)),
            Case("x", TAKES, Behaviour(outcome=OLD)),
            Case("x", nginx=silent),
            Case("x", TAKES, Behaviour(outcome=OLD, refusal=None)),
            Case("x", nginx=taken),
            within,
        )
    ]
    assert seen == [
        ((REFUSED,), REFUSED),
        ((ACCEPTED,), ACCEPTED),
        ((REFUSED,), REFUSED),
        ((REFUSED,), REFUSED),
        ((REFUSED,), REFUSED),
        ((REFUSED,), ACCEPTED),
        ((ACCEPTED,), ACCEPTED),
        ((ACCEPTED,), REFUSED),
        ((CLOSED,), CLOSED),
        ((ACCEPTED,), CLOSED),
        ((REFUSED,), ACCEPTED),
        ((REFUSED, ACCEPTED), ACCEPTED),
    ]
    assert CLIENT_CERTIFICATE.deviations(within) == ()
    assert REFRESH.deviations(within) == ("NGX-008",)


def test_which_deviations_it_may_show() -> None:
    plain, own = Case("x"), Case("x", TAKES, Behaviour(outcome=OLD, deviation="NGX-012"))
    shown = {
        situation: (situation.deviations(plain), situation.deviations(own))
        for situation in (*_OF_STAPLES, CLIENT_CERTIFICATE)
    }
    assert shown == {
        FIRST_FETCH: ((), ("NGX-012",)),
        REFRESH: ((), ("NGX-012",)),
        RELOAD: (("NGX-003",), ("NGX-003", "NGX-012")),
        FAILOVER: (("NGX-020",), ("NGX-012",)),
        SEVERAL_NAMES: ((), ("NGX-012",)),
        CLIENT_CERTIFICATE: ((), ("NGX-012",)),
    }


def test_ids() -> None:
    case = Case("x", params={"n": 1}, match={"qtype": "A"})
    assert case.id == "x-A-1"
    assert [one.id for one in with_verify([case])] == ["x-A-1-verify-off", "x-A-1-verify-on"]
    chosen = Case("y", verify=False)
    assert [one.id for one in with_verify([case, chosen], True)] == ["x-A-1-verify-on"]


def test_lines() -> None:
    assert logs("a", "b", queries=4).lines() == {"a": 1, "b": 1}
    assert Behaviour({"a": 3}).lines() == {"a": 3}


# ----- what is wrong -----

LOGGED = "[error] 'OCSP response not successful (3: trylater)'"
UNCLAIMED = "nginx logged what no scenario claimed: [error] OCSP response not successful"
#: how the reason begins; where a situation has another one, by its name
WRONG: dict[str, dict[str, str]] = {
    "taken": {
        "": "none, NO_STAPLE, not new, GOOD",
        "refresh": "old, GOOD, not new, GOOD",
        "client-certificate": "refused, 400, not accepted, 200",
    },
    "not-taken": {
        "": "new, GOOD, not none, NO_STAPLE",
        "refresh": "none, NO_STAPLE, not old, GOOD",
        "reload": "'new, GOOD' where 'old, GOOD' or 'none, NO_STAPLE' is known",
        "failover": "no longer deviates",
        "client-certificate": "accepted, 200, not refused, 400",
    },
    "other-verdict": {
        "": "new, GOOD, not new, REVOKED",
        "client-certificate": "accepted, 200, not refused, 400",
    },
    "no-line": {"": UNCLAIMED},
    "another-line": {"": f"claimed 1 times, logged 0 times: {LOGGED}"},
    "line-twice": {"": f"claimed 2 times, logged 1 times: {LOGGED}"},
    "more-connections": {
        "": "nginx made too few new connections to the responder: expected 2, came 1",
    },
    "fewer-connections": {
        "": "nginx made too many new connections to the responder: expected 0, came 1",
        "several-names": "nginx made too many new connections to the responder: expected 1, came 2",
    },
    "more-queries": {
        "": "nginx sent too few new queries to the name server: expected 3, came 2",
        "several-names": "nginx sent too few new queries to the name server: expected 5, came 4",
    },
    "fewer-queries": {
        "": "nginx sent too many new queries to the name server: expected 1, came 2",
        "several-names": "nginx sent too many new queries to the name server: expected 3, came 4",
    },
    "other-octets": {"": "a staple of 457 octets, not 12"},
    "conforms": {
        "": "no longer deviates",
        "refresh": "'none, NO_STAPLE' where 'new, GOOD' or 'old, GOOD' is known",
    },
}
#: where a client's certificate is asked about
WRONG_OF_CLIENTS = {
    "other-refusal": "the client is refused for ['certificate status request failed'], not "
    "['certificate revoked']",
    "no-response": "refused, 400, not refused, no response",
    "response": "refused, no response, not refused, 400: the request failed: the server closed",
    "too-early": "client 1 (--get /) waits still",
    "client-line": UNCLAIMED,
    "not-tolerable": "accepted, 200, not refused, 400",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    options = ("--nginx", nginx(), "--out", "out")
    folder = tmp_path_factory.mktemp("r")
    return LabRun(folder, "staplelab", "run", *options, ".", scenarios="cases").end()


#: a client has no staple whose octets could be others
_WRONG_IN = [
    (name, situation)
    for name in WRONG
    for situation in SITUATIONS
    if (name, situation) != ("other-octets", "client-certificate")
]


@pytest.mark.parametrize(("name", "situation"), _WRONG_IN)
def test_a_wrong_case_fails(run: LabRun, name: str, situation: str) -> None:
    one = run.scenarios()[f"test_case[{name}-{situation}]"]
    reasons = WRONG[name]
    assert one["outcome"] == "fail"
    assert one["reason"].startswith(reasons.get(situation, reasons[""]))


@pytest.mark.parametrize("name", WRONG_OF_CLIENTS)
def test_what_is_wrong_of_a_client_fails(run: LabRun, name: str) -> None:
    one = run.scenarios()[f"test_of_a_client[{name}]"]
    assert one["outcome"] == "fail"
    assert one["reason"].startswith(WRONG_OF_CLIENTS[name])


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_right_case_passes(run: LabRun, situation: str) -> None:
    one = run.scenarios()[f"test_case[right-{situation}]"]
    shows = situation in ("reload", "failover")
    assert one["outcome"] == ("known-deviation" if shows else "pass"), one["reason"]


@pytest.mark.parametrize("name", ["right-client-line", "right-tolerable"])
def test_what_is_right_of_a_client_passes(run: LabRun, name: str) -> None:
    one = run.scenarios()[f"test_of_a_client[{name}]"]
    assert one["outcome"] == "pass", one["reason"]
