"""The configuration of the tutorials, word for word, and its usual variations."""

from __future__ import annotations

import pytest

from staplelab.servers.config import Site
from staplelab.scenario.lab import Lab


def first_and_second(lab: Lab, queries: int = 2) -> list[str | None]:
    """The verdicts of the first handshake and of one after the fetch."""
    first = lab.handshake()
    lab.settle(connections=1, queries=queries)
    return [first.verdict, lab.handshake().verdict]


def test_word_for_word(lab: Lab) -> None:
    """ssl_stapling, ssl_stapling_verify, ssl_trusted_certificate, resolver, resolver_timeout."""
    trusted = lab.certificate().trusted
    site = Site(
        plain=True,
        directives=(
            "ssl_stapling on;",
            "ssl_stapling_verify on;",
            f"ssl_trusted_certificate {trusted};",
            f"resolver {lab.resolver('stub')} {lab.resolver('stub-2')} valid=300s;",
            "resolver_timeout 5s;",
        ),
    )
    lab.start(site)
    assert first_and_second(lab) == ["NO_STAPLE", "GOOD"]


@pytest.mark.parametrize("verify", [False, True], ids=["verify-off", "verify-on"])
def test_issuer_in_the_chain_file(lab: Lab, verify: bool) -> None:
    lab.start(chain=True, trusted=True, verify=verify)
    assert first_and_second(lab) == ["NO_STAPLE", "GOOD"]


@pytest.mark.requirement("D11")
@pytest.mark.parametrize("verify", [False, True], ids=["verify-off", "verify-on"])
def test_issuer_only_in_the_trusted_file(lab: Lab, verify: bool) -> None:
    """The request is made, but a response that the issuer signed itself, and that does not carry
    its certificate, is refused: the signer is looked for in the chain, never in the store."""
    lab.start(chain=False, trusted=True, verify=verify)
    lab.claim("OCSP_basic_verify() failed")
    assert first_and_second(lab) == ["NO_STAPLE", "NO_STAPLE"]


@pytest.mark.requirement("D10")
def test_issuer_only_in_the_trusted_file_and_a_delegate(lab: Lab) -> None:
    """A response that carries its signer's certificate needs the chain for nothing."""
    lab.responder.certificate("1001", signer="delegate")
    lab.start(chain=False, trusted=True, verify=True)
    assert first_and_second(lab) == ["NO_STAPLE", "GOOD"]


@pytest.mark.requirement("G6")
def test_issuer_unknown(lab: Lab) -> None:
    """Neither file has the issuer: a warning when the configuration is read, never a staple."""
    lab.start(chain=False, trusted=False, verify=False)
    lab.claim('"ssl_stapling" ignored, issuer certificate not found for certificate', level="warn")
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle()
    assert lab.handshake().verdict == "NO_STAPLE"
    assert lab.responder.events("accept") == []


def test_no_trusted_file_but_a_chain(lab: Lab) -> None:
    """A signer found in the chain file is trusted without a path to a root (OCSP_TRUSTOTHER)."""
    lab.start(chain=True, trusted=False, verify=True)
    assert first_and_second(lab) == ["NO_STAPLE", "GOOD"]


def test_no_trusted_file_and_a_delegate(lab: Lab) -> None:
    """An embedded signer needs a path to a root, and no root is known."""
    lab.responder.certificate("1001", signer="delegate")
    lab.start(chain=True, trusted=False, verify=True)
    lab.claim("OCSP_basic_verify() failed")
    assert first_and_second(lab) == ["NO_STAPLE", "NO_STAPLE"]


def test_two_name_servers(lab: Lab) -> None:
    """Both are used in turn; either will do."""
    lab.start(resolver=f"{lab.resolver('stub')} {lab.resolver('stub-2')}")
    assert first_and_second(lab) == ["NO_STAPLE", "GOOD"]
    assert len(lab.stub.requests()) == 2


def test_ipv6_name_server(lab: Lab) -> None:
    if not lab.has_listener("stub-6"):
        lab.not_applicable("this machine has no IPv6 loopback address")
    lab.start(resolver=lab.resolver("stub-6"))
    assert first_and_second(lab) == ["NO_STAPLE", "GOOD"]
    assert {query["listener"] for query in lab.stub.requests()} == {"stub-6"}


@pytest.mark.requirement("F1")
@pytest.mark.parametrize("ipv6", [True, False], ids=["ipv6-on", "ipv6-off"])
def test_ipv6_off_asks_for_a_alone(lab: Lab, ipv6: bool) -> None:
    lab.start(resolver=f"{lab.resolver()} ipv6={'on' if ipv6 else 'off'}")
    assert first_and_second(lab, queries=2 if ipv6 else 1) == ["NO_STAPLE", "GOOD"]
    asked = sorted(query["qtype"] for query in lab.stub.requests())
    assert asked == (["A", "AAAA"] if ipv6 else ["A"])


@pytest.mark.requirement("F4")
def test_no_resolver(lab: Lab) -> None:
    """Without `resolver` the addresses of the start are used, with a warning at each fetch."""
    lab.start(resolver=None)
    lab.claim("no resolver defined to resolve ocsp.staplelab.test", level="warn")
    assert first_and_second(lab, queries=0) == ["NO_STAPLE", "GOOD"]


@pytest.mark.requirement("E14", "E15")
def test_responder_directive_beats_the_certificate(lab: Lab) -> None:
    """ssl_stapling_responder with an address literal: no DNS, no warning."""
    url = lab.responder_url().replace("ocsp.staplelab.test", lab.address("responder-2"))
    lab.start(resolver=None, directives=(f"ssl_stapling_responder {url};",))
    assert first_and_second(lab, queries=0) == ["NO_STAPLE", "GOOD"]
    assert [r["listener"] for r in lab.responder.requests()] == ["responder-2"]
