"""How much: what the requirements ask for, in numbers, for one worker and for several.

All times are the lab's, so that two runs measure the same.  The report of conformance reads what is
observed under `measures`.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from staplelab.scenario.lab import Lab

MINUTE, HOUR, DAY = 60, 3600, 86400
#: so short that the refresh is due 300 s before nextUpdate
VALIDITY = 3800

workers_of_all_sizes = pytest.mark.parametrize("workers", [1, 2, 4, 8])


def measure(lab: Lab, workers: int, **values: int) -> None:
    lab.observe(measures={"workers": workers, **values})


def start(lab: Lab, workers: int, validity: int = DAY) -> Sequence[int]:
    """The server, and its workers."""
    lab.needs(workers=True, cache="worker")
    lab.responder.certificate("1001", validity=validity)
    lab.start(workers=workers)
    return lab.nginx.wait_for_workers(workers)


def visit(lab: Lab, workers: Sequence[int]) -> list[str]:
    """A client at each worker, one after the other, and what came of it."""
    seen = []
    for worker in workers:
        with lab.nginx.only(worker):
            seen.append(str(lab.handshake().verdict))
            lab.settle(so_far=True)
    return seen


def bare(lab: Lab, workers: Sequence[int], rounds: int) -> int:
    """How many of so many rounds of clients had no staple."""
    return sum(visit(lab, workers).count("NO_STAPLE") for _ in range(rounds))


def fetches(lab: Lab) -> int:
    return len(lab.responder.requests())


@workers_of_all_sizes
@pytest.mark.requirement("B2")
def test_after_a_start_and_a_reload(lab: Lab, workers: int) -> None:
    """The first handshake of each worker, and no other, is bare."""
    pids = start(lab, workers)
    after_start = bare(lab, pids, 3)
    lab.reload()
    after_reload = bare(lab, lab.nginx.wait_for_workers(workers), 3)
    measure(lab, workers, bare_after_a_start=after_start, bare_after_a_reload=after_reload)
    lab.deviation("NGX-003", min(after_reload, 1), conforms=0, deviates=1)
    assert (after_start, after_reload) == (workers, workers)


@workers_of_all_sizes
@pytest.mark.requirement("C6")
def test_after_an_outage(lab: Lab, workers: int) -> None:
    """The responder comes back when the staple has expired, 97 s after the last try: nginx waits
    until 300 s after that, and clients that come once a minute are bare meanwhile."""
    pids = start(lab, workers, VALIDITY)
    visit(lab, pids)
    lab.inject("http-5xx")
    for at in (3501, 3802, 4103):
        lab.step_to(at)
        visit(lab, pids)
    lab.heal()
    back, without, rounds = 4200, 0, 0
    seen = ["NO_STAPLE"]
    while "NO_STAPLE" in seen:
        lab.step_to(back + rounds * MINUTE)
        seen = visit(lab, pids)
        without += seen.count("NO_STAPLE")
        rounds += 1
        assert rounds < 10
    measure(
        lab,
        workers,
        bare_after_an_outage=without,
        seconds_without_a_staple_after_an_outage=(rounds - 1) * MINUTE,
    )
    assert (without, rounds) == (5 * workers, 6)


@workers_of_all_sizes
@pytest.mark.requirement("C5", "H3")
def test_survival_of_an_outage(lab: Lab, workers: int) -> None:
    """The worst moment is just before a refresh: what is left of the validity is survived, to the
    second, also by clients that heed a must-staple certificate."""
    lab.needs(workers=True, cache="worker")
    lab.responder.certificate("1003", validity=DAY)
    lab.start(workers=workers, certificates=("must-staple",))
    pids = lab.nginx.wait_for_workers(workers)
    visit(lab, pids)
    lab.step_to(HOUR)
    lab.inject("http-5xx")
    for at in (HOUR + 1, DAY // 2, DAY):
        lab.step_to(at)
        assert visit(lab, pids) == ["GOOD"] * workers
    lab.step_to(DAY + 1)
    assert visit(lab, pids) == ["NO_STAPLE_MUST_STAPLE"] * workers
    measure(lab, workers, seconds_of_an_outage_survived=DAY - HOUR)


@workers_of_all_sizes
@pytest.mark.requirement("D1")
def test_a_revocation(lab: Lab, workers: int) -> None:
    """Revoked a second after the fetch: when does a worker hear of it, and when the last client?"""
    pids = start(lab, workers)
    visit(lab, pids)
    lab.step(1)
    lab.responder.certificate("1001", status="revoked", validity=DAY)
    lab.step_to(HOUR)
    visit(lab, pids)
    assert fetches(lab) == workers
    lab.step_to(HOUR + 1)
    seen = visit(lab, pids)
    assert fetches(lab) == 2 * workers
    learnt = lab.handshake().verdict
    lab.deviation("NGX-010", learnt, conforms=("NO_STAPLE", "REVOKED"), deviates="GOOD")
    assert seen == ["GOOD"] * workers
    lab.step_to(DAY)
    assert visit(lab, pids) == ["GOOD"] * workers
    lab.step_to(DAY + 1)
    assert visit(lab, pids) == ["NO_STAPLE"] * workers
    lab.claim('certificate status "revoked" in the OCSP response', times=2 * workers)
    measure(
        lab,
        workers,
        seconds_until_a_revocation_is_learnt=HOUR,
        seconds_until_good_is_served_no_more=DAY,
    )


@workers_of_all_sizes
@pytest.mark.requirement("C2", "I1")
def test_requests_an_hour(lab: Lab, workers: int) -> None:
    """A client at each worker every half an hour for three hours, then one every 301 s for twenty
    minutes in which the responder fails: each worker asks once an hour, and each time."""
    pids = start(lab, workers)
    visit(lab, pids)
    for number in range(1, 7):
        lab.step_to(number * 1801)
        assert visit(lab, pids) == ["GOOD"] * workers
    well = fetches(lab) - workers
    lab.inject("http-5xx")
    begin = fetches(lab)
    for number in range(4):
        lab.step_to(5 * HOUR + number * 301)
        visit(lab, pids)
    ill = fetches(lab) - begin
    measure(
        lab,
        workers,
        requests_in_three_hours=well,
        requests_in_twenty_minutes_of_failures=ill,
    )
    assert (well, ill) == (3 * workers, 4 * workers)


@workers_of_all_sizes
@pytest.mark.requirement("B3")
def test_delay_of_a_handshake(lab: Lab, workers: int) -> None:
    """The responder takes 30 s of the lab's time; the handshake that has set the fetch off has
    ended before a second of that has passed."""
    lab.inject("fixed-latency", ms=30000)
    pids = start(lab, workers)
    begin = lab.now
    assert visit(lab, pids) == ["NO_STAPLE"] * workers
    assert lab.responder.events("response") == []
    delay = lab.now - begin
    lab.step(30)
    lab.settle(so_far=True)
    assert len(lab.responder.events("response")) == workers
    assert visit(lab, pids) == ["GOOD"] * workers
    measure(lab, workers, seconds_that_a_fetch_adds_to_a_handshake=int(delay))
    assert delay == 0
