"""Follows a staple through weeks to the second, without a visitor each second.

The model is a site that somebody visits every second.  What a visitor sees changes, and nginx asks
the responder, at few instants only, and each of them is known in advance from what was seen: so
they are visited, and the seconds beside them.  Where fetches fail again and again after the same
time, whole periods of that are skipped, once two have been seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from staplelab.drill.scene import Drilled, Visitor

#: nginx asks again so long after a failure, and so long after a success at the least and the most;
#: the second after that is the first in which it does
_RETRY, _LEAST, _MOST = 300, 300, 3600
#: seconds of a fetch that nothing is seen of until it has failed
_HIDDEN = 62
_MOST_VISITS = 4000


@dataclass(frozen=True)
class Sight:
    """What one visitor saw, and whether nginx asked the responder over that."""

    at: int
    verdict: str
    stapled: bool
    #: of the staple
    next_update: int | None
    this_update: int | None
    asked: bool


@dataclass
class Fetch:
    """One fetch of nginx, from the visit that set it off to its end."""

    begun: int
    ended: int | None = None
    #: connections and failures before it
    accepted: int = 0
    failed: int = 0
    #: nobody has noticed how it began
    hidden: bool = False


@dataclass(frozen=True)
class Change:
    """What visitors see from then on.  `since`: the last instant that was seen before; where the
    two are not neighbours, it came in between."""

    at: int
    since: int
    sight: Sight

    @property
    def exact(self) -> bool:
        return self.at - self.since <= 1


class Watch:
    """One visitor's view of a site."""

    def __init__(
        self, lab: Drilled, visitor: Visitor, *, hidden: bool = False, period: int = 0
    ) -> None:
        """`hidden`: a fetch may begin without anybody noticing.  `period`: of failures, where it
        was seen before."""
        self.lab = lab
        self.visitor = visitor
        self.hidden = hidden
        self.sights: list[Sight] = []
        self.fetches: list[Fetch] = []
        #: seconds from one failure to the next
        self.period = period
        #: seconds after which a fetch may end beside the usual ones
        self.timeouts: tuple[int, ...] = ()
        self._begin = lab.now - lab.elapsed

    # ----- one visit -----

    @property
    def now(self) -> int:
        return self.lab.elapsed

    def visit(self) -> Sight:
        """A visitor, and all that comes of it at once."""
        lab = self.lab
        seen, before = lab.arrivals(), self._counts()
        handshake = lab.visit(self.visitor)
        lab.settle(so_far=True)
        asked = lab.arrivals() != seen or self._counts() != before
        updates: dict[str, int | None] = {"this_update": None, "next_update": None}
        if handshake.staple:
            one = handshake.staple["responses"][0]
            updates = {name: _since(one[name], self._begin) for name in updates}
        sight = Sight(
            at=self.now,
            verdict=handshake.verdict or handshake.reason,
            stapled=handshake.staple is not None,
            asked=asked,
            **updates,
        )
        self.sights.append(sight)
        if asked and not self._in_flight:
            self._begins(self.now, before)
        return sight

    def _begins(self, at: int, before: tuple[int, int]) -> None:
        self.fetches.append(Fetch(at, accepted=before[0], failed=before[1]))
        self._see_the_end()

    @property
    def _in_flight(self) -> bool:
        return bool(self.fetches) and self.fetches[-1].ended is None

    def _see_the_end(self) -> None:
        """A fetch has ended when nginx has said that it failed, or its connection is closed."""
        if not self._in_flight or self.lab.open_exchanges():
            return
        last = self.fetches[-1]
        if self._counts() != (last.accepted, last.failed):
            last.ended = self.now

    def _counts(self) -> tuple[int, int]:
        return len(self.lab.responder.events("accept")), len(self.lab.failures())

    # ----- time -----

    def go_to(self, at: int) -> None:
        """Moves the clock; second by second while a fetch is under way, and no further than to its
        end."""
        while self._in_flight and self.now < at:
            self._step_to(min(at, self._next_end()))
            self._see_the_end()
            if not self._in_flight:
                return
        if self.now < at:
            self._step_to(at)

    def _step_to(self, at: int) -> None:
        """Returns when nothing is under way then; where the responder alone has something to do,
        and has done nothing, nothing is."""
        before = self._counts(), self.lab.responder.last_seen
        self.lab.step(at - self.now)
        waits = self._in_flight and (self.lab.open_exchanges() or self.fetches[-1].hidden)
        if not waits or before != (self._counts(), self.lab.responder.last_seen):
            self.lab.settle(so_far=True)

    def _next_end(self) -> int:
        """The next instant at which the fetch that is under way may end, or the one before that:
        all times of nginx's are multiples of five seconds, but for `resolver_timeout`."""
        gone = self.now - self.fetches[-1].begun
        ends = [gone + 5 - gone % 5, *self.timeouts]
        found = [at + beside for at in ends for beside in (-1, 0) if at + beside > gone]
        return self.fetches[-1].begun + min(found)

    def notice_hidden(self) -> None:
        """A fetch that nobody has noticed shows when it fails."""
        begun, before = self.now, self._counts()
        self.fetches.append(Fetch(begun, None, before[0], before[1], hidden=True))
        while self._in_flight and self.now < begun + _HIDDEN:
            self.go_to(begun + _HIDDEN)
        if self._in_flight:
            self.fetches.pop()  # there was none

    def follow(
        self, until: int, stop: Callable[[Sight], bool] | None = None, *, failing: bool = True
    ) -> None:
        """Visits whenever something can change, up to and including that instant; ends earlier
        with the first sight that is a reason to `stop`.  `failing`: what has failed goes on to
        fail, so that whole periods of that may be skipped."""
        visits = 0
        while self.now < until:
            if failing:
                self._skip_periods(until)
            target = min([at for at in self._instants() if at > self.now] + [until])
            self.go_to(min(target, until))
            sight = self.visit()
            if self.hidden and not sight.asked and self.now in self._dues() and not self._in_flight:
                self.notice_hidden()
            if stop is not None and stop(sight):
                return
            visits += 1
            assert visits < _MOST_VISITS, "the watch does not come to an end"

    def _dues(self) -> list[int]:
        """The seconds in which nginx may ask again, by its rules."""
        if not self.fetches or self.fetches[-1].ended is None:
            return []
        ended = self.fetches[-1].ended
        found = [ended + _RETRY + 1, ended + _MOST + 1]
        last = self._last_update()
        if last is not None:
            found.append(max(min(last - 300, ended + _MOST), ended + _LEAST) + 1)
        return found

    def _last_update(self) -> int | None:
        return next((s.next_update for s in reversed(self.sights) if s.stapled), None)

    def _instants(self) -> list[int]:
        around = list(self._dues())
        last = self._last_update()
        if last is not None:
            around.append(last + 1)
        found = [at + beside for at in around for beside in (-1, 0, 1)]
        if self.fetches and self.fetches[-1].ended is not None:
            found += [self.fetches[-1].begun + 1, self.fetches[-1].ended + 1]
        return found

    def _skip_periods(self, until: int) -> None:
        """Goes on by as many whole periods of failures as nothing can change in."""
        if self._in_flight or not self.fetches or not self._has_failed(self.fetches[-1]):
            return
        last, period = self.fetches[-1].begun, self._period()
        if not period:
            return
        expiry = self._last_update()
        ends = [until] + ([expiry] if expiry is not None and expiry >= self.now else [])
        target = last + ((min(ends) - last) // period - 1) * period
        if target <= self.now:
            return
        self.go_to(target)
        sight = self.visit()
        if self.hidden and not sight.asked:
            self.notice_hidden()

    def _has_failed(self, fetch: Fetch) -> bool:
        """Whether visitors have got nothing new of it."""
        before = [one for one in self.sights if one.at <= fetch.begun]
        after = [one for one in self.sights if one.at > max(fetch.begun, fetch.ended or 0)]
        if fetch.ended is None or not before or not after:
            return False
        return not after[0].stapled or after[0].next_update == before[-1].next_update

    def _period(self) -> int:
        """Of failures, once it is the same twice."""
        if not self.period and len(self.fetches) >= 3:
            a, b, c = self.fetches[-3:]
            if b.begun - a.begun == c.begun - b.begun and self._has_failed(a):
                self.period = c.begun - b.begun if self._has_failed(b) else 0
        return self.period

    # ----- what was seen -----

    def changes(self, since: int = 0) -> list[Change]:
        """From the first sight on: each time that a visitor sees something else than the one
        before; two visitors of the same second count as the second of them."""
        found: list[Change] = []
        before: Sight | None = None
        for one in self.sights:
            if one.at < since:
                before = one
                continue
            if before is None or one.stapled != before.stapled:
                found.append(Change(one.at, one.at if before is None else before.at, one))
            before = one
        return found

    def first(self, stapled: bool, since: int) -> Change | None:
        """The first instant from `since` on at which visitors see that."""
        before: int | None = None
        for one in self.sights:
            if one.at >= since and one.stapled == stapled:
                return Change(one.at, one.at if before is None else before, one)
            before = one.at
        return None


def _since(instant: int | None, begin: int) -> int | None:
    return None if instant is None else instant - begin
