"""What tutorials and generators print, as they print it, and why some of it never staples.

`{...}` stands for the reader's own files and addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused

NO_RESOLVER = "no resolver defined to resolve ocsp.staplelab.test"
NO_ISSUER = '"ssl_stapling" ignored, issuer certificate not found for certificate'


@dataclass(frozen=True)
class Printed:
    """Lines of a server{}, and what comes of them."""

    id: str
    lines: str
    #: the file of ssl_certificate has the issuer, too
    chain: bool = True
    signer: str | None = None
    staples: bool = True
    connections: int = 1
    queries: int = 2
    warning: str = ""
    error: str = ""


PRINTED = (
    # Mozilla's generator
    Printed(
        "mozilla",
        "ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate {trusted}; "
        "resolver {stub};",
    ),
    # h5bp, nginxconfig.io: no trusted file, several servers, times
    Printed(
        "h5bp",
        "ssl_stapling on; ssl_stapling_verify on; resolver {stub} {stub-2} valid=60s; "
        "resolver_timeout 2s;",
    ),
    Printed(
        "h5bp-and-a-delegate",
        "ssl_stapling on; ssl_stapling_verify on; resolver {stub} {stub-2} valid=60s; "
        "resolver_timeout 2s;",
        signer="delegate",
        staples=False,
        error="OCSP_basic_verify() failed",
    ),
    # GitLab's: more than one name server, no IPv6
    Printed(
        "gitlab",
        "ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate {trusted}; "
        "resolver {stub} {stub-2} valid=300s ipv6=off; resolver_timeout 5s;",
        queries=1,
    ),
    # the certificate's own chain in the place of the trusted file: no root
    Printed(
        "full-chain-as-trusted",
        "ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate {chain}; "
        "resolver {stub} valid=300s;",
    ),
    Printed(
        "full-chain-as-trusted-and-a-delegate",
        "ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate {chain}; "
        "resolver {stub} valid=300s;",
        signer="delegate",
        staples=False,
        error="OCSP_basic_verify() failed",
    ),
    # two lines
    Printed(
        "two-lines",
        "ssl_stapling on; ssl_stapling_verify on;",
        queries=0,
        warning=NO_RESOLVER,
    ),
    Printed("one-line", "ssl_stapling on;", queries=0, warning=NO_RESOLVER),
    # the leaf alone in ssl_certificate
    Printed(
        "leaf-alone",
        "ssl_stapling on; ssl_stapling_verify on; resolver {stub};",
        chain=False,
        staples=False,
        connections=0,
        queries=0,
        warning=NO_ISSUER,
    ),
    Printed(
        "leaf-alone-and-a-trusted-file",
        "ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate {trusted}; "
        "resolver {stub};",
        chain=False,
        staples=False,
        error="OCSP_basic_verify() failed",
    ),
    # verify without stapling
    Printed(
        "verify-alone",
        "ssl_stapling_verify on; ssl_trusted_certificate {trusted}; resolver {stub};",
        staples=False,
        connections=0,
        queries=0,
    ),
    Printed(
        "responder-alone",
        "ssl_stapling_responder {url}; resolver {stub};",
        staples=False,
        connections=0,
        queries=0,
    ),
)


@pytest.mark.parametrize("printed", PRINTED, ids=lambda one: one.id)
def test_printed(lab: Lab, printed: Printed) -> None:
    if printed.signer:
        lab.responder.certificate("1001", signer=printed.signer)
    lines = printed.lines
    for name, value in {
        "{stub}": lab.resolver("stub"),
        "{stub-2}": lab.resolver("stub-2"),
        "{trusted}": str(lab.certificate().trusted),
        "{chain}": str(lab.certificate().chain),
        "{url}": lab.responder_url(),
    }.items():
        lines = lines.replace(name, value)
    lab.start(Site(plain=True, chain=printed.chain, directives=(lines,)))
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(printed.connections, printed.queries)
    assert lab.handshake().verdict == ("GOOD" if printed.staples else "NO_STAPLE")
    if printed.warning:
        lab.claim(printed.warning, level="warn")
    if printed.error:
        lab.claim(printed.error)


def test_a_resolver_of_a_time_alone(lab: Lab) -> None:
    """`resolver valid=300s;`: where the addresses were left out."""
    lab.start(
        Site(plain=True, directives=("ssl_stapling on;", "resolver valid=300s;")),
        expect=Refused("no name servers defined"),
    )


def test_what_is_commented_out(lab: Lab) -> None:
    lab.start(directives=("# ssl_stapling off;\n",))
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
