"""A responder whose name does not resolve when nginx reads its configuration."""

from __future__ import annotations

import pytest

from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

IGNORED = '"ssl_stapling" ignored, host not found in OCSP responder "ocsp.staplelab.test:'
OTHER = "other.staplelab.test"


def never(lab: Lab, name: str = "www.staplelab.test") -> None:
    """Not now and not an hour later, though the name server has the name."""
    for seconds in (0, 3601):
        lab.step(seconds)
        assert lab.handshake(name=name).verdict == "NO_STAPLE"
        lab.settle()


def unknown(lab: Lab) -> int:
    """The system cannot resolve the name.  In containers it asks the stub, so that must not have it
    either.  Returns how often the stub has been asked."""
    lab.host_entry(OCSP_HOST)
    lab.stub.forget(OCSP_HOST, "A")
    return len(lab.stub.requests())


def known_to_the_resolver(lab: Lab, asked: int) -> None:
    """From now on the name server has the name."""
    lab.settle(so_far=True)  # how often the system has asked is its own matter
    lab.settle(queries=len(lab.stub.requests()) - asked)
    lab.stub.record(OCSP_HOST, "A", lab.address("responder"))


def good(lab: Lab, name: str = "www.staplelab.test", queries: int = 2) -> None:
    lab.handshake(name=name)
    lab.settle(connections=1, queries=queries)
    assert lab.handshake(name=name).verdict == "GOOD"


@pytest.mark.requirement("F5")
def test_at_the_start(lab: Lab) -> None:
    """The certificate is not stapled until the next reload, whatever `resolver` knows."""
    asked = unknown(lab)
    lab.start()
    lab.claim(IGNORED, level="warn")
    known_to_the_resolver(lab, asked)
    never(lab)
    lab.host_entry(OCSP_HOST, lab.address("responder"))
    never(lab)
    lab.reload()
    good(lab)


def test_at_a_reload(lab: Lab) -> None:
    """What had been stapled is not stapled any more."""
    lab.start()
    good(lab)
    asked = unknown(lab)
    lab.reload()
    lab.claim(IGNORED, level="warn")
    known_to_the_resolver(lab, asked)
    never(lab)
    lab.host_entry(OCSP_HOST, lab.address("responder"))
    lab.reload()
    good(lab)


def test_a_warning_for_each_certificate(lab: Lab) -> None:
    asked = unknown(lab)
    other = Site(certificates=("other",), server_name=OTHER)
    lab.start(Site(certificates=("www", "www-rsa")), other)
    known_to_the_resolver(lab, asked)
    for certificate in ("www", "www-rsa", "other"):
        file = lab.certificate(certificate).chain
        lab.claim(f'in the certificate "{file}"', level="warn")
    never(lab)
    never(lab, OTHER)


def test_an_address_instead(lab: Lab) -> None:
    """What ssl_stapling_responder names is all that is looked up."""
    asked = unknown(lab)
    url = f"http://{lab.address('responder')}:{lab.responder.port}/"
    lab.start(
        Site(directives=(f"ssl_stapling_responder {url};",)),
        Site(certificates=("other",), server_name=OTHER),
    )
    lab.claim(IGNORED, level="warn")
    known_to_the_resolver(lab, asked)
    good(lab, queries=0)
    never(lab, OTHER)


def test_the_addresses_of_the_start(lab: Lab) -> None:
    """Without `resolver` they hold until the next reload, whatever the name resolves to since."""
    lab.start(resolver=None)
    lab.host_entry(OCSP_HOST, lab.address("responder-2"))
    good(lab, queries=0)
    lab.reload()
    good(lab, queries=0)
    asked = [request["listener"] for request in lab.responder.requests()]
    assert asked == ["responder", "responder-2"]
    lab.claim("no resolver defined to resolve ocsp.staplelab.test", times=2, level="warn")


def test_two_addresses_of_the_start(lab: Lab) -> None:
    """In the order in which the system has them; the next one when nobody is at the first."""
    lab.host_entry(OCSP_HOST, lab.address("responder"), lab.address("responder-2"))
    lab.kill("responder")
    lab.revive("responder", only="responder-2")
    lab.start(resolver=None)
    lab.handshake()
    later = lab.server.within(">=1.19.0")
    lab.settle(connections=int(later), queries=0, refused=1)
    assert lab.handshake().verdict == ("GOOD" if later else "NO_STAPLE")
    lab.claim("no resolver defined to resolve ocsp.staplelab.test", level="warn")
    lab.claim("(111: Connection refused) while requesting certificate status")
    lab.claim("OCSP responder prematurely closed connection")


def test_the_resolver_beats_the_addresses_of_the_start(lab: Lab) -> None:
    lab.host_entry(OCSP_HOST, lab.address("beside"))
    lab.start()
    good(lab)
    assert [request["listener"] for request in lab.responder.requests()] == ["responder"]
