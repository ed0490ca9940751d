"""Which certificates of a client's chain are asked about, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
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


@dataclass(frozen=True)
class Chain:
    """A client's chain, and who is asked about when all of it is good."""

    certificate: str
    on: tuple[str, ...]
    leaf: tuple[str, ...]
    root: str = "root"

    @property
    def id(self) -> str:
        return self.certificate


#: `on`: all but the root, whatever its place in the chain; `leaf`: the client's alone.  A
#: certificate that has signed itself is the root of its chain: nobody is asked about it.
CHAINS = (
    Chain("client", ("client", "issuing"), ("client",)),
    Chain("client-rsa", ("client-rsa", "issuing"), ("client-rsa",)),
    Chain("client-of-root", ("client-of-root",), ("client-of-root",)),
    Chain("client-of-sub", ("client-of-sub", "sub", "issuing"), ("client-of-sub",)),
    Chain("client-of-renewed", ("client-of-renewed", "renewed"), ("client-of-renewed",)),
    Chain("self-signed", (), (), root="self-signed"),
)
each_chain = pytest.mark.parametrize("chain", CHAINS, ids=lambda one: one.id)


def start(lab: Lab, chain: Chain, checks: str) -> Sequence[str]:
    """Starts nginx; returns who is to be asked about."""
    site = asking_for_certificates(
        lab, by_address(lab), *SAYS_WHY, checks=checks, root=chain.root, depth=3
    )
    lab.start(site)
    return chain.on if checks == "on" else chain.leaf


@pytest.mark.requirement("K2")
@each_chain
@pytest.mark.parametrize("checks", ["on", "leaf"])
def test_all_good(lab: Lab, chain: Chain, checks: str) -> None:
    asked = start(lab, chain, checks)
    check(lab, chain.certificate, GOOD, asked=asked)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_each_version_of_tls(lab: Lab, version: str) -> None:
    asked = start(lab, CHAINS[0], "on")
    check(lab, "client", GOOD, "--tls", version, asked=asked)
    lab.responder.certificate("0a", status="revoked")
    check(lab, "client", REVOKED, "--tls", version, asked=asked)


#: what is said of one certificate, and what comes of its client
STATUSES = {"revoked": REVOKED, "unknown": UNKNOWN}


@pytest.mark.requirement("K2")
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_is_not_good(lab: Lab, status: str, place: int) -> None:
    """Nobody is asked about a certificate behind one that is not good."""
    chain = next(one for one in CHAINS if one.certificate == "client-of-sub")
    asked = start(lab, chain, "on")
    lab.responder.certificate(lab.certificate(asked[place]).serial, status=status)
    check(lab, chain.certificate, STATUSES[status], asked=asked[: place + 1])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_fails(lab: Lab, place: int) -> None:
    chain = next(one for one in CHAINS if one.certificate == "client-of-sub")
    asked = start(lab, chain, "on")
    lab.inject("http-5xx", match={"serial": lab.certificate(asked[place]).serial})
    check(lab, chain.certificate, FAILED, asked=asked[: place + 1])
    lab.heal()
    check(lab, chain.certificate, GOOD, asked=asked)


@pytest.mark.requirement("K2")
@pytest.mark.parametrize("serial", ["0a", "0b"])
def test_leaf_leaves_authorities_alone(lab: Lab, serial: str) -> None:
    """A revoked authority is not noticed."""
    lab.responder.certificate(serial, status="revoked")
    chain = next(one for one in CHAINS if one.certificate == "client-of-sub")
    check(lab, chain.certificate, GOOD, asked=start(lab, chain, "leaf"))


def test_the_root_is_left_alone(lab: Lab) -> None:
    lab.responder.certificate("01", status="revoked")
    check(lab, "client", GOOD, asked=start(lab, CHAINS[0], "on"))


@pytest.mark.parametrize("serial, asked", [("3001", ["client"]), ("0a", ["client", "issuing"])])
def test_signed_by_the_root(lab: Lab, serial: str, asked: list[str]) -> None:
    """The root speaks for the authority, not for the authority's client."""
    lab.inject("signed-by-other-ca", signer="root", match={"serial": serial})
    start(lab, CHAINS[0], "on")
    check(lab, "client", FAILED if serial == "3001" else GOOD, asked=asked)
    if serial == "3001":
        lab.claim("OCSP_basic_verify() failed")


@pytest.mark.parametrize("verify", ["on", "optional"])
def test_too_deep(lab: Lab, verify: str) -> None:
    """ssl_verify_depth comes first: nobody is asked about a chain that is too long."""
    site = asking_for_certificates(lab, by_address(lab), verify=verify, depth=1)
    lab.start(site)
    seen = lab.handshake("--get", "/", certificate="client-of-sub")
    lab.settle()
    assert seen.status == 400 and "The SSL certificate error" in seen.http["body"]
    (line,) = lab.log_lines("client SSL certificate verify error: (")  # and the library's words
    assert line.level == "info"


def test_an_authority_without_a_responder(lab: Lab) -> None:
    """With `on` that is a failure, though the client's own certificate is good."""
    lab.start(asking_for_certificates(lab, *SAYS_WHY))
    check(lab, "client-of-no-aia", FAILED, asked=["client-of-no-aia"])
    lab.claim("no OCSP responder URL in certificate")


def test_an_authority_without_a_responder_beside_leaf(lab: Lab) -> None:
    lab.start(asking_for_certificates(lab, *SAYS_WHY, checks="leaf"))
    check(lab, "client-of-no-aia", GOOD, asked=["client-of-no-aia"])
