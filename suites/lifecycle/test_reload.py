"""A reload with another configuration."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.scenario.world import OCSP_HOST
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused


@pytest.mark.requirement("G3")
def test_another_certificate(lab: Lab) -> None:
    """The new workers know no staple; the next one they fetch is that of the new certificate."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    old = lab.handshake()
    assert (old.serial, old.verdict) == ("1001", "GOOD")
    lab.reconfigure(Site(certificates=("www-rsa",)))
    first = lab.handshake()
    assert (first.serial, first.verdict) == ("1002", "NO_STAPLE")
    lab.settle(connections=1)
    second = lab.handshake()
    assert (second.serial, second.verdict) == ("1002", "GOOD")
    assert [request["serials"] for request in lab.responder.requests()] == [["1001"], ["1002"]]


@pytest.mark.requirement("G4")
@pytest.mark.requirement("G3", "G4")
def test_another_certificate_during_a_fetch(lab: Lab) -> None:
    """The old worker's fetch is ended by the old worker: its response is for nobody."""
    lab.needs(workers=True)
    lab.inject("fixed-latency", ms=1000, times=1)
    lab.start()
    (old,) = lab.nginx.workers()
    lab.handshake()
    lab.settle(connections=1)
    lab.reconfigure(Site(certificates=("www-rsa",)), wait=False)
    lab.nginx.wait_for_new_worker(old)
    assert lab.handshake().serial == "1002"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.step(1)
    lab.nginx.wait_for_end(old)
    assert [request["serials"] for request in lab.responder.requests()] == [["1001"], ["1002"]]


def test_stapling_switched_on(lab: Lab) -> None:
    lab.start(stapling=False)
    lab.handshake()
    lab.settle()
    assert lab.responder.requests() == []
    lab.reconfigure()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("G3")
def test_another_certificate_in_the_same_file(lab: Lab) -> None:
    """As a renewal does it: nobody looks at the file before the reload."""
    ecdsa, rsa = lab.certificate("www"), lab.certificate("www-rsa")
    assert ecdsa.chain is not None and rsa.chain is not None
    chain = lab.file("chain.pem", ecdsa.chain.read_text())
    key = lab.file("key.pem", ecdsa.private_key.read_text())
    names = (f"ssl_certificate {chain};", f"ssl_certificate_key {key};")
    lab.start(Site(certificates=(), trusted=ecdsa, directives=names))
    lab.handshake()
    lab.settle(connections=1)
    lab.file("chain.pem", rsa.chain.read_text())
    lab.file("key.pem", rsa.private_key.read_text())
    before = lab.handshake()
    assert (before.serial, before.verdict) == ("1001", "GOOD")
    lab.reload()
    assert lab.handshake().serial == "1002"
    lab.settle(connections=1)
    after = lab.handshake()
    assert (after.serial, after.verdict) == ("1002", "GOOD")


def test_another_certificate_and_the_old_key(lab: Lab) -> None:
    """A renewal that was stopped half-way: the old workers go on with what they have read."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    other = lab.certificate("other")
    lab.reconfigure(Site(chain=other), expect=Refused("SSL_CTX_use_PrivateKey("))
    after = lab.handshake()
    assert (after.serial, after.verdict) == ("1001", "GOOD")


def test_included_file(lab: Lab) -> None:
    """What is included is read anew at a reload, too."""
    include = lab.file("stapling.conf", "ssl_stapling off;\n")
    lab.start(Site(plain=True, include=include, directives=(f"resolver {lab.resolver()};",)))
    lab.handshake()
    lab.settle()
    assert lab.responder.requests() == []
    lab.file("stapling.conf", "ssl_stapling on;\n")
    lab.reload()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.parametrize("signer", [None, "delegate"], ids=["issuer", "delegate"])
def test_trusted_file_of_another_authority(lab: Lab, signer: str | None) -> None:
    """The issuer is in the chain: nginx trusts what that has signed itself (OCSP_TRUSTOTHER), and
    needs the trusted file for a delegate's certificate only."""
    lab.responder.certificate("1001", signer=signer)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.reconfigure(trusted=lab.certificate("rogue"))
    lab.handshake()
    lab.settle(connections=1)
    if signer is None:
        assert lab.handshake().verdict == "GOOD"
    else:
        assert lab.handshake().verdict == "NO_STAPLE"
        lab.claim("OCSP_basic_verify() failed")


@pytest.mark.requirement("F4")
def test_another_address_in_the_hosts_file(lab: Lab) -> None:
    """Without a resolver nginx keeps the address that it found when it read its configuration: a
    reload finds the new one, also within the second in which the old one was written."""
    lab.start(resolver=None)
    lab.handshake()
    lab.settle(connections=1, queries=0)
    lab.host_entry(OCSP_HOST, lab.address("responder-2"))
    lab.reload()
    lab.handshake()
    lab.settle(connections=1, queries=0)
    assert lab.handshake().verdict == "GOOD"
    asked = [request["listener"] for request in lab.responder.requests()]
    assert asked == ["responder", "responder-2"]
    lab.claim("no resolver defined to resolve ocsp.staplelab.test", times=2, level="warn")
