"""Workers, reload, crash: the cache is a worker's own memory."""

from __future__ import annotations

import pytest

from staplelab.servers.config import Site
from staplelab.scenario.lab import Lab

#: signature algorithms that make nginx choose a certificate
ECDSA = "ECDSA+SHA256"
RSA = "RSA-PSS+SHA256:RSA+SHA256"


@pytest.mark.requirement("B2")
def test_one_cache_a_worker(lab: Lab) -> None:
    lab.needs(workers=True, cache="worker")
    lab.start(workers=2)
    workers = lab.nginx.wait_for_workers(2)
    for pid in workers:
        with lab.nginx.only(pid):
            assert lab.handshake().verdict == "NO_STAPLE"
            lab.settle(connections=1)
            assert lab.handshake().verdict == "GOOD"
    fetched = len(lab.responder.requests())
    lab.deviation("NGX-002", fetched, conforms=1, deviates=2)


@pytest.mark.requirement("B4")
def test_single_flight(lab: Lab) -> None:
    """While a fetch is under way no second one is started."""
    lab.inject("fixed-latency", ms=1000)
    lab.start()
    for _ in range(8):
        assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert len(lab.responder.requests()) == 1
    lab.step(1)
    lab.settle()
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("G1")
def test_reload_loses_the_staple(lab: Lab) -> None:
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.reload()
    first = lab.handshake()
    lab.deviation("NGX-003", first.verdict, conforms="GOOD", deviates="NO_STAPLE")
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("G4")
def test_reload_during_a_fetch(lab: Lab) -> None:
    """The old worker stays until its fetch has ended, then goes by itself."""
    lab.needs(workers=True)
    lab.inject("accept-then-silence", times=1)
    lab.start()
    (old,) = lab.nginx.workers()
    lab.handshake()
    lab.settle(connections=1)
    lab.reload(wait=False)
    lab.nginx.wait_for_new_worker(old)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert old in lab.nginx.workers(), "the old worker left its fetch alone"
    lab.step(61)
    lab.nginx.wait_for_end(old)
    lab.claim("OCSP responder timed out (110: Connection timed out)")


@pytest.mark.requirement("G2")
def test_worker_killed(lab: Lab) -> None:
    """The master starts another one, which knows no staple."""
    lab.needs(workers=True, cache="worker")
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    lab.nginx.kill_worker(lab.nginx.workers()[0])
    lab.claim("exited on signal 9", alert=True)
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert len(lab.responder.requests()) == 2


def test_the_other_worker_survives_a_kill(lab: Lab) -> None:
    lab.needs(workers=True, cache="worker")
    lab.start(workers=2)
    victim, survivor = lab.nginx.wait_for_workers(2)
    with lab.nginx.only(survivor):
        lab.handshake()
        lab.settle(connections=1)
    lab.nginx.kill_worker(victim)
    lab.claim("exited on signal 9", alert=True)
    with lab.nginx.only(survivor):
        assert lab.handshake().verdict == "GOOD"


@pytest.mark.requirement("I1")
def test_one_cache_a_server_block(lab: Lab) -> None:
    """The same certificate in two server{}: two fetches; a third without stapling gets none."""
    lab.start(
        Site(),
        Site(server_name="second.staplelab.test"),
        Site(server_name="third.staplelab.test", stapling=False),
    )
    for name in ("www.staplelab.test", "second.staplelab.test"):
        assert lab.handshake(name=name).verdict == "NO_STAPLE"
        lab.settle(connections=1)
        assert lab.handshake(name=name).verdict == "GOOD"
    assert lab.handshake(name="third.staplelab.test").verdict == "NO_STAPLE"
    lab.settle()
    assert len(lab.responder.requests()) == 2


@pytest.mark.requirement("A13")
def test_two_certificates_two_staples(lab: Lab) -> None:
    """RSA and ECDSA in one server{}: each handshake gets the staple of the certificate it got."""
    lab.start(certificates=("www", "www-rsa"))
    choices = {"1001": ECDSA, "1002": RSA}
    for (serial, algorithms), queries in zip(choices.items(), (2, 0), strict=True):
        first = lab.handshake("--sigalgs", algorithms, "--tls", "1.2")
        assert (first.serial, first.verdict) == (serial, "NO_STAPLE")
        lab.settle(connections=1, queries=queries)
    for serial, algorithms in choices.items():
        second = lab.handshake("--sigalgs", algorithms, "--tls", "1.2")
        assert (second.serial, second.verdict) == (serial, "GOOD")
        assert second.staple["responses"][0]["serial"] == serial
    assert [r["serials"] for r in lab.responder.requests()] == [["1001"], ["1002"]]


@pytest.mark.requirement("A13")
def test_tls_1_3_gets_the_staple_of_its_certificate(lab: Lab) -> None:
    """A client that gets the ECDSA certificate is not told of the RSA one, whose response is there
    already."""
    lab.start(certificates=("www", "www-rsa"))
    rsa = lab.handshake("--sigalgs", RSA, "--tls", "1.3")
    assert (rsa.serial, rsa.verdict) == ("1002", "NO_STAPLE")
    lab.settle(connections=1)
    ecdsa = lab.handshake("--sigalgs", ECDSA, "--tls", "1.3")
    assert ecdsa.serial == "1001"
    lab.deviation("NGX-025", ecdsa.verdict, conforms="NO_STAPLE", deviates="NOT_FOR_THIS_CERT")
    lab.settle(connections=int(ecdsa.verdict == "NO_STAPLE"), queries=0)
    if ecdsa.verdict == "NO_STAPLE":
        assert lab.handshake("--sigalgs", ECDSA, "--tls", "1.3").verdict == "GOOD"
    assert lab.handshake("--sigalgs", RSA, "--tls", "1.3").verdict == "GOOD"


@pytest.mark.requirement("A14")
def test_name_selects_certificate_and_staple(lab: Lab) -> None:
    lab.start(Site(), Site(certificates=("other",), server_name="other.staplelab.test"))
    for name, serial in (("www.staplelab.test", "1001"), ("other.staplelab.test", "1005")):
        lab.handshake(name=name)
        lab.settle(connections=1)
        second = lab.handshake(name=name)
        assert (second.serial, second.verdict) == (serial, "GOOD")
