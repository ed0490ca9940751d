"""Clients' certificates over HTTP/3: `ssl_ocsp` asks before a request is read."""

from __future__ import annotations

import pytest

from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
from suites.client_certificates.check import FAILED, GOOD, REVOKED, SAYS_WHY, by_address
from suites.http3.quic import get, listen

pytestmark = pytest.mark.profile("clients")


def start(lab: Lab) -> str:
    at = listen(lab, "curl")
    lab.start(asking_for_certificates(lab, f"listen {at} quic;", by_address(lab), *SAYS_WHY))
    return at


def test_good(lab: Lab) -> None:
    at = start(lab)
    assert get(lab, at, "client") == f"{GOOD}3 200"
    lab.settle(connections=2)


@pytest.mark.parametrize(
    ("fault", "said"), [("cert-status-revoked", REVOKED), ("http-5xx", FAILED)]
)
def test_refused(lab: Lab, fault: str, said: str) -> None:
    lab.inject(fault)
    at = start(lab)
    assert get(lab, at, "client") == f"{said}3 400"
    lab.settle(connections=1)
