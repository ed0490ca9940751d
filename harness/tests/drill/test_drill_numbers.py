"""The numbers of a drill are those of nginx's rules, to the second."""

from __future__ import annotations

from collections.abc import Iterator

import drill_model
import drill_scene
import pytest

from staplelab.drill import experiments, faults, outage
from staplelab.drill.measured import Failure, Outage, Revocation, Start, Steady
from staplelab.drill.outage import DAY, HOUR, Terms
from staplelab.drill.scene import Drilled
from staplelab.scenario.world import World

WEEK = 7 * DAY


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with drill_scene.world() as made:
        yield made


def test_a_week_from_either_moment(world: World) -> None:
    """Validity 7 d, four workers: each worker has a first visitor, and the model tells the rest."""
    scene = drill_scene.scene(world, workers=4)
    assert experiments.start(scene, Terms(WEEK)) == [Start(4, 4)]
    for moment in outage.MOMENTS:
        found = experiments.outages(scene, Terms(WEEK), moment)
        assert [one.length for one in found if isinstance(one, Outage)] == sorted(
            outage.LENGTHS, reverse=True
        )
        for one in found:
            assert isinstance(one, Outage) and one.exact
            expected = drill_model.outage(WEEK, moment, one.length)
            assert (one.lost, one.back, one.bare) == (expected.lost, expected.back, expected.bare)


def test_the_model_knows_what_a_week_costs() -> None:
    """Worked out by hand: the last fetch was an hour before, and the staple is valid to its end."""
    assert drill_model.outage(DAY, "worst", DAY).lost == DAY - HOUR + 1
    assert drill_model.outage(DAY, "best", DAY).lost == DAY + 1
    assert drill_model.outage(DAY, "best", 6 * HOUR) == drill_model.Expected(None, None, 0)


def test_short_answers(world: World) -> None:
    """They end within the outage, and the refreshes come sooner."""
    one, _ = outage.run(drill_scene.scene(world), HOUR, "worst", 6 * HOUR)
    expected = drill_model.outage(HOUR, "worst", 6 * HOUR)
    assert (one.lost, one.back, one.bare) == (expected.lost, expected.back, expected.bare)


def test_a_reload_in_the_middle(world: World) -> None:
    one, _ = outage.run(drill_scene.scene(world), WEEK, "best", DAY, "reload")
    expected = drill_model.outage(WEEK, "best", DAY, reload=True)
    assert (one.lost, one.back, one.bare) == (expected.lost, expected.back, expected.bare)
    assert one.lost == DAY // 2


def test_answers_that_end_before_nginx_asks_again(world: World) -> None:
    """Valid for 120 s: nginx asks after 301 s, and there is no staple from 121 on."""
    [steady] = experiments.steady(drill_scene.scene(world), Terms(120))
    assert steady == Steady(validity=120, refresh=301, bare=181, watched=301)


def test_a_revocation(world: World) -> None:
    [one] = experiments.revocation(drill_scene.scene(world), Terms(DAY))
    assert one == Revocation(asked=3601, good_until=DAY + 1, then="NO_STAPLE")


@pytest.mark.parametrize(
    ("name", "attempt", "again"), [("silent", 60, 361), ("dns-silent", 30, 331)]
)
def test_how_long_a_fetch_takes(world: World, name: str, attempt: int, again: int) -> None:
    """60 s for a connection, resolver_timeout's 30 s for a name; the next one 301 s later."""
    [one] = experiments.failure(drill_scene.scene(world), Terms(WEEK), faults.ALL[name])
    assert isinstance(one, Failure)
    assert (one.stapled, one.attempt, one.again) == (None, attempt, again)


def test_what_was_not_seen_to_the_second_is_told(world: World) -> None:
    """A staple that has gone between two visits that are no neighbours."""
    scene = drill_scene.scene(world)
    lab: Drilled = scene.open()
    try:
        watch = outage.settled_in(scene, lab, HOUR)
        lab.responder.inject(outage.FAULT)
        begin = watch.now
        watch.go_to(begin + 2 * HOUR)
        watch.visit()
        lost = watch.first(False, begin + 1)
        assert lost is not None and not lost.exact
        assert (lost.since, lost.at) == (begin, begin + 2 * HOUR)
    finally:
        scene.close(lab)
