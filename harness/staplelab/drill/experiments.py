"""The experiments about stapling: each takes a scene, and returns what it has measured."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from staplelab.drill import experiments_clients, faults, outage
from staplelab.drill.faults import Broken
from staplelab.drill.measured import (
    Failure,
    Judged,
    Moved,
    NoName,
    Outage,
    Revocation,
    Start,
    Steady,
)
from staplelab.drill.model import CertificateAtSite, TwinSite
from staplelab.drill.outage import DAY, HOUR, LENGTHS, MOMENTS, Terms
from staplelab.drill.scene import Drilled, Scene, Visitor
from staplelab.drill.watch import Watch
from staplelab.errors import LabError, NotHere

#: more workers than that are not looked at one by one: all are alike
MOST_WORKERS = 16
_CONTEXT = re.compile(r",? while requesting certificate status.*")
_OURS = re.compile(r':\d+/(?=")| in the certificate "[^"]*"')
#: long enough for two fetches that fail
_TWO_FETCHES = 430
_PATIENCE = 2 * HOUR


@dataclass(frozen=True)
class Experiment:
    """One of them, by its name; `run` returns results for Measured.add."""

    name: str
    run: Callable[[Scene, Terms], Sequence[object]]
    #: about how long it takes, in seconds: the long ones are dealt out first
    cost: float = 0.3


@contextlib.contextmanager
def opened(scene: Scene) -> Iterator[Drilled]:
    lab = scene.open()
    try:
        yield lab
    finally:
        scene.close(lab)


def short(said: str) -> str:
    """What nginx has said, without when and about whom: a port or a file of the lab tells nobody
    anything."""
    return _OURS.sub("", _CONTEXT.sub("", said))


# ----- a start, and a site where nothing is wrong -----


def start(scene: Scene, terms: Terms) -> list[object]:
    """Each worker has a cache of its own: its first visitor gets no staple."""
    workers = min(scene.workers, MOST_WORKERS)
    with opened(scene) as lab:
        visitor = scene.begin(lab, workers)
        lab.responder.certificate(visitor.serial, validity=terms.validity)
        bare = sum(_bare(lab, visitor, pid) for pid in _workers(lab, workers))
        stapled = all(_bare(lab, visitor, pid) == 0 for pid in _workers(lab, workers))
        said = tuple(dict.fromkeys(map(short, lab.failures())))
    return [Start(scene.workers, bare * scene.workers // workers if stapled else None, said)]


def _workers(lab: Drilled, count: int) -> list[int | None]:
    """Their pids; None is the one that there is."""
    if count == 1:
        return [None]
    return list(lab.nginx.wait_for_workers(count))  # type: ignore[attr-defined]


def _bare(lab: Drilled, visitor: Visitor, worker: int | None) -> int:
    """1 where a visitor of that worker gets no staple."""
    if worker is None:
        handshake = lab.visit(visitor)
    else:
        with lab.nginx.only(worker):  # type: ignore[attr-defined]
            handshake = lab.visit(visitor)
    lab.settle(so_far=True)
    return int(handshake.staple is None)


def steady(scene: Scene, terms: Terms) -> list[object]:
    """A site where nothing is wrong: from one refresh to the next."""
    with opened(scene) as lab:
        try:
            watch = outage.settled_in(scene, lab, terms.validity)
        except outage.NeverStapled:
            return []
        fetched = [one.begun for one in watch.fetches]
        refresh = fetched[-1] - fetched[-2] if len(fetched) > 1 else None
        begin, watched = watch.now + 1, refresh or DAY
        watch.follow(begin + watched)
        seen = outage.spans(watch, begin)
        bare = sum(span.end - span.begin for span in seen if not span.stapled)
        return [Steady(terms.validity, refresh, bare, watched)]


# ----- outages -----


def outages(scene: Scene, terms: Terms, moment: str) -> list[object]:
    """All lengths from one moment on, the longest first: it has the period of the failures.  Where
    one has cost no staple, a shorter one, which begins alike, costs none."""
    found: list[Outage] = []
    period = 0
    with contextlib.suppress(outage.NeverStapled):
        for length in sorted({*LENGTHS, terms.outage} - {0}, reverse=True):
            if found and found[-1].lost is None:
                found.append(outage.within_longer(found[-1], length))
                continue
            measured, period = outage.run(scene, terms.validity, moment, length, period=period)
            found.append(measured)
    return list(found)


def interrupted(scene: Scene, terms: Terms, within: str) -> list[object]:
    """A reload or a restart in the middle of an outage of a day."""
    with contextlib.suppress(outage.NeverStapled):
        return [outage.run(scene, terms.validity, "best", DAY, within)[0]]
    return []


# ----- one fault after the other, at a server that has no staple yet -----


def failure(scene: Scene, terms: Terms, broken: Broken) -> list[object]:
    """The first fetches meet the fault, which then ends."""
    with opened(scene) as lab:
        visitor = scene.begin(lab)
        lab.responder.certificate(visitor.serial, validity=terms.validity)
        broken.inject(lab, scene.site)
        watch = Watch(lab, visitor, hidden=broken.hidden)
        watch.timeouts = () if scene.site.resolver is None else (scene.site.resolver.timeout,)
        first = watch.visit()
        if broken.hidden and not first.asked:
            watch.notice_hidden()
        watch.follow(_TWO_FETCHES, lambda sight: sight.stapled)
        stapled = watch.first(True, 0)
        said = lab.failures()
        lab.heal("stub", "responder")
        end, back = watch.now, None
        if stapled is None:
            watch.follow(end + _PATIENCE, lambda sight: sight.stapled, failing=False)
            back = watch.first(True, end)
        ended = [one for one in watch.fetches if one.ended is not None]
        begun = [one.begun for one in watch.fetches]
        return [
            Failure(
                name=broken.name,
                stapled=None if stapled is None else stapled.at,
                attempt=ended[0].ended - ended[0].begun if ended and ended[0].ended else 0,
                again=begun[1] - begun[0] if len(begun) > 1 else None,
                back=None if back is None else back.at - end,
                said=short(said[0]) if said else "",
            )
        ]


# ----- what a CA does -----


def revocation(scene: Scene, terms: Terms) -> list[object]:
    """The certificate is revoked just after a refresh."""
    with opened(scene) as lab:
        try:
            watch = outage.settled_in(scene, lab, terms.validity)
        except outage.NeverStapled:
            return []
        begin, fetched = watch.now, len(watch.fetches)
        lab.responder.certificate(watch.visitor.serial, status="revoked", validity=terms.validity)
        watch.follow(begin + terms.validity + DAY, lambda sight: sight.verdict != "GOOD")
        later = watch.fetches[fetched:]
        seen = watch.sights[-1]
        return [
            Revocation(
                asked=later[0].begun - begin if later else None,
                good_until=None if seen.verdict == "GOOD" else seen.at - begin,
                then=seen.verdict,
            )
        ]


def moved(scene: Scene, _: Terms) -> list[object]:
    """The responder moves just after a refresh; the answers are valid for two hours, so that it
    shows soon what becomes of it."""
    with opened(scene) as lab:
        try:
            watch = outage.settled_in(scene, lab, 2 * HOUR)
        except outage.NeverStapled:
            return []
        begin = watch.now
        lab.move_responder(scene.certificate.hosts, "responder-2")
        lab.responder.certificate(watch.visitor.serial, validity=2 * HOUR)
        watch.follow(
            begin + 4 * HOUR,
            lambda sight: not sight.stapled or (sight.this_update or 0) > begin,
        )
        last = watch.sights[-1]
        found = last.at - 1 - begin if last.stapled else None
        lost = None if last.stapled else last.at - begin
        return [Moved(found=found, lost=lost, watched=4 * HOUR)]


def no_name(scene: Scene, terms: Terms) -> list[object]:
    """A reload while the OCSP host does not resolve; an hour later it does again."""
    with opened(scene) as lab:
        visitor = scene.begin(lab)
        lab.responder.certificate(visitor.serial, validity=terms.validity)
        watch = Watch(lab, visitor)
        watch.visit()
        if not watch.visit().stapled:
            return []
        addresses = {name: lab.address("responder") for name in scene.certificate.hosts}
        for name in addresses:
            lab.host_entry(name)
        lab.stub.inject("nxdomain")
        before = len(lab.nginx.log())
        lab.reload()
        watch.visit()
        lab.step(HOUR)
        during = watch.visit().stapled
        for name, address in addresses.items():
            lab.host_entry(name, address)
        lab.write_hosts()
        lab.heal("stub")
        watch.follow(watch.now + _PATIENCE, lambda sight: sight.stapled)
        said = [line.text for line in lab.nginx.log()[before:] if "host not found" in line.text]
        return [NoName(during, watch.sights[-1].stapled, short(said[0]) if said else "")]


#: what a responder may say of times, and who may sign it: the name, the fault and its parameters
_ODD: Sequence[tuple[str, str, dict[str, Any]]] = (
    ("clock-4-minutes-fast", "this-update-future", {"offset": 240}),
    ("clock-6-minutes-fast", "this-update-future", {"offset": 360}),
    ("expired-4-minutes-ago", "next-update-past", {"offset": 240}),
    ("expired-6-minutes-ago", "next-update-past", {"offset": 360}),
    ("no-next-update", "next-update-absent", {}),
    ("signed-by-anybody", "signed-by-other-ca", {"signer": "stranger"}),
    ("new-delegate", "delegated-signer-missing", {"signer": "delegate"}),
)


def judged(scene: Scene, terms: Terms) -> list[object]:
    """Unusual responses, one after the other, each at a server that has no staple."""
    found: list[object] = []
    with opened(scene) as lab:
        visitor = scene.begin(lab)
        for number, (name, fault, params) in enumerate(_ODD):
            if (role := params.get("signer")) is not None:
                if role not in scene.signers:
                    continue
                params = {"signer": scene.signers[role]}
            if number:
                lab.reload()
            lab.responder.heal()
            if fault == "delegated-signer-missing":
                lab.responder.certificate(visitor.serial, **params, validity=terms.validity)
            else:
                lab.responder.inject(fault, **params)
            lab.visit(visitor)
            lab.settle(so_far=True)
            handshake = lab.visit(visitor)
            lab.settle(so_far=True)
            found.append(Judged(name, handshake.verdict or handshake.reason))
    return found


def renewed(scene: Scene, terms: Terms) -> list[object]:
    """The certificate is renewed, and comes from a new intermediate; the trusted file stays."""
    with opened(scene) as lab:
        scene.begin(lab)
        with scene.renewed(lab) as visitor:
            if visitor is None:
                return []
            lab.reload()
            lab.responder.certificate(visitor.serial, validity=terms.validity)
            lab.visit(visitor)
            lab.settle(so_far=True)
            handshake = lab.visit(visitor)
            lab.settle(so_far=True)
            if handshake.verdict is not None and handshake.serial != visitor.serial:
                raise LabError("the server still has the certificate that was to be renewed")
            return [Judged("new-intermediate", handshake.verdict or handshake.reason)]


# ----- all of them -----


def for_site(site: TwinSite, certificate: CertificateAtSite) -> list[Experiment]:
    """Those that say something about a certificate at a site."""
    found = [Experiment("start", start, 0.5)]
    if certificate.stapling == "on":
        found += [
            *(
                Experiment(f"outages from the {moment} moment", _outages(moment), 2.5)
                for moment in MOMENTS
            ),
            *(Experiment(f"{what} in an outage", _interrupted(what)) for what in _INTERRUPTIONS),
            *(
                Experiment(f"fault {one.name}", _failure(one), 0.8 if one.hidden else 0.4)
                for one in faults.for_site(site)
            ),
            Experiment("steady", steady),
            Experiment("revocation", revocation, 0.5),
            Experiment("moved responder", moved, 0.5),
            Experiment("no name at a reload", no_name),
            Experiment("unusual responses", judged, 0.6),
            Experiment("new intermediate", renewed),
        ]
    return found + [
        Experiment(one.name, one.run, 0.5) for one in experiments_clients.for_site(site)
    ]


_INTERRUPTIONS = ("reload", "restart")
Run = Callable[[Scene, Terms], Sequence[object]]


def _outages(moment: str) -> Run:
    return lambda scene, terms: outages(scene, terms, moment)


def _interrupted(what: str) -> Run:
    return lambda scene, terms: interrupted(scene, terms, what)


def _failure(broken: Broken) -> Run:
    return lambda scene, terms: failure(scene, terms, broken)


def tried(experiment: Experiment, scene: Scene, terms: Terms) -> tuple[Sequence[object], str]:
    """Its results, and why there are none where it could not be done."""
    try:
        return experiment.run(scene, terms), ""
    except (NotHere, LabError, AssertionError, OSError) as error:
        return (), str(error) or type(error).__name__
