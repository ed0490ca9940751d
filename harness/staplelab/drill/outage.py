"""A responder that fails for a time, from the best or the worst moment on: how long visitors are
stapled, and from when on they are again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from staplelab.drill.measured import Outage, Span
from staplelab.drill.scene import Drilled, Scene
from staplelab.drill.watch import Watch

HOUR, DAY = 3600, 86400
LENGTHS = (HOUR, 6 * HOUR, DAY, 4 * DAY, 7 * DAY)
MOMENTS = ("best", "worst")
#: a failure at once, of which nginx says nothing
FAULT = "http-5xx"
#: a staple that is not there by then, after the end of an outage, does not come back by itself
_PATIENCE = 2 * HOUR
#: a refresh is waited for so long
_A_REFRESH = 2 * HOUR


@dataclass(frozen=True)
class Terms:
    """What an experiment is told beside its scene."""

    #: how long the responder's answers are valid
    validity: int
    #: the length of an outage that has to be tried beside the usual ones; 0: there is none
    outage: int = 0


class NeverStapled(Exception):
    """There is nothing that an outage could take away."""


def settled_in(scene: Scene, lab: Drilled, validity: int, period: int = 0) -> Watch:
    """A site with a staple, in the second of its first refresh or, where that does not come, of
    its first fetch."""
    visitor = scene.begin(lab)
    lab.responder.certificate(visitor.serial, validity=validity)
    watch = Watch(lab, visitor, period=period)
    watch.visit()
    watch.follow(_A_REFRESH, lambda sight: sight.stapled)
    if not watch.sights[-1].stapled:
        raise NeverStapled
    fetched = len(watch.fetches)
    watch.follow(watch.now + _A_REFRESH, lambda _: len(watch.fetches) > fetched)
    return watch


def go_to_moment(watch: Watch, moment: str) -> None:
    """To the best moment: where it is, just after a refresh; or to the worst: the last second
    before the next one."""
    if moment == "best" or len(watch.fetches) < 2:
        return
    cycle = watch.fetches[-1].begun - watch.fetches[-2].begun
    watch.follow(watch.fetches[-1].begun + cycle - 1)


def run(
    scene: Scene, validity: int, moment: str, length: int, within: str = "", period: int = 0
) -> tuple[Outage, int]:
    """One outage, and the period of the failures in it; with `period` that of an earlier one."""
    lab = scene.open()
    try:
        watch = settled_in(scene, lab, validity, period)
        go_to_moment(watch, moment)
        begin = watch.now
        lab.responder.inject(FAULT)
        if within:
            watch.follow(begin + length // 2)
            if within == "reload":
                lab.reload()
            else:
                watch.visitor = scene.restart(lab)
            watch.visit()
        watch.follow(begin + length)
        lab.responder.heal()
        # one that is still valid may yet be lost before it is renewed
        end = watch.now
        watch.follow(
            end + _PATIENCE,
            lambda sight: not sight.stapled or (sight.this_update or 0) > end,
            failing=False,
        )
        if not watch.sights[-1].stapled:
            watch.follow(end + _PATIENCE, lambda sight: sight.stapled, failing=False)
        return _measured(watch, moment, begin, length, within), watch.period
    finally:
        scene.close(lab)


def within_longer(longer: Outage, length: int) -> Outage:
    """A shorter outage than one that has cost no staple: it begins alike, and ends when the staple
    has as much longer to live."""
    return replace(longer, length=length, life=(Span(0, length, True),))


def _measured(watch: Watch, moment: str, begin: int, length: int, within: str) -> Outage:
    end = begin + length
    lost = watch.first(False, begin + (0 if within else 1))
    back = None if lost is None else watch.first(True, lost.at + 1)
    life = tuple(spans(watch, begin))
    return Outage(
        moment=moment,
        length=length,
        lost=None if lost is None else lost.at - begin,
        back=None if back is None else back.at - end,
        bare=sum(span.end - span.begin for span in life if not span.stapled),
        exact=all(one is None or one.exact for one in (lost, back)),
        within=within,
        life=life,
    )


def spans(watch: Watch, begin: int) -> Sequence[Span]:
    """What visitors get from the beginning on, up to what was seen last."""
    changes = watch.changes(begin)
    if not changes:
        return [Span(0, watch.now - begin, watch.sights[-1].stapled)]
    spans = [Span(0, changes[0].at - begin, not changes[0].sight.stapled)]
    ends = [*(one.at for one in changes[1:]), watch.now]
    for one, until in zip(changes, ends):
        spans.append(Span(one.at - begin, until - begin, one.sight.stapled))
    return [span for span in spans if span.end > span.begin]
