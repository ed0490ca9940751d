"""Configurations that nginx refuses: at its start it does not start, at a reload it goes on."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused

#: with ssl_ocsp, which has been there since then
CLIENT_CERTIFICATES = ">=1.19.0"
CLIENTS = "ssl_client_certificate {trusted}; ssl_verify_client {verify}; ssl_ocsp on;"

# what a server{} says, nginx's reason, and the versions that know the directives; {folder} and
# {trusted} are the scenario's.  All seen on 1.22.1 before they were written down.
REFUSALS = {
    "no-such-stapling-file": (
        "ssl_stapling_file {folder}/none.der;",
        'BIO_new_file("{folder}/none.der") failed',
        "",
    ),
    "stapling-file-of-no-response": (
        "ssl_stapling_file {trusted};",
        'd2i_OCSP_RESPONSE_bio("{trusted}") failed',
        "",
    ),
    "resolver-without-a-server": ("resolver valid=300s;", "no name servers defined", ""),
    "ocsp-without-a-verified-chain": (
        CLIENTS.replace("{verify}", "optional_no_ca"),
        '"ssl_ocsp" is incompatible with "ssl_verify_client optional_no_ca"',
        CLIENT_CERTIFICATES,
    ),
    "ocsp-responder-over-tls": (
        CLIENTS.replace("{verify}", "on") + " ssl_ocsp_responder https://ocsp.staplelab.test/;",
        'invalid URL prefix in OCSP responder "https://ocsp.staplelab.test/" in '
        '"ssl_ocsp_responder"',
        CLIENT_CERTIFICATES,
    ),
    "ocsp-cache-too-small": (
        "ssl_ocsp_cache shared:small:8k;",
        'OCSP cache "shared:small:8k" is too small',
        CLIENT_CERTIFICATES,
    ),
    "ocsp-cache-not-shared": (
        "ssl_ocsp_cache builtin:1000;",
        'invalid OCSP cache "builtin:1000"',
        CLIENT_CERTIFICATES,
    ),
}


def refused(lab: Lab, name: str) -> tuple[Site, Refused]:
    directives, reason, versions = REFUSALS[name]
    if not lab.server.within(versions):
        lab.not_applicable(f"the directive is there in nginx {versions}")
    names = {"{folder}": str(lab.folder), "{trusted}": str(lab.certificate().trusted)}
    for placeholder, value in names.items():
        directives = directives.replace(placeholder, value)
        reason = reason.replace(placeholder, value)
    return Site(directives=(directives,), resolver=None), Refused(reason)


@pytest.mark.parametrize("name", REFUSALS)
def test_at_the_start(lab: Lab, name: str) -> None:
    """No half-configured server: nginx ends and says why, on stderr."""
    site, reason = refused(lab, name)
    lab.start(site, expect=reason)


@pytest.mark.parametrize("name", REFUSALS)
def test_at_a_reload(lab: Lab, name: str) -> None:
    """The same is only logged: the old workers go on with the staple that they have."""
    lab.needs(workers=True)
    site, reason = refused(lab, name)
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    workers = lab.nginx.workers()
    lab.reconfigure(site, expect=reason)
    assert lab.nginx.workers() == workers
    assert lab.handshake().verdict == "GOOD"
    assert len(lab.responder.requests()) == 1


def test_a_refused_reload_stops_no_refresh(lab: Lab) -> None:
    """The old workers fetch when it is time, as if nothing had been."""
    lab.start()
    lab.handshake()
    lab.settle(connections=1)
    lab.reconfigure(directives=("nonsense on;",), expect=Refused('unknown directive "nonsense"'))
    lab.step(3601)
    assert lab.handshake().verdict == "GOOD"
    lab.settle(connections=1)
    assert lab.handshake().verdict == "GOOD"
    assert len(lab.responder.requests()) == 2


def test_a_reload_after_a_refused_one(lab: Lab) -> None:
    lab.start()
    lab.reconfigure(directives=("nonsense on;",), expect=Refused('unknown directive "nonsense"'))
    lab.reconfigure(stapling=False)
    lab.handshake()
    lab.settle()
    assert lab.handshake().verdict == "NO_STAPLE"
    assert lab.responder.requests() == []
