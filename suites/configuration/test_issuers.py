"""Where nginx looks for the issuer, whom it needs for the request, and for the signer of a
response: every file in which they can stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site

pytestmark = pytest.mark.profile("chains")

NOT_FOUND = '"ssl_stapling" ignored, issuer certificate not found for certificate'
REFUSED = "OCSP_basic_verify() failed"

#: what comes of it: a staple, a response that is refused, nobody who is asked
GOOD = "GOOD"
IN_VAIN = "IN_VAIN"
NEVER = "NEVER"


@dataclass(frozen=True)
class Place:
    """Certificates, by their ids, in the files that nginx is given."""

    chain: str
    trusted: str = ""
    clients: str = ""
    #: what comes of it with ssl_stapling_verify off, and on
    off: str = GOOD
    on: str = GOOD
    signer: str = "issuer"

    def __str__(self) -> str:
        words = [self.chain, self.trusted and f"trusted {self.trusted}"]
        words += [self.clients and f"clients {self.clients}"]
        words += [self.signer if self.signer != "issuer" else ""]
        return "--".join(filter(None, words)).replace(" ", "-")


# The issuer is looked for among what ssl_certificate holds behind the leaf, then in the store,
# which ssl_trusted_certificate and ssl_client_certificate fill.  Who has signed is looked for in
# the response and among what ssl_certificate holds, never in the store.  All seen on 1.22.1 first.
PLACES = (
    Place("www issuing"),
    Place("www issuing root"),
    Place("www root issuing"),
    Place("www policy root issuing"),
    Place("www issuing issuing"),
    Place("www", off=NEVER, on=NEVER),
    Place("www root", off=NEVER, on=NEVER),
    Place("www policy", off=NEVER, on=NEVER),
    Place("www", "root", off=NEVER, on=NEVER),
    Place("www", "policy root", off=NEVER, on=NEVER),
    Place("www", "issuing", off=IN_VAIN, on=IN_VAIN),
    Place("www", "issuing root", off=IN_VAIN, on=IN_VAIN),
    Place("www", "root issuing", off=IN_VAIN, on=IN_VAIN),
    Place("www", "policy issuing root", off=IN_VAIN, on=IN_VAIN),
    Place("www", clients="issuing root", off=IN_VAIN, on=IN_VAIN),
    Place("www", clients="root", off=NEVER, on=NEVER),
    Place("www", "root", clients="issuing", off=IN_VAIN, on=IN_VAIN),
    Place("www issuing", "root"),
    Place("www issuing", "issuing"),
    Place("www issuing", "policy"),
    Place("www issuing", clients="policy root"),
    # a delegate is in the response; whether the issuer has authorised it is judged to a root
    Place("www issuing", "root", signer="delegate"),
    Place("www issuing", "issuing root", signer="delegate"),
    Place("www issuing", clients="root", signer="delegate"),
    Place("www issuing", on=IN_VAIN, signer="delegate"),
    Place("www issuing root", on=IN_VAIN, signer="delegate"),
    Place("www issuing", "issuing", on=IN_VAIN, signer="delegate"),
    Place("www issuing", "other-root", on=IN_VAIN, signer="delegate"),
    Place("www", "issuing root", signer="delegate"),
    Place("www", clients="issuing root", signer="delegate"),
    Place("www", "issuing", on=IN_VAIN, signer="delegate"),
    Place("www", "root", off=NEVER, on=NEVER, signer="delegate"),
    # the same authority, its name and its key: cross-signed
    Place("www cross"),
    Place("www cross issuing"),
    Place("www cross other-root", "root"),
    Place("www cross", "other-root", signer="delegate"),
    Place("www cross", "root", on=IN_VAIN, signer="delegate"),
    Place("www", "cross other-root", signer="delegate"),
    Place("www", "cross", off=IN_VAIN, on=IN_VAIN),
    # another authority of the same name has another key
    Place("www namesake", off=NEVER, on=NEVER),
    Place("www namesake issuing"),
    Place("www namesake", "issuing", off=IN_VAIN, on=IN_VAIN),
    Place("www", "namesake root", off=NEVER, on=NEVER),
    Place("www", "namesake issuing root", signer="delegate"),
    # longer, and shorter
    Place("deep deep-issuing policy"),
    Place("deep policy deep-issuing"),
    Place("deep deep-issuing"),
    Place("deep policy", off=NEVER, on=NEVER),
    Place("deep policy root", "deep-issuing", off=IN_VAIN, on=IN_VAIN),
    Place("direct direct-root"),
    Place("direct", "direct-root", off=IN_VAIN, on=IN_VAIN),
    Place("direct", off=NEVER, on=NEVER),
)


def bundle(lab: Lab, name: str, ids: str) -> Path | None:
    """A file of these certificates, in this order."""
    if not ids:
        return None
    texts = [lab.certificate(one).file.read_text() for one in ids.split()]
    return lab.file(name, "".join(texts))


def site(lab: Lab, place: Place, verify: bool) -> Site:
    chain = bundle(lab, "chain.pem", place.chain)
    trusted = bundle(lab, "trusted.pem", place.trusted)
    clients = bundle(lab, "clients.pem", place.clients)
    asks = (f"ssl_client_certificate {clients};", "ssl_verify_client optional;")
    assert chain is not None
    return Site(
        certificates=(place.chain.split()[0],),
        chain=chain,
        trusted=trusted or False,
        verify=verify,
        directives=asks if clients else (),
    )


CASES = [
    pytest.param(place, verify, id=f"{place}-verify-{'on' if verify else 'off'}")
    for place in PLACES
    for verify in (False, True)
    # where nobody is asked there is nothing to verify
    if verify or place.off != NEVER
]


@pytest.mark.parametrize(("place", "verify"), CASES)
def test_place(lab: Lab, place: Place, verify: bool) -> None:
    """What is sent to clients is what ssl_certificate holds, in its order, and nothing of the other
    files."""
    leaf = lab.certificate(place.chain.split()[0])
    if place.signer != "issuer":
        lab.responder.certificate(leaf.serial, signer=place.signer)
    lab.start(site(lab, place, verify))
    outcome = place.on if verify else place.off
    first = lab.handshake()
    sent = [one["serial"] for one in first.facts["chain"]]
    assert sent == [lab.certificate(one).serial for one in place.chain.split()]
    lab.settle(connections=0 if outcome == NEVER else 1)
    assert lab.handshake().verdict == ("GOOD" if outcome == GOOD else "NO_STAPLE")
    if outcome == NEVER:
        lab.claim(f'{NOT_FOUND} "{lab.folder / "chain.pem"}"', level="warn")
    elif outcome == IN_VAIN:
        lab.claim(REFUSED)
    if outcome != NEVER:
        (request,) = lab.responder.requests()
        assert request["certificates"] == [leaf.id]


@pytest.mark.parametrize("verify", [False, True], ids=["verify-off", "verify-on"])
def test_an_issuer_that_has_expired(lab: Lab, verify: bool) -> None:
    """In ssl_certificate stands a certificate of the issuer that is past its time."""
    lab.start(site(lab, Place("www expired", "root"), verify))
    lab.handshake()
    lab.settle(connections=1)
    lab.deviation(
        "NGX-037", str(lab.handshake().verdict), conforms="NO_STAPLE", deviates="SIGNER_EXPIRED"
    )
