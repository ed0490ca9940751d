"""What a server is doing when a fault meets it: each case is led through each of these.

A situation knows what the standard asks for when a case meets it, and leads a lab there.  To add
one: a subclass (client_certificate.py has one in a file of its own), and a test file that walks a
table with `every`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from staplelab.parts.client import Handshake
from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario import register
from staplelab.scenario.case import NONE, OLD, TAKES, Case, Outcome
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.sut import ServerUnderTest

#: so short that a failed refresh (not before nextUpdate - 300) is not due again before nextUpdate
VALIDITY = 3800
REFRESH_AT = VALIDITY - 300 + 1
#: after an error nginx asks again when so many seconds have passed
RETRY = 301

NAME = "www.staplelab.test"
OTHER_NAME = "other.staplelab.test"


class Situation(ABC):
    """One of them."""

    @abstractmethod
    def asks(self, case: Case) -> tuple[Outcome, ...]:
        """What the standard asks for: any of these."""

    @abstractmethod
    def does(self, case: Case) -> Outcome:
        """What an nginx does that deviates, if one is known to."""

    def deviation(self, case: Case) -> str | None:
        """The id of the deviation, where that is not what is asked for."""
        return case.nginx.deviation

    def deviations(self, case: Case) -> tuple[str, ...]:
        """The ids of all that it may show, for the page of deviations."""
        id_ = None if self.does(case) in self.asks(case) else self.deviation(case)
        return () if id_ is None else (id_,)

    @abstractmethod
    def lead(self, lab: Lab, case: Case) -> None:
        """Leads the lab there, and holds what comes of it."""

    # ----- what they share -----

    def expected(self, case: Case, server: ServerUnderTest) -> Outcome:
        """What this server is known to bring about."""
        asked, usual = self.asks(case), self.does(case)
        if usual in asked:
            return usual
        id_ = self.deviation(case)
        return usual if id_ is None or register.find(id_).holds_for(server) else asked[0]

    def judge(self, lab: Lab, case: Case, after: Handshake, old: Handshake | None = None) -> None:
        """Holds what a client got in the end against what it should have."""
        seen = outcome_of(after, old)
        self.hold(lab, case, seen, after.reason)
        if case.nginx.octets is not None and seen == case.does:
            octets = case.nginx.octets
            assert after.octets == octets, f"a staple of {after.octets} octets, not {octets}"

    def hold(self, lab: Lab, case: Case, seen: Outcome, reason: str) -> None:
        """Holds what came of it; `reason`: what the client says of it."""
        asked, usual = self.asks(case), self.does(case)
        id_ = self.deviation(case)
        if usual in asked or id_ is None:
            assert seen == usual, f"{seen}, not {usual}: {reason}"
        else:
            lab.deviation(
                id_, str(seen), conforms=tuple(map(str, asked)), deviates=str(usual)
            )

    def lines(self, case: Case) -> dict[str, int]:
        """What is logged of the case, and how often."""
        return case.nginx.lines()

    def fetch(self, lab: Lab, case: Case, more: int = 0) -> None:
        """Leads a fetch to its end, with `more` connections than those of the case."""
        nginx = case.nginx
        connections = 0 if nginx.late else nginx.connections
        if nginx.elapse:
            lab.settle(connections, min(nginx.queries, 1), nginx.refused, so_far=True)
            for seconds in nginx.elapse[:-1]:
                lab.step(seconds)
                lab.settle(connections, refused=nginx.refused, so_far=True)
            lab.step(nginx.elapse[-1])
        lab.settle(nginx.connections + more, nginx.queries, nginx.refused, so_far=True)

    def conclude(
        self,
        lab: Lab,
        case: Case,
        more: int = 0,
        queries: int = 0,
        logged: Sequence[str] = (),
    ) -> None:
        """Holds what has come since the fault was there, no more and no less, and what was logged:
        what the case has, so many `more` connections and `queries`, and these lines."""
        lab.settle(case.nginx.connections + more, case.nginx.queries + queries)
        for text, times in (Counter(self.lines(case)) + Counter(logged)).items():
            lab.claim(text, times)


def outcome_of(after: Handshake, old: Handshake | None = None) -> Outcome:
    """Which staple a client got."""
    if after.staple is None:
        return Outcome("none", str(after.verdict))
    before = old.staple if old is not None else None
    same = before is not None and before["sha256"] == after.staple["sha256"]
    return Outcome("old" if same else "new", str(after.verdict))


def bare(lab: Lab, name: str = NAME) -> Handshake:
    """A handshake that has no staple."""
    return _with(lab, "NO_STAPLE", name)


def good(lab: Lab, name: str = NAME) -> Handshake:
    """A handshake with a good staple."""
    return _with(lab, "GOOD", name)


def _with(lab: Lab, verdict: str, name: str) -> Handshake:
    got = lab.handshake(name=name)
    assert got.verdict == verdict, f"{got.verdict}, not {verdict}: {got.reason}"
    return got


def inject(lab: Lab, case: Case, **limits: Any) -> None:
    """Puts the case's fault in force; `limits` are further arguments of `lab.inject`."""
    rule: dict[str, Any] = {"match": case.match, "scope": case.scope, **case.params, **limits}
    lab.inject(case.fault, **rule)


class FirstFetch(Situation):
    """nginx has started and knows no staple."""

    def asks(self, case: Case) -> tuple[Outcome, ...]:
        return tuple(NONE if one == OLD else one for one in case.asks)

    def does(self, case: Case) -> Outcome:
        return NONE if case.does == OLD else case.does

    def lead(self, lab: Lab, case: Case) -> None:
        inject(lab, case)
        lab.start(**case.choices())
        bare(lab)
        self.fetch(lab, case)
        self.judge(lab, case, lab.handshake())
        self.conclude(lab, case)


class Refresh(Situation):
    """A good staple is there and is to be refreshed.

    What nginx refuses leaves it in its place until its nextUpdate, not a second longer; what it
    takes replaces it at once.
    """

    def asks(self, case: Case) -> tuple[Outcome, ...]:
        return case.asks

    def does(self, case: Case) -> Outcome:
        return case.does

    def lead(self, lab: Lab, case: Case) -> None:
        if case.healthy_first:
            inject(lab, case)
        lab.responder.certificate("1001", validity=VALIDITY)
        lab.start(**case.choices())
        lab.handshake()
        lab.settle(connections=1)

        lab.step(REFRESH_AT)
        if not case.healthy_first:
            inject(lab, case)
        old = good(lab)
        self.fetch(lab, case)
        if self.expected(case, lab.server) == OLD:
            lab.step_to(VALIDITY)
        after = lab.handshake()
        self.judge(lab, case, after, old)
        if outcome_of(after, old) == OLD:
            lab.step(1)
            bare(lab)
        self.conclude(lab, case)


#: what every reload shows, before the fault is met
_LOST = "NGX-003"


class Reload(Situation):
    """A good staple is there when the configuration is read anew."""

    def asks(self, case: Case) -> tuple[Outcome, ...]:
        return case.asks

    def does(self, case: Case) -> Outcome:
        return FIRST_FETCH.does(case)

    def deviation(self, case: Case) -> str | None:
        return case.nginx.deviation or _LOST

    def deviations(self, case: Case) -> tuple[str, ...]:
        return tuple(dict.fromkeys((_LOST, *super().deviations(case))))

    def lead(self, lab: Lab, case: Case) -> None:
        lab.start(**case.choices())
        lab.handshake()
        lab.settle(connections=1)
        old = good(lab)
        inject(lab, case)
        lab.step(1)  # a response of the same second has the same octets
        lab.reload()
        first = outcome_of(lab.handshake(), old)
        lab.deviation(_LOST, str(first), conforms=str(OLD), deviates=str(NONE))
        self.fetch(lab, case)
        self.judge(lab, case, lab.handshake(), old)
        self.conclude(lab, case)


#: what nginx deviates in with each use of the next address
_OF_ADDRESSES = {"taken": "NGX-018", "in vain": "NGX-019", "never": "NGX-020"}


class Failover(Situation):
    """The responder has two addresses; the first one is faulty."""

    def asks(self, case: Case) -> tuple[Outcome, ...]:
        return TAKES if OLD in case.asks else case.asks

    def does(self, case: Case) -> Outcome:
        return FIRST_FETCH.does(case)

    def deviation(self, case: Case) -> str | None:
        return case.nginx.deviation or _OF_ADDRESSES[case.nginx.next_address]

    def lead(self, lab: Lab, case: Case) -> None:
        first, second = lab.address("responder"), lab.address("responder-2")
        lab.stub.record(OCSP_HOST, "A", first, second)
        inject(lab, case, match={"listener": "responder"})
        lab.start(**case.choices())
        bare(lab)
        asks_next = case.nginx.next_address != "never" and lab.server.within(">=1.19.0")
        more = int(asks_next)
        self.fetch(lab, case, more)
        self.judge(lab, case, lab.handshake())
        self.conclude(lab, case, more, logged=case.nginx.next_log * more)


class SeveralNames(Situation):
    """Two server{} with a certificate each; the first fetch meets the fault, the second one comes
    while the first may be under way."""

    def asks(self, case: Case) -> tuple[Outcome, ...]:
        return FIRST_FETCH.asks(case)

    def does(self, case: Case) -> Outcome:
        return FIRST_FETCH.does(case)

    def lead(self, lab: Lab, case: Case) -> None:
        inject(lab, case, times=1)
        other = Site(certificates=("other",), server_name=OTHER_NAME, **case.choices())
        lab.start(Site(**case.choices()), other)
        bare(lab)
        lab.settle(case.nginx.connections, so_far=True)
        bare(lab, OTHER_NAME)
        lab.settle(case.nginx.connections + 1, so_far=True)
        good(lab, OTHER_NAME)
        self.fetch(lab, case, more=1)
        after = lab.handshake()
        self.judge(lab, case, after)
        self.conclude(lab, case, more=1, queries=2)
        if outcome_of(after) == NONE:
            lab.step(RETRY)
            lab.handshake()
            lab.settle(connections=1)
            good(lab)
        good(lab, OTHER_NAME)


FIRST_FETCH = FirstFetch()
REFRESH = Refresh()
RELOAD = Reload()
FAILOVER = Failover()
SEVERAL_NAMES = SeveralNames()


@dataclass(frozen=True)
class CaseIn:
    """A case in a situation: one scenario."""

    case: Case
    situation: Situation

    @property
    def deviations(self) -> tuple[str, ...]:
        """The ids of the deviations that it may show, for their page."""
        return self.situation.deviations(self.case)

    def lead(self, lab: Lab) -> None:
        self.situation.lead(lab, self.case)


def every(situation: Situation, cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Parametrizes a scenario: its argument `case` is each of these in that situation."""
    values = [CaseIn(case, situation) for case in cases]
    return pytest.mark.parametrize("case", values, ids=_id)


def _id(one: CaseIn) -> str:
    return one.case.id
