"""What a drill advises is tried: the directive is changed, and the number becomes what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import drill_scene
import pytest
from drill_scene import MadeScene

from staplelab.drill import experiments, sentences
from staplelab.drill.findings import Answer, Finding
from staplelab.drill.measured import Failure, Judged, Measured, Moved, Outage, Start
from staplelab.drill.outage import DAY, Terms
from staplelab.scenario.world import World

WEEK = 7 * DAY


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with drill_scene.world("standard", "clients") as made:
        yield made


def measured(scene: MadeScene, *names: str) -> Answer:
    """The answer of these experiments alone, and of a start."""
    answer = Answer(
        [(scene.site, scene.certificate)],
        scene.certificate.stapling,
        scene.certificate.why,
        WEEK,
        Measured(),
    )
    known = {one.name: one for one in experiments.for_site(scene.site, scene.certificate)}
    for name in ("start", *names):
        for result in known[name].run(scene, Terms(WEEK)):
            answer.measured.add(result)
    sentences.answer(answer)
    return answer


def found(answer: Answer, name: str, directive: str) -> Finding:
    """The finding of that id, whose advice is about this directive."""
    one = answer.finding(name)
    assert one is not None, [finding.id for finding in answer.findings]
    assert one.advice is not None and one.advice.directive == directive
    return one


def start_of(answer: Answer) -> int | None:
    start = answer.measured.start
    assert isinstance(start, Start)
    return start.bare


# ----- pairs: no staple, and one -----

Choices = dict[str, Any]
NEVER: Sequence[tuple[str, str, Choices, Choices]] = (
    ("stapling-off", "ssl_stapling", {"stapling": "off", "site": {"stapling": False}}, {}),
    (
        "stapling-ignored",
        "ssl_certificate",
        {
            "stapling": "ignored",
            "why": "the issuer's certificate is not found",
            "site": {"chain": False, "trusted": False},
        },
        {},
    ),
    # its issuer alone is there to verify by, and no signer
    ("never-stapled", "ssl_certificate", {"site": {"chain": False}}, {}),
)


def scene_of(world: World, choices: Choices) -> MadeScene:
    own = {name: value for name, value in choices.items() if name != "site"}
    scene = drill_scene.scene(world, **{"workers": 2, **own})
    for name, value in choices.get("site", {}).items():
        object.__setattr__(scene.described, name, value)
    return scene


@pytest.mark.parametrize(("name", "directive", "before", "after"), NEVER)
def test_a_staple_comes(
    world: World, name: str, directive: str, before: Choices, after: Choices
) -> None:
    bad = measured(scene_of(world, before))
    finding = found(bad, name, directive)
    assert start_of(bad) is None and finding.number is None and finding.advice is not None
    good = measured(scene_of(world, after))
    assert start_of(good) == finding.advice.becomes == 2
    assert good.finding(name) is None


# ----- pairs: another number -----


def test_one_worker_has_one_first_visitor(world: World) -> None:
    finding = found(
        measured(drill_scene.scene(world, workers=4)), "bare-after-start", "worker_processes"
    )
    assert finding.number == 4 and finding.advice is not None
    assert start_of(measured(drill_scene.scene(world))) == finding.advice.becomes == 1


def test_a_resolver_finds_a_responder_that_has_moved(world: World) -> None:
    bad = measured(drill_scene.scene(world, resolver=None), "moved responder")
    assert isinstance(bad.measured.moved, Moved) and bad.measured.moved.lost is not None
    finding = found(bad, "responder-moves", "resolver")
    assert finding.number is None and finding.advice is not None
    good = measured(drill_scene.scene(world), "moved responder")
    assert isinstance(good.measured.moved, Moved) and good.measured.moved.lost is None
    assert good.measured.moved.found == finding.advice.becomes == 3601


def test_a_second_name_server_is_asked(world: World) -> None:
    bad = measured(drill_scene.scene(world), "fault dns-silent")
    finding = found(bad, "one-name-server", "resolver")
    assert finding.number is None and finding.advice is not None
    assert first_dead(world, "STUBS") == finding.advice.becomes == 5


def test_a_longer_timeout_gets_to_the_second_name_server(world: World) -> None:
    words, timeout = "STUBS", ("resolver_timeout 5s;",)
    scene = drill_scene.scene(world, resolver=words, name_servers=2, directives=timeout, timeout=5)
    bad = measured(scene, "fault dns-silent", "fault first-name-server-dead")
    finding = found(bad, "first-name-server-dead", "resolver_timeout")
    assert finding.number == 307 and finding.advice is not None
    assert first_dead(world, words, ("resolver_timeout 30s;",)) == finding.advice.becomes == 5


def first_dead(world: World, words: str, directives: tuple[str, ...] = ()) -> int | None:
    """When the first staple comes though the first of two name servers is dead."""
    scene = drill_scene.scene(world, resolver=words, name_servers=2, directives=directives)
    return failure(measured(scene, "fault first-name-server-dead"), "first-name-server-dead")


def failure(answer: Answer, name: str) -> int | None:
    one = answer.measured.failure(name)
    assert isinstance(one, Failure)
    return one.stapled


def test_without_ipv6_its_name_servers_do_not_matter(world: World) -> None:
    name = "fault ipv6-broken"
    finding = found(measured(drill_scene.scene(world), name), "ipv6-broken", "resolver")
    assert finding.number is None and finding.advice is not None
    good = measured(drill_scene.scene(world, resolver="STUBS ipv6=off"), name)
    assert failure(good, "ipv6-broken") == finding.advice.becomes == 1


def test_responses_are_verified(world: World) -> None:
    name = "unusual responses"
    bad = measured(drill_scene.scene(world, verify=False), name)
    finding = found(bad, "signed-by-anybody", "ssl_stapling_verify")
    assert finding.number == 1 and finding.advice is not None and finding.advice.becomes == 0
    good = measured(drill_scene.scene(world), name)
    assert Judged("signed-by-anybody", "NO_STAPLE") in good.measured.judged


def test_a_delegate_is_verified_by_its_authority(world: World) -> None:
    name = "unusual responses"
    bad = measured(drill_scene.scene(world, trusted=False), name)
    finding = found(bad, "new-delegate", "ssl_trusted_certificate")
    assert finding.number == 0 and finding.advice is not None and finding.advice.becomes == 1
    good = measured(drill_scene.scene(world), name)
    assert Judged("new-delegate", "GOOD") in good.measured.judged


def test_a_file_outlives_a_reload(world: World) -> None:
    name = "reload in an outage"
    bad = measured(drill_scene.scene(world), name)
    finding = found(bad, "reload-in-outage", "ssl_stapling_file")
    assert finding.number == DAY // 2 + 145 and finding.advice is not None
    file = world.host.given / "response.der"
    scene = drill_scene.scene(world)
    lab = scene.open()
    try:
        visitor = scene.begin(lab)
        lab.responder.certificate(visitor.serial, validity=WEEK)
        for _ in range(2):
            lab.visit(visitor, "--staple-out", str(file))
            lab.settle(so_far=True)
    finally:
        scene.close(lab)
    kept = drill_scene.scene(world, directives=(f"ssl_stapling_file {file};",))
    one = measured(kept, name).measured.outage("best", DAY, "reload")
    assert isinstance(one, Outage) and one.lost is None
    assert one.bare == finding.advice.becomes == 0


# ----- clients' certificates -----


def asking(
    world: World, cache: str, client: str = "client", checks: str = "leaf"
) -> MadeScene:
    """A site that has the certificates of its clients checked."""
    root = world.pki["clients"].certificates["root"]
    directives = (
        f"ssl_client_certificate {root.file};",
        "ssl_verify_client on;",
        "ssl_verify_depth 2;",
        f"ssl_ocsp {checks};",
        f"ssl_ocsp_cache {cache};",
        "return 200 ok;",
    )
    choices = {"profile": "clients", "client": client, "directives": directives}
    return drill_scene.scene(world, **choices)


def test_an_authority_without_a_responder_locks_out(world: World) -> None:
    bad, good = (
        measured(asking(world, "off", "client-of-no-aia", checks), "clients, refused")
        for checks in ("on", "leaf")
    )
    finding = bad.finding("clients-locked-out")
    assert finding is not None and finding.number == 1 and finding.advice is not None
    assert "HTTP 400, certificate status request failed." in finding.sentence
    assert (finding.advice.text, finding.advice.becomes) == ("ssl_ocsp leaf;", 0)
    healthy = [one for one in good.measured.clients if one.name == "healthy"]
    assert [one.accepted for one in healthy] == [True]


def test_a_cache_lets_clients_in(world: World) -> None:
    names = ("clients, refused", "clients, dns-silent")
    bad = measured(asking(world, "off"), *names)
    locked = found(bad, "clients-locked-out", "ssl_ocsp")
    assert "HTTP 400 after 30 s" in locked.sentence
    finding = found(bad, "clients-remembered", "ssl_ocsp_cache")
    assert finding.number == 0 and finding.advice is not None
    good = measured(asking(world, "shared:ocsp:1m"), *names).finding("clients-remembered")
    assert good is not None and good.number == finding.advice.becomes == WEEK
