"""Two authorities, each with a responder of its own: the outage of one does not touch the other."""

from __future__ import annotations

import pytest

from staplelab.parts.responder import OcspResponder
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

pytestmark = pytest.mark.topology("two-responders")

WWW = Site()
OTHER = Site(certificates=("other",), server_name="other.staplelab.test")


def test_each_certificate_asks_its_own(lab: Lab) -> None:
    lab.start(WWW, OTHER)
    lab.handshake(name=WWW.server_name)
    lab.settle(connections=1)
    lab.handshake(name=OTHER.server_name)
    lab.settle(connections=1, at="other-responder")
    for site, serial in ((WWW, "4001"), (OTHER, "4002")):
        seen = lab.handshake(name=site.server_name)
        assert (seen.serial, seen.verdict) == (serial, "GOOD")
    assert [request["serials"] for request in lab.responder.requests()] == [["4001"]]
    (request,) = lab.part("other-responder", OcspResponder).requests()
    assert request["serials"] == ["4002"]
    assert request["path"].startswith("/other/")


def test_one_fails(lab: Lab) -> None:
    """The other certificate's staple comes all the same."""
    lab.inject("status-try-later", at="responder")
    lab.start(WWW, OTHER)
    asked = ((WWW, "responder", "NO_STAPLE"), (OTHER, "other-responder", "GOOD"))
    for site, responder, verdict in asked:
        lab.handshake(name=site.server_name)
        lab.settle(connections=1, at=responder)
        assert lab.handshake(name=site.server_name).verdict == verdict
    lab.claim("OCSP response not successful (3: trylater)")


def test_one_is_silent(lab: Lab) -> None:
    """A fetch that hangs holds nobody else up."""
    lab.inject("accept-then-silence", at="other-responder")
    lab.start(WWW, OTHER)
    lab.handshake(name=OTHER.server_name)
    lab.settle(connections=1, at="other-responder")
    lab.handshake(name=WWW.server_name)
    lab.settle(connections=1)
    assert lab.handshake(name=WWW.server_name).verdict == "GOOD"
    lab.step(61)
    lab.settle()
    lab.claim("OCSP responder timed out (110: Connection timed out)")
    assert lab.handshake(name=OTHER.server_name).verdict == "NO_STAPLE"


def test_one_has_an_address_of_the_other(lab: Lab) -> None:
    """A record that points to the wrong responder: that one knows the certificate in the lab, and
    a relay's view of it is the Host header alone."""
    lab.stub.record("other-ocsp.staplelab.test", "A", lab.address("responder"))
    lab.start(OTHER)
    lab.handshake(name=OTHER.server_name)
    lab.settle(connections=1)
    assert lab.handshake(name=OTHER.server_name).verdict == "GOOD"
    (request,) = lab.responder.requests()
    assert request["host"].startswith("other-ocsp.staplelab.test")
