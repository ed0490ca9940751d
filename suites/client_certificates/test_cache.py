"""ssl_ocsp_cache: what is kept of a response, to the second."""

from __future__ import annotations

import pytest

from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from suites.client_certificates.check import (
    FAILED,
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


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("validity, kept", [(60, 60), (86400, 86400), (None, 3600)])
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


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
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


#: what is no answer, and nginx's line about it
FAILURES = {
    "http-5xx": None,
    "status-try-later": "OCSP response not successful (3: trylater)",
    "not-der": "d2i_OCSP_RESPONSE() failed",
    "bad-signature": "OCSP_basic_verify() failed",
    "wrong-serial": "certificate status not found in the OCSP response",
    "next-update-past": "OCSP_check_validity() failed",
    "fin-mid-headers": "OCSP responder prematurely closed connection",
}


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


# ----- whose it is -----


def test_one_serial_of_two_authorities(lab: Lab) -> None:
    """They have the same name, too, and differ in their keys alone: neither speaks for the other's
    client."""
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    lab.responder.certificate("3001", status="revoked")
    check(lab, "client-of-renewed", REVOKED, asked=["client-of-renewed"])
    check(lab, "client", GOOD)
    check(lab, "client-of-renewed", REVOKED)


def test_one_authority_of_two_serials(lab: Lab) -> None:
    lab.responder.certificate("3002", status="revoked")
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client-2", REVOKED, asked=["client-2"])
    check(lab, "client", GOOD)
    check(lab, "client-2", REVOKED)


def test_one_zone_for_two_names(lab: Lab) -> None:
    """What one server{} has learnt holds for another with the same zone, not for one with another
    zone or with none."""
    zones = {"one": "shared:a:1m", "two": "shared:a:1m", "three": "shared:b:64k", "four": "off"}
    sites = [
        asking_for_certificates(
            lab,
            by_address(lab),
            *SAYS_WHY,
            f"ssl_ocsp_cache {zone};",
            checks="leaf",
            server_name=f"{name}.staplelab.test",
        )
        for name, zone in zones.items()
    ]
    lab.start(*sites)
    check(lab, "client", GOOD, asked=["client"], name="one.staplelab.test")
    check(lab, "client", GOOD, name="two.staplelab.test")
    check(lab, "client", GOOD, asked=["client"], name="three.staplelab.test")
    check(lab, "client", GOOD, name="three.staplelab.test")
    check(lab, "client", GOOD, asked=["client"], name="four.staplelab.test")
    check(lab, "client", GOOD, asked=["client"], name="four.staplelab.test")


@pytest.mark.parametrize("status", STATUSES)
def test_one_zone_for_all_workers(lab: Lab, status: str) -> None:
    lab.needs(workers=True)
    lab.responder.certificate("3001", status=status, validity=600)
    lab.start(site(lab), workers=2)
    first, second = lab.nginx.wait_for_workers(2)
    with lab.nginx.only(first):
        check(lab, "client", STATUSES[status], asked=["client"])
    with lab.nginx.only(second):
        check(lab, "client", STATUSES[status])
        lab.step_to(600)
        check(lab, "client", STATUSES[status], asked=["client"])
    with lab.nginx.only(first):
        check(lab, "client", STATUSES[status])


def test_a_worker_that_ends_leaves_it(lab: Lab) -> None:
    lab.needs(workers=True)
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    lab.nginx.kill_worker(lab.nginx.workers()[0])
    lab.claim("exited on signal 9", alert=True)
    check(lab, "client", GOOD)


# ----- over the server's life -----


def test_over_a_reload(lab: Lab) -> None:
    lab.responder.certificate("3002", status="revoked", validity=600)
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client-2", REVOKED, asked=["client-2"])
    lab.reload()
    check(lab, "client", GOOD)
    check(lab, "client-2", REVOKED)
    lab.step_to(600)
    check(lab, "client-2", REVOKED, asked=["client-2"])


@pytest.mark.parametrize("other", ["shared:ocsp:2m", "shared:other:1m"])
def test_another_zone_after_a_reload(lab: Lab, other: str) -> None:
    """A zone of another size or another name begins empty."""
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    lab.reconfigure(site(lab, cache=other))
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client", GOOD)


def test_an_upgrade_begins_anew(lab: Lab) -> None:
    lab.needs(upgrade=True)
    lab.start(site(lab), upgradable=True)
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client", GOOD)
    lab.upgrade()
    check(lab, "client", GOOD, asked=["client"])


def test_a_restart_begins_anew(lab: Lab) -> None:
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    lab.restart(site(lab))
    check(lab, "client", GOOD, asked=["client"])
