"""What a server{} has from the http{} or stream{} around it, and what it says itself."""

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
    by_address,
    check,
    check_in_stream,
)

pytestmark = pytest.mark.profile("clients")

each_context = pytest.mark.parametrize("stream", [False, True], ids=["http", "stream"])


def site(lab: Lab, stream: bool, around: tuple[str, ...], *own: str) -> Site:
    """A server{} that says nothing of OCSP but its `own` directives; `around` stand before it."""
    whole = asking_for_certificates(lab, *own, checks="leaf", stream=stream)
    words = tuple(one for one in whole.directives if one != "ssl_ocsp leaf;")
    says_why = () if stream else SAYS_WHY
    return Site(
        stapling=False,
        resolver=None,
        stream=stream,
        directives=(*says_why, *words),
        http_directives=around,
    )


@each_context
@pytest.mark.parametrize("checks, asked", [("on", 2), ("leaf", 1)])
def test_ssl_ocsp(lab: Lab, stream: bool, checks: str, asked: int) -> None:
    lab.start(site(lab, stream, (f"ssl_ocsp {checks};", by_address(lab))))
    client = check_in_stream if stream else check
    client(lab, "client", GOOD, asked=["client", "issuing"][:asked])
    lab.responder.certificate("3001", status="revoked")
    client(lab, "client", REVOKED, asked=["client"])


@each_context
def test_ssl_ocsp_off(lab: Lab, stream: bool) -> None:
    """The server{} has the last word."""
    lab.responder.certificate("3001", status="revoked")
    lab.start(site(lab, stream, ("ssl_ocsp on;", by_address(lab)), "ssl_ocsp off;"))
    (check_in_stream if stream else check)(lab, "client", GOOD)


@each_context
def test_another_responder(lab: Lab, stream: bool) -> None:
    around = ("ssl_ocsp leaf;", by_address(lab, "/around"))
    lab.start(site(lab, stream, around, by_address(lab, "/own")))
    (check_in_stream if stream else check)(lab, "client", GOOD, asked=["client"])
    (request,) = lab.responder.requests()
    assert request["path"].startswith("/own/M")


@each_context
@pytest.mark.parametrize("own, kept", [((), True), (("ssl_ocsp_cache off;",), False)])
def test_ssl_ocsp_cache(lab: Lab, stream: bool, own: tuple[str, ...], kept: bool) -> None:
    around = ("ssl_ocsp leaf;", by_address(lab), "ssl_ocsp_cache shared:ocsp:1m;")
    lab.start(site(lab, stream, around, *own))
    client = check_in_stream if stream else check
    client(lab, "client", GOOD, asked=["client"])
    client(lab, "client", GOOD, asked=[] if kept else ["client"])


@each_context
def test_the_resolver_and_its_bound(lab: Lab, stream: bool) -> None:
    lab.inject("drop-query")
    around = ("ssl_ocsp leaf;", f"resolver {lab.resolver()};", "resolver_timeout 4s;")
    lab.start(site(lab, stream, around))
    with lab.client("--get", "/", certificate="client") as waiting:
        lab.settle(queries=2)
        lab.step(3)
        assert waiting.waits()
        lab.step(1)
        seen = waiting.result()
    lab.settle(queries=0)
    assert seen.status == (None if stream else 400)
    if not stream:
        assert seen.http["body"] == FAILED
    lab.claim("ocsp.staplelab.test could not be resolved (110: Operation timed out) while")


@each_context
def test_another_resolver(lab: Lab, stream: bool) -> None:
    """The name server of the server{} is asked, not the one around it."""
    around = ("ssl_ocsp leaf;", f"resolver {lab.resolver('stub-2')};")
    lab.start(site(lab, stream, around, f"resolver {lab.resolver()};"))
    (check_in_stream if stream else check)(lab, "client", GOOD, asked=["client"])
    assert {one["listener"] for one in lab.stub.requests()} == {"stub"}


def test_the_resolver_of_a_location_is_another_one(lab: Lab) -> None:
    """It speaks for what the location does; a client's certificate is checked before."""
    location = f"location /x {{ resolver {lab.resolver()}; }}"
    lab.start(site(lab, False, ("ssl_ocsp leaf;",), location))
    check(lab, "client", FAILED)
    lab.claim("no resolver defined to resolve ocsp.staplelab.test while requesting")
