"""What nginx refuses to start with, and why: each of its words for what OCSP needs.

Whether a refused reload leaves the old workers alone is looked at in suites/lifecycle.
"""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.servers.refused import Refused
from suites.configuration.refusals import CLIENTS, OCSP, REFUSALS, Refusal


def filled(lab: Lab, text: str) -> str:
    text = text.replace("{folder}", str(lab.folder))
    return text.replace("{trusted}", str(lab.certificate().trusted))


def known(lab: Lab, versions: str) -> None:
    if not lab.server.within(versions):
        lab.not_applicable(f"it is so in nginx {versions}")


def by_directive() -> dict[str, list[Refusal]]:
    found: dict[str, list[Refusal]] = {}
    for one in REFUSALS:
        found.setdefault(one.about, []).append(one)
    return found


@pytest.mark.parametrize("refusals", by_directive().values(), ids=by_directive())
def test_refused(lab: Lab, refusals: list[Refusal]) -> None:
    """One start after the other, each with another fault."""
    here = [one for one in refusals if lab.server.within(one.versions)]
    if not here:
        known(lab, refusals[0].versions)
    for one in here:
        site = Site(plain=True, directives=(filled(lab, one.directives),))
        lab.start(site, expect=Refused(filled(lab, one.reason)))


def test_an_ocsp_responder_that_does_not_resolve(lab: Lab) -> None:
    """In a certificate that is a warning."""
    known(lab, OCSP)
    lab.host_entry("nowhere.staplelab.test")
    lab.start(
        directives=(filled(lab, CLIENTS), "ssl_ocsp_responder http://nowhere.staplelab.test/;"),
        expect=Refused(
            'host not found in OCSP responder "nowhere.staplelab.test/" in "ssl_ocsp_responder"'
        ),
    )


@pytest.mark.parametrize("value", ["off", "shared:x:32k", "shared:x:1m"])
def test_a_cache_that_is_taken(lab: Lab, value: str) -> None:
    """Eight pages are enough."""
    known(lab, OCSP)
    lab.start(Site(directives=(f"ssl_ocsp_cache {value};",)))
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)


@pytest.mark.parametrize("url", ["HTTP://127.0.0.1/", "http://127.0.0.1:65535", "http://[::1]"])
def test_an_ocsp_responder_that_is_taken(lab: Lab, url: str) -> None:
    known(lab, OCSP)
    lab.start(Site(plain=True, directives=(f"{filled(lab, CLIENTS)} ssl_ocsp_responder {url};",)))
    assert lab.handshake("--no-status").verdict == "NOT_REQUESTED"
    lab.settle()


def test_clients_of_any_authority(lab: Lab) -> None:
    """optional_no_ca verifies no chain, so there is none to ask about; ssl_ocsp_cache and
    ssl_ocsp_responder alone are no matter."""
    known(lab, OCSP)
    more = "ssl_ocsp_cache off; ssl_ocsp_responder http://127.0.0.1/; ssl_ocsp off;"
    asks = filled(lab, CLIENTS).replace("verify_client on", "verify_client optional_no_ca")
    reason = '"ssl_ocsp" is incompatible with "ssl_verify_client optional_no_ca"'
    lab.start(directives=(asks,), expect=Refused(reason))
    lab.start(directives=(asks.replace("ssl_ocsp on;", more),))
    lab.handshake()
    lab.settle(connections=1)
