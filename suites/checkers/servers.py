"""Servers with a staple of each kind: most of them nginx would not fetch, so a file has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from staplelab.scenario.lab import Lab
from suites.checkers.programs import REFUSED, TAKEN, program

DAY = 86400


@dataclass(frozen=True)
class Kind:
    """A server, and what everybody says of it."""

    #: staple-check's word
    verdict: str
    curl: str = REFUSED
    gnutls: str = REFUSED
    #: whether there is a staple
    stapled: bool = True
    #: the certificate that the server has
    certificate: str = "www"
    #: the one that the response is about
    about: str = "www"
    fault: str = ""
    #: what the responder says of it
    state: Mapping[str, Any] = field(default_factory=dict)
    #: so much later the clients come
    later: int = 0


KINDS = {
    "good": Kind("GOOD", TAKEN, TAKEN),
    "delegate": Kind("GOOD", TAKEN, TAKEN, state={"signer": "delegate"}),
    "expired": Kind("EXPIRED", later=2 * DAY),
    "revoked": Kind("REVOKED", state={"status": "revoked"}),
    "anothers": Kind("NOT_FOR_THIS_CERT", about="other"),
    "try-later": Kind("ERROR_STATUS", gnutls=TAKEN, fault="status-try-later"),
    "bad-signature": Kind("BAD_SIGNATURE", fault="bad-signature"),
    "none": Kind("NO_STAPLE", gnutls=TAKEN, stapled=False),
    "must-staple": Kind("NO_STAPLE_MUST_STAPLE", stapled=False, certificate="must-staple"),
}


def start(lab: Lab, name: str) -> Kind:
    """That server, at the moment at which clients come, and what is said of it."""
    kind = KINDS[name]
    _start(lab, kind)
    if _is_anothers(kind) and not _sends_anothers(lab):
        return KINDS["none"]
    return kind


def _is_anothers(kind: Kind) -> bool:
    return kind.stapled and kind.about != kind.certificate


def _sends_anothers(lab: Lab) -> bool:
    """Since 3.6 OpenSSL sends no response that is not about the certificate."""
    return not lab.server.has_library("OpenSSL", ">=3.6")


def _start(lab: Lab, kind: Kind) -> None:
    if not kind.stapled:
        lab.start(certificates=(kind.certificate,), stapling=False)
        return
    if kind.state:
        lab.responder.certificate("1001", **kind.state)
    if kind.fault:
        lab.inject(kind.fault)
    if _is_anothers(kind) and _sends_anothers(lab):
        lab.exempt("staple-origin", "the file has the response about another certificate")
    lab.start(directives=(f"ssl_stapling_file {_response(lab, kind.about)};",))
    if kind.later:
        lab.step(kind.later)


def _response(lab: Lab, certificate: str) -> Path:
    """What the responder says of a certificate now, in a file."""
    lab.exempt("request-form", "openssl asks the responder, too")
    file = lab.file("response.der", "")
    done = lab.run(
        *(program(lab, "openssl"), "ocsp", "-noverify", "-no_nonce"),
        *("-issuer", str(lab.certificate("issuing").file)),
        *("-cert", str(lab.certificate(certificate).file)),
        *("-url", f"http://{lab.address('responder')}:{lab.responder.port}/"),
        *("-respout", str(file)),
    )
    assert file.stat().st_size > 0, done.stderr
    return file
