"""Thresholds: what a configuration must hold, or the command fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from staplelab.drill import faults
from staplelab.drill.findings import Answer, span


@dataclass(frozen=True)
class Thresholds:
    """Those that were asked for; None and False were not."""

    survive: int | None = None
    learn: int | None = None
    bare_after_start: int | None = None
    no_lockout: bool = False

    @property
    def any(self) -> bool:
        asked = (self.survive, self.learn, self.bare_after_start)
        return self.no_lockout or any(one is not None for one in asked)


@dataclass(frozen=True)
class Held:
    """One threshold at one class of sites."""

    threshold: str
    names: tuple[str, ...]
    #: "held", "missed", "skipped"
    outcome: str
    #: what was measured, or why nothing was
    said: str


def hold(thresholds: Thresholds, answers: Sequence[Answer]) -> list[Held]:
    """Each threshold against each answer."""
    return [held for one in answers for held in _of(thresholds, one)]


def _of(thresholds: Thresholds, one: Answer) -> Iterator[Held]:
    names = tuple(one.names)
    about_staples = {
        "survive": (thresholds.survive, _survives),
        "learn": (thresholds.learn, _learns),
        "bare-after-start": (thresholds.bare_after_start, _starts),
    }
    for name, (wanted, judge) in about_staples.items():
        if wanted is None:
            continue
        shown = str(wanted) if name == "bare-after-start" else span(wanted)
        outcome, said = _without_staple(one) or judge(one, wanted)
        yield Held(f"--{name} {shown}", names, outcome, said)
    if thresholds.no_lockout:
        yield Held("--no-lockout", names, *_locks_out(one))


def _without_staple(one: Answer) -> tuple[str, str] | None:
    """What is said where there is never a staple."""
    if not one.certificate.certificate.ocsp_urls:
        return "skipped", "the certificate names no OCSP responder"
    if one.stapling == "cannot-judge":
        return "skipped", f"it cannot be judged: {one.why}"
    if one.stapling == "off" and not one.must_staple:
        return "skipped", "stapling is off"
    start = one.measured.start
    if start is None or start.bare is None:
        return "missed", "there is never a staple"
    return None


def _survives(one: Answer, wanted: int) -> tuple[str, str]:
    tried = [o for o in one.measured.outages if o.moment == "worst" and not o.within]
    long = [o for o in tried if o.length >= wanted]
    if not long:
        return "missed", f"no outage of {span(wanted)} could be tried"
    lost = [o.lost for o in long if o.lost is not None]
    if lost and min(lost) <= wanted:
        return "missed", f"the staple is lost after {span(min(lost))}"
    told = f"the staple is lost after {span(min(lost))}" if lost else "the staple is not lost"
    return "held", told


def _learns(one: Answer, wanted: int) -> tuple[str, str]:
    revocation = one.measured.revocation
    if revocation is None or revocation.good_until is None:
        return "missed", "visitors see the old GOOD without an end"
    outcome = "held" if revocation.good_until <= wanted else "missed"
    return outcome, f"visitors see the old GOOD for {span(revocation.good_until)}"


def _starts(one: Answer, wanted: int) -> tuple[str, str]:
    start = one.measured.start
    assert start is not None and start.bare is not None
    return "held" if start.bare <= wanted else "missed", f"{start.bare} visitors get no staple"


def _locks_out(one: Answer) -> tuple[str, str]:
    """Of clients whose certificates are checked."""
    if not one.measured.clients:
        return "skipped", "no client's certificate is checked by OCSP"
    locked = [c.name for c in one.measured.clients if c.name in faults.ALL and not c.accepted]
    if locked:
        ways = ", ".join(faults.ALL[name].words for name in locked)
        return "missed", f"clients are locked out while {ways}"
    return "held", "nobody is locked out"
