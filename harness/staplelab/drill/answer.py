"""From a twin to the answers: who is there, who is alike, what is tried, what is said of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from staplelab.drill import experiments, sentences
from staplelab.drill.deal import Helpers, Task
from staplelab.drill.findings import Answer
from staplelab.drill.measured import Measured
from staplelab.drill.model import CertificateAtSite, Place, Twin, TwinSite
from staplelab.drill.scene import Ground
from staplelab.errors import LabError

#: directives that decide about a staple, or about who is let in; paths in them differ from site to
#: site, and whether a staple comes of them the roll call tells
_MATTERS = re.compile(
    r"ssl_(?:stapling\w*|trusted_certificate|verify_\w+|ocsp\w*|client_certificate)$|resolver"
)
_QUOTED = re.compile(r'"[^"]*"')

#: where something stands does not matter
_ANYWHERE = Place("", 0)

Member = tuple[TwinSite, CertificateAtSite]


@dataclass(frozen=True)
class Wanted:
    """What is asked of a drill."""

    validity: int
    jobs: int
    #: an outage that has to be tried beside the usual ones
    survive: int | None = None


def judge(twin: Twin, wanted: Wanted, make: Callable[[], Ground]) -> list[Answer]:
    """An answer for each class of certificates at sites that are alike; LabError where the server
    does not start."""
    helpers = Helpers(wanted.jobs - 1, twin, make)
    try:
        ground = make()
        try:
            return _judge(twin, wanted, ground, helpers)
        finally:
            ground.close()
    finally:
        helpers.close()


def _judge(twin: Twin, wanted: Wanted, ground: Ground, helpers: Helpers) -> list[Answer]:
    members = list(_members(twin))
    seen = roll_call(members, ground)
    answers = _classes(members, seen, wanted.validity)
    tasks = [task for n, one in enumerate(answers) for task in _tasks(twin, n, one, wanted)]
    for done in helpers.deal(tasks, twin, ground):
        measured = answers[done.task.answer].measured
        for result in done.results:
            measured.add(result)
        if done.why:
            measured.undone[done.task.experiment] = done.why
    for one in answers:
        one.measured.in_order()
        sentences.answer(one)
    return answers


def _members(twin: Twin) -> Iterator[Member]:
    for site in twin.sites:
        for certificate in site.certificates:
            yield site, certificate


def _can_be_visited(site: TwinSite) -> bool:
    return site.reachable and not site.rejects


def roll_call(members: Sequence[Member], ground: Ground) -> dict[int, str]:
    """What a second visitor of each sees, by its number, where nothing is wrong."""
    found: dict[int, str] = {}
    scenes = {
        number: ground.scene(*member)
        for number, member in enumerate(members)
        if _can_be_visited(member[0])
    }
    if not scenes:
        return found
    first = next(iter(scenes.values()))
    lab = first.open()
    try:
        first.begin(lab)
        for number, scene in scenes.items():
            try:
                for _ in range(2):
                    handshake = lab.visit(scene.visitor(lab))
                    lab.settle(so_far=True)
                found[number] = handshake.verdict or handshake.reason
            except LabError as error:
                found[number] = str(error)
    finally:
        first.close(lab)
    return found


def _classes(
    members: Sequence[Member], seen: dict[int, str], validity: int
) -> list[Answer]:
    """Those that are alike together, in the order of their first."""
    found: dict[Hashable, Answer] = {}
    for number, (site, certificate) in enumerate(members):
        key = (*_alike(site, certificate), seen.get(number))
        if key not in found:
            stapling, why = certificate.stapling, certificate.why
            if not site.reachable:
                stapling, why = "cannot-judge", site.why_unreachable
            elif site.rejects:
                stapling, why = "cannot-judge", "its server{} rejects every handshake"
            found[key] = Answer([], stapling, why, validity, Measured())
        found[key].members.append((site, certificate))
    return list(found.values())


def _alike(site: TwinSite, at_site: CertificateAtSite) -> tuple[Hashable, ...]:
    """Everything that matters; paths and names do not."""
    settings = tuple(
        (name, tuple(_without_paths(str(one)) for one in found))
        for name, found in sorted(site.settings.items())
        if _MATTERS.match(name)
    )
    resolver = site.resolver
    certificate = at_site.certificate
    return (
        settings,
        None if resolver is None else dataclasses.replace(resolver, place=_ANYWHERE),
        site.context,
        (site.reachable, site.rejects, site.verify_client, site.ocsp),
        site.client_certificate is not None,
        (at_site.stapling, _QUOTED.sub("", at_site.why), len(at_site.hosts)),
        (certificate.must_staple, certificate.shape, certificate.read),
        bool(certificate.ocsp_urls),
    )


def _without_paths(words: str) -> str:
    return " ".join("PATH" if "/" in word or "." in word else word for word in words.split())


def _tasks(twin: Twin, number: int, one: Answer, wanted: Wanted) -> Iterator[Task]:
    """What is tried at the first of a class: less where there is never a staple."""
    site, certificate = one.members[0]
    if one.stapling == "cannot-judge":
        return
    where = twin.sites.index(site), site.certificates.index(certificate)
    for experiment in experiments.for_site(site, certificate):
        longest = wanted.survive or 0
        yield Task(number, *where, experiment.name, one.validity, longest, experiment.cost)
