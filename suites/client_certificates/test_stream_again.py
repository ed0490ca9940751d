"""Clients that come again in stream{}: what is kept of their certificates and their sessions."""

from __future__ import annotations

import pytest

from staplelab.parts.faulty import use
from staplelab.scenario.lab import Lab
from suites.client_certificates.check import CLOSED, GOOD, by_address, check_in_stream
from suites.client_certificates.test_stream import STATUSES, each_status, site, start

pytestmark = pytest.mark.profile("clients")


@each_status
def test_kept_to_the_second(lab: Lab, status: str) -> None:
    said = STATUSES[status]
    lab.responder.certificate("3001", status=status, validity=600)
    start(lab, by_address(lab), "ssl_ocsp_cache shared:ocsp:1m;")
    check_in_stream(lab, "client", said, asked=["client"])
    lab.step_to(599)
    check_in_stream(lab, "client", said)
    lab.step_to(600)
    check_in_stream(lab, "client", said, asked=["client"])


def test_over_a_reload_and_for_all_workers(lab: Lab) -> None:
    lab.needs(workers=True)
    lab.start(site(lab, by_address(lab), "ssl_ocsp_cache shared:ocsp:1m;"), workers=2)
    first, second = lab.nginx.wait_for_workers(2)
    with lab.nginx.only(first):
        check_in_stream(lab, "client", GOOD, asked=["client"])
    with lab.nginx.only(second):
        check_in_stream(lab, "client", GOOD)
    lab.reload()
    check_in_stream(lab, "client", GOOD)


def test_without_a_cache(lab: Lab) -> None:
    start(lab, by_address(lab))
    check_in_stream(lab, "client", GOOD, asked=["client"])
    check_in_stream(lab, "client", GOOD, asked=["client"])


@pytest.mark.parametrize("tls, kept_by", [("1.2", "off"), ("1.2", "on"), ("1.3", "on")])
@pytest.mark.parametrize("fault", [None, "cert-status-revoked"])
def test_resumed(lab: Lab, tls: str, kept_by: str, fault: str | None) -> None:
    """Good at first; whoever comes again is asked about again."""
    later = [] if fault is None else [use(fault)]
    lab.responder.rules([{"sequence": [{"do": [], "times": 1}, {"do": later}]}])
    sessions = ("ssl_session_cache shared:tls:1m;", f"ssl_session_tickets {kept_by};")
    start(lab, by_address(lab), *sessions)
    first, second = lab.handshakes_of("--get", "/", "--resume", "--tls", tls, certificate="client")
    lab.settle(connections=2)
    assert (first.resumed, second.resumed) == (False, True)
    assert first.http["body"] == GOOD
    assert second.failure == ("" if fault is None else CLOSED)


@pytest.mark.parametrize("kept_by", ["off", "on"])
def test_good_again(lab: Lab, kept_by: str) -> None:
    """nginx forgets the session of a client that it refuses; a ticket it cannot take back."""
    lab.responder.rules([{"sequence": [{"do": [use("cert-status-revoked")], "times": 1}]}])
    sessions = ("ssl_session_cache shared:tls:1m;", f"ssl_session_tickets {kept_by};")
    start(lab, by_address(lab), *sessions)
    first, second = lab.handshakes_of(
        "--get", "/", "--resume", "--tls", "1.2", certificate="client"
    )
    lab.settle(connections=2)
    assert (first.resumed, second.resumed) == (False, kept_by == "on")
    assert (first.failure, second.http["body"]) == (CLOSED, GOOD)
