"""Several server{} and names: whose stapling it is that a client meets."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

WWW = "www.staplelab.test"
OTHER = "other.staplelab.test"
UNKNOWN = "nobody.staplelab.test"


def staples(lab: Lab, name: str, serial: str, *, fetch: bool = True, queries: int = 2) -> None:
    """A client that asks for this name gets this certificate, and its staple once it is fetched."""
    first = lab.handshake(name=name)
    assert (first.serial, first.verdict) == (serial, "NO_STAPLE" if fetch else "GOOD")
    lab.settle(connections=int(fetch), queries=queries if fetch else 0)
    second = lab.handshake(name=name)
    assert (second.serial, second.verdict) == (serial, "GOOD")


def bare(lab: Lab, name: str, serial: str) -> None:
    """It gets this certificate, never a staple, and nobody is asked."""
    for _ in range(2):
        got = lab.handshake(name=name)
        assert (got.serial, got.verdict) == (serial, "NO_STAPLE")
        lab.settle()


def test_the_default_server(lab: Lab) -> None:
    """A name that no server{} has is the first one's, staple and all."""
    lab.start(Site(), Site(certificates=("other",), server_name=OTHER))
    staples(lab, UNKNOWN, "1001")
    staples(lab, WWW, "1001", fetch=False)
    staples(lab, OTHER, "1005")  # a resolver of its own has a cache of its own


def test_the_default_server_does_not_staple(lab: Lab) -> None:
    """The name is known before the staple is asked for."""
    lab.start(Site(stapling=False), Site(certificates=("other",), server_name=OTHER))
    bare(lab, UNKNOWN, "1001")
    staples(lab, OTHER, "1005")
    bare(lab, WWW, "1001")


def test_only_the_default_server_staples(lab: Lab) -> None:
    other = Site(certificates=("other",), server_name=OTHER, stapling=False)
    lab.start(Site(), other)
    bare(lab, OTHER, "1005")
    staples(lab, UNKNOWN, "1001")
    bare(lab, OTHER, "1005")


@pytest.mark.parametrize(
    "names", [f"{WWW} {OTHER}", "*.staplelab.test", ".staplelab.test", "www.* other.*"]
)
def test_several_names_of_one_server(lab: Lab, names: str) -> None:
    """One fetch for all of its names."""
    elsewhere = Site(certificates=("www-rsa",), server_name="elsewhere.test", stapling=False)
    lab.start(elsewhere, Site(server_name=names))
    staples(lab, WWW, "1001")
    staples(lab, OTHER, "1001", fetch=False)
    bare(lab, "elsewhere.test", "1002")


def test_one_certificate_in_three_servers(lab: Lab) -> None:
    """Each server{} fetches for itself, and for its own clients alone."""
    third = "third.staplelab.test"
    lab.start(
        Site(),
        Site(server_name=OTHER),
        Site(server_name=third, stapling=False),
    )
    staples(lab, WWW, "1001")
    bare(lab, third, "1001")
    staples(lab, OTHER, "1001")
    bare(lab, third, "1001")


def test_one_certificate_and_two_responders(lab: Lab) -> None:
    """Each server{} asks at the URL that it has itself."""
    lab.start(
        Site(),
        Site(server_name=OTHER, directives=(f"ssl_stapling_responder {url(lab)};",)),
    )
    staples(lab, OTHER, "1001", queries=0)
    staples(lab, WWW, "1001")
    asked = [request["listener"] for request in lab.responder.requests()]
    assert asked == ["responder-2", "responder"]


def url(lab: Lab) -> str:
    return f"http://{lab.address('responder-2')}:{lab.responder.port}/"


def test_one_certificate_and_two_resolvers(lab: Lab) -> None:
    """Each server{} asks the name server that it has itself."""
    lab.start(
        Site(resolver=lab.resolver("stub-2")),
        Site(server_name=OTHER, resolver=lab.resolver("stub")),
    )
    staples(lab, OTHER, "1001")
    staples(lab, WWW, "1001")
    asked = [query["listener"] for query in lab.stub.requests()]
    assert asked == ["stub", "stub", "stub-2", "stub-2"]


def test_verify_in_one_of_two(lab: Lab) -> None:
    """A signer whom nobody has authorised is believed where nothing is verified, there alone."""
    lab.responder.certificate("1001", signer="delegate-no-eku")
    lab.start(Site(), Site(server_name=OTHER, verify=False))
    for name in (OTHER, WWW):
        lab.handshake(name=name)
        lab.settle(connections=1)
    assert lab.handshake(name=OTHER).verdict == "UNAUTHORIZED_SIGNER"
    assert lab.handshake(name=WWW).verdict == "NO_STAPLE"
    lab.claim("OCSP_basic_verify() failed")


@pytest.mark.parametrize("order", [("www", "www-rsa"), ("www-rsa", "www")], ids="-".join)
def test_two_keys(lab: Lab, order: tuple[str, str]) -> None:
    """Each certificate of a server{} has a staple of its own, which the other one never gets."""
    lab.start(certificates=order)
    ecdsa = ("--sigalgs", "ECDSA+SHA256")
    rsa = ("--sigalgs", "RSA-PSS+SHA256:RSA+SHA256")
    for options, serial, queries in ((rsa, "1002", 2), (ecdsa, "1001", 0)):
        first = lab.handshake(*options)
        assert (first.serial, first.verdict) == (serial, "NO_STAPLE")
        lab.settle(connections=1, queries=queries)
    for options, serial in ((rsa, "1002"), (ecdsa, "1001")):
        second = lab.handshake(*options)
        assert (second.serial, second.verdict) == (serial, "GOOD")


@pytest.mark.profile("chains")
def test_two_keys_of_two_issuers(lab: Lab) -> None:
    """What stands behind each certificate is its own: who is asked about, who has signed, what is
    sent.  Nothing is trusted, so each signer is found there or nowhere."""
    lab.start(certificates=("www", "www-rsa"), trusted=False)
    for options, leaf, chain in (
        (("--sigalgs", "RSA-PSS+SHA256:RSA+SHA256"), "www-rsa", ["4004", "e", "1d"]),
        (("--sigalgs", "ECDSA+SHA256"), "www", ["4001", "a"]),
    ):
        first = lab.handshake(*options)
        assert [one["serial"] for one in first.facts["chain"]] == chain
        lab.settle(connections=1, queries=2 if leaf == "www-rsa" else 0)
        assert lab.handshake(*options).verdict == "GOOD"
        assert lab.responder.requests()[-1]["certificates"] == [leaf]


@pytest.mark.requirement("G5")
def test_a_certificate_with_a_variable(lab: Lab) -> None:
    """Loaded at each handshake, it is never stapled, and nginx says nothing of it."""
    if not lab.server.within(">=1.15.9"):
        lab.not_applicable("variables in ssl_certificate are there in nginx >=1.15.9")
    mine = lab.certificate()
    assert mine.chain is not None
    lab.file(f"{WWW}.pem", mine.chain.read_text())
    lab.file(f"{WWW}.key", mine.private_key.read_text())
    lab.start(
        certificates=(),
        directives=(
            f"ssl_certificate {lab.folder}/$ssl_server_name.pem;",
            f"ssl_certificate_key {lab.folder}/$ssl_server_name.key;",
        ),
    )
    bare(lab, WWW, "1001")


def test_beside_a_server_that_refuses_all(lab: Lab) -> None:
    """A server{} without a certificate staples nothing, and is no obstacle to the others."""
    if not lab.server.within(">=1.19.4"):
        lab.not_applicable("ssl_reject_handshake is there in nginx >=1.19.4")
    refuses = Site(certificates=(), server_name="_", directives=("ssl_reject_handshake on;",))
    lab.start(refuses, Site())
    assert lab.handshake(name=UNKNOWN).verdict is None
    lab.settle()
    staples(lab, WWW, "1001")


def test_beside_a_server_without_tls(lab: Lab) -> None:
    """`ssl_stapling on` in http{} also reaches a server{} that has no certificate."""
    lab.start(Site(plain=True), http=f"ssl_stapling on; resolver {lab.resolver('stub')};")
    staples(lab, WWW, "1001")
    lab.reload()
    staples(lab, WWW, "1001")
