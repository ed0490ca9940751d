"""What goes over the wire, octet by octet.

That each request of every scenario has the same form is held by its length, its path and its host
(staplelab/scenario/invariants.py); here the octets themselves are.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from suites.request import octets
from suites.request.octets import Recorder

pytestmark = pytest.mark.profile("aia-forms")

# of 1, 2, 3 and 20 octets: the base64 ends in =, in none, in ==, and has + and /
SERIALS = ("serial-1-octet", "aia-path", "serial-3-octets", "serial-20-octets")


def fetched(lab: Lab, certificate: str, path: str = "/") -> list[bytes]:
    """What nginx has sent in one fetch, through a relay that its directive names."""
    recorder = Recorder(lab)
    url = f"http://{recorder.at}{path}"
    lab.start(certificates=(certificate,), directives=(f"ssl_stapling_responder {url};",))
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    return recorder.requests()


@pytest.mark.requirement("E1")
@pytest.mark.parametrize("certificate", SERIALS)
def test_serial_number(lab: Lab, certificate: str) -> None:
    der = octets.request(lab, certificate)
    (sent,) = fetched(lab, certificate)
    assert sent == octets.get(der, "/", lab.address("beside"))
    ends = {"serial-1-octet": b"%3D ", "serial-3-octets": b"%3D%3D "}
    assert sent.count(b"%3D") == ends.get(certificate, b"").count(b"%3D")
    if certificate == "serial-20-octets":
        assert b"%2B%2B%2B%2B%2F%2F%2F%2F" in sent


@pytest.mark.requirement("E1", "E14")
@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("", "/"),
        ("/ocsp?ca=1", "/ocsp?ca=1/"),
        ("/%7e+%2B", "/%7e+%2B/"),
    ],
)
def test_path(lab: Lab, path: str, base: str) -> None:
    """Nothing in the URL's path is escaped again or unescaped; a slash is added where there is
    none."""
    der = octets.request(lab, "aia-path")
    (sent,) = fetched(lab, "aia-path", path)
    assert sent == octets.get(der, base, lab.address("beside"))


def test_the_same_again(lab: Lab) -> None:
    """No nonce, no date: each request for a certificate is the same."""
    recorder = Recorder(lab)
    lab.start(
        certificates=("aia-path",), directives=(f"ssl_stapling_responder http://{recorder.at}/;",)
    )
    for _ in range(3):
        lab.handshake()
        lab.settle(connections=1)
        lab.step(3601)
    first, *others = recorder.requests()
    assert others == [first, first]


@pytest.mark.profile("chains")
def test_the_issuer_is_who_signed_the_leaf(lab: Lab) -> None:
    """Not the last of the chain, nor the first."""
    recorder = Recorder(lab)
    chain = [lab.certificate(one).file.read_text() for one in ("deep", "policy", "deep-issuing")]
    lab.start(
        certificates=("deep",),
        chain=lab.file("chain.pem", "".join(chain)),
        directives=(f"ssl_stapling_responder http://{recorder.at}/;",),
    )
    lab.handshake()
    lab.settle(connections=1)
    der = octets.request(lab, "deep", "deep-issuing")
    assert recorder.requests() == [octets.get(der, "/", lab.address("beside"))]


@pytest.mark.requirement("E14")
@pytest.mark.parametrize("literal", ["name", "ipv4", "ipv6"])
def test_host(lab: Lab, literal: str) -> None:
    """The Host header lacks the port that the URL has, an IPv6 address keeps its brackets."""
    host = {
        "name": "ocsp.staplelab.test",
        "ipv4": lab.address("responder"),
        "ipv6": ipv6(lab) if literal == "ipv6" else "",
    }[literal]
    url = f"http://{host}:{lab.responder.port}/"
    # an IPv6 address is looked up where there is a resolver (NGX-027, suites/resolver)
    resolver = None if literal == "ipv6" else "lab"
    responder = (f"ssl_stapling_responder {url};",)
    lab.start(certificates=("aia-path",), resolver=resolver, directives=responder)
    if literal == "ipv6":
        lab.claim(f"no resolver defined to resolve {host} while", level="warn")
    lab.handshake()
    lab.settle(connections=1, queries=2 if literal == "name" else 0)
    assert lab.handshake().verdict == "GOOD"
    (request,) = lab.responder.requests()
    lab.deviation(
        "NGX-033",
        "without the port" if request["host"] == host else request["host"].removeprefix(host),
        conforms=f":{lab.responder.port}",
        deviates="without the port",
    )


def ipv6(lab: Lab) -> str:
    """The responder's address in brackets."""
    if "responder-6" not in lab.responder.listeners():
        lab.not_applicable("this machine has no IPv6 loopback address")
    address, _ = lab.responder.listener("responder-6")
    return f"[{address}]"


@pytest.mark.requirement("E14")
def test_a_query_without_a_path(lab: Lab) -> None:
    """http://host?x: the path is empty, which a request line says as a slash."""
    lab.exempt("request-form", "there is no path in the request")
    lab.start(certificates=("aia-query-alone",))
    lab.handshake()
    lab.settle(connections=1)
    (request,) = lab.responder.requests()
    lab.deviation(
        "NGX-034", request["path"].partition("/M")[0], conforms="/?ca=1", deviates="?ca=1"
    )
    assert lab.handshake().verdict == "GOOD"
