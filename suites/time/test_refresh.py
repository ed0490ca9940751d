"""When nginx asks again: after a success, after an error, and what it serves meanwhile.

ngx_ssl_stapling_time and ngx_ssl_stapling_ocsp_handler: after a success not before
max(min(nextUpdate - 300, now + 3600), now + 300), after an error not before now + 300, in both
cases strictly after.  Only a handshake makes nginx ask.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab

DAY = 86400
TWO_DAYS = 2 * DAY
WEEK = 7 * DAY


def staple(lab: Lab, validity: int | None) -> None:
    """A good staple of that validity, fetched at second 0."""
    lab.responder.certificate("1001", validity=validity)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)


def fetches(lab: Lab) -> int:
    return len(lab.responder.requests())


@pytest.mark.requirement("C2")
@pytest.mark.parametrize(
    ("validity", "refresh"),
    [
        (400, 300),  # never sooner than 300 s
        (601, 301),  # 300 s before nextUpdate
        (3600, 3300),
        (3900, 3600),
        (4200, 3600),  # never later than an hour
        (DAY, 3600),
        (WEEK, 3600),
    ],
)
def test_refresh_after_success(lab: Lab, validity: int, refresh: int) -> None:
    staple(lab, validity)
    lab.step_to(refresh)
    assert lab.handshake().verdict == "GOOD"
    lab.settle()
    assert fetches(lab) == 1, "refreshed too early"
    lab.step_to(refresh + 1)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    assert fetches(lab) == 2
    assert lab.handshake().staple["produced_at"] == lab.now


@pytest.mark.requirement("C4", "B3")
def test_old_staple_is_served_while_the_new_one_is_fetched(lab: Lab) -> None:
    staple(lab, DAY)
    lab.step(3601)
    lab.inject("fixed-latency", ms=20000)
    for _ in range(3):
        assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    assert fetches(lab) == 2, "one fetch at a time"
    asked_at = lab.now
    lab.step(20)
    lab.settle()
    assert lab.handshake().staple["produced_at"] == asked_at


@pytest.mark.requirement("C2")
@pytest.mark.long
def test_a_week_of_hourly_refreshes(lab: Lab) -> None:
    staple(lab, DAY)
    hours = 24 * 7
    for _ in range(hours):
        lab.step(3601)
        assert lab.handshake().verdict == "GOOD"
        lab.settle(connections=1)
    assert fetches(lab) == 1 + hours


@pytest.mark.requirement("C3")
def test_nobody_refreshes_an_idle_server(lab: Lab) -> None:
    staple(lab, TWO_DAYS)
    for _ in range(47):
        lab.step(3600)
    lab.settle()
    lab.deviation("NGX-005", min(fetches(lab), 2), conforms=2, deviates=1)
    lab.step(2 * 3600)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)


@pytest.mark.requirement("C6")
@pytest.mark.parametrize("fault", ["status-try-later", "http-5xx", "rst-after-request"])
def test_retry_after_an_error(lab: Lab, fault: str) -> None:
    """Every 300 s, neither sooner nor later, without back-off."""
    logged = {
        "status-try-later": ["OCSP response not successful (3: trylater)"],
        "http-5xx": [],
        "rst-after-request": [
            "recv() failed (104: Connection reset by peer)",
            "OCSP responder prematurely closed connection",
        ],
    }
    lab.inject(fault)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    for attempt in range(1, 4):
        lab.step(300)
        lab.handshake()
        lab.settle()
        assert fetches(lab) == attempt, "retried too early"
        lab.step(1)
        lab.handshake()
        lab.settle(connections=1)
        assert fetches(lab) == attempt + 1
    for text in logged[fault]:
        lab.claim(text, times=4)


@pytest.mark.requirement("C5")
def test_errors_at_refresh_keep_the_staple(lab: Lab) -> None:
    """An outage of the responder is not seen before nextUpdate; the response after it is taken."""
    staple(lab, 7200)
    lab.inject("status-internal-error")
    for at in (3601, 3902, 4203, 4504):
        lab.step_to(at)
        assert lab.handshake().verdict == "GOOD"
        lab.settle(connections=1)
    lab.claim("OCSP response not successful (2: internalerror)", times=4)
    lab.heal()
    lab.step_to(4805)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    assert lab.handshake().staple["produced_at"] == lab.now
