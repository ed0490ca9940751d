"""ssl_ocsp_cache: what is kept of a response, to the second."""

from __future__ import annotations

import pytest

from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from suites.client_certificates.check import (
    FAILED,
    FAILURES,
    GOOD,
    REVOKED,
    SAYS_WHY,
    UNKNOWN,
    by_address,
    check,
)

pytestmark = pytest.mark.profile("clients")

#: what is said of a certificate, and what comes of its client
STATUSES = {"good": GOOD, "revoked": REVOKED, "unknown": UNKNOWN}


def site(
    lab: Lab, *more: str, cache: str = "shared:ocsp:1m", checks: str = "leaf", depth: int = 2
) -> Site:
    kept = f"ssl_ocsp_cache {cache};"
    return asking_for_certificates(
        lab, by_address(lab), *SAYS_WHY, kept, *more, checks=checks, depth=depth
    )


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    "status, validity, kept",
    [
        ("good", 60, 60),
        ("good", 86400, 86400),
        ("good", None, 3600),
        ("revoked", 60, 60),
        ("revoked", None, 3600),
        ("unknown", 60, 60),
    ],
)
def test_kept_to_the_second(lab: Lab, status: str, validity: int | None, kept: int) -> None:
    """Whatever was said is kept until its nextUpdate; without one, for an hour."""
    lab.responder.certificate("3001", status=status, validity=validity)
    lab.start(site(lab))
    check(lab, "client", STATUSES[status], asked=["client"])
    lab.step_to(kept - 1)
    check(lab, "client", STATUSES[status])
    lab.step_to(kept)
    check(lab, "client", STATUSES[status], asked=["client"])
    check(lab, "client", STATUSES[status])


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    "before, after",
    [("good", "revoked"), ("good", "unknown"), ("revoked", "good"), ("unknown", "good")],
)
def test_what_was_said_holds_until_then(lab: Lab, before: str, after: str) -> None:
    lab.responder.certificate("3001", status=before, validity=600)
    lab.start(site(lab))
    check(lab, "client", STATUSES[before], asked=["client"])
    lab.responder.certificate("3001", status=after, validity=600)
    lab.step_to(599)
    check(lab, "client", STATUSES[before])
    lab.step_to(600)
    check(lab, "client", STATUSES[after], asked=["client"])


def test_another_expires_by_itself(lab: Lab) -> None:
    """Of a chain each certificate has its time."""
    lab.responder.certificate("3001", validity=300)
    lab.responder.certificate("0a", validity=600)
    lab.start(site(lab, checks="on"))
    check(lab, "client", GOOD, asked=["client", "issuing"])
    check(lab, "client", GOOD)
    check(lab, "client-2", GOOD, asked=["client-2"])
    lab.step_to(300)
    check(lab, "client", GOOD, asked=["client"])
    lab.step_to(599)
    check(lab, "client", GOOD)
    lab.step_to(600)
    check(lab, "client", GOOD, asked=["client", "issuing"])


@pytest.mark.parametrize("status", ["revoked", "unknown"])
def test_an_authority_is_kept_too(lab: Lab, status: str) -> None:
    """Its clients are refused for what was said when the first one came."""
    lab.responder.certificate("0b", status=status)
    lab.start(site(lab, checks="on", depth=3))
    check(lab, "client-of-sub", STATUSES[status], asked=["client-of-sub", "sub"])
    check(lab, "client-of-sub", STATUSES[status])
    check(lab, "client", GOOD, asked=["client", "issuing"])


@pytest.mark.parametrize("fault", FAILURES)
def test_a_failure_is_not_kept(lab: Lab, fault: str) -> None:
    lab.inject(fault)
    lab.start(site(lab))
    check(lab, "client", FAILED, asked=["client"])
    check(lab, "client", FAILED, asked=["client"])
    if (line := FAILURES[fault]) is not None:
        lab.claim(line, 2)
    lab.heal()
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client", GOOD)


def test_a_failure_leaves_others_alone(lab: Lab) -> None:
    """The client's own certificate is kept, though its authority could not be asked about."""
    lab.inject("http-5xx", match={"serial": "0a"})
    lab.start(site(lab, checks="on"))
    check(lab, "client", FAILED, asked=["client", "issuing"])
    check(lab, "client", FAILED, asked=["issuing"])
    lab.heal()
    check(lab, "client", GOOD, asked=["issuing"])
    check(lab, "client", GOOD)


@pytest.mark.parametrize("late", [1, 299])
def test_past_its_time_but_tolerated(lab: Lab, late: int) -> None:
    """A response that expired less than 300 s ago lets a client in, and is not kept."""
    lab.inject("next-update-past", offset=late)
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client", GOOD, asked=["client"])


def test_past_what_is_tolerated(lab: Lab) -> None:
    lab.inject("next-update-past", offset=300)
    lab.start(site(lab))
    check(lab, "client", FAILED, asked=["client"])
    lab.claim("OCSP_check_validity() failed")


def test_without_a_cache(lab: Lab) -> None:
    """Each connection asks."""
    lab.start(site(lab, cache="off"))
    for _ in range(3):
        check(lab, "client", GOOD, asked=["client"])
