"""Responses for ssl_stapling_file, as a script of an operator's would fetch them."""

from __future__ import annotations

from typing import Any

from staplelab.scenario.lab import Lab

#: OCSPResponse with the responseStatus tryLater and nothing else
TRY_LATER = bytes.fromhex("30030a0103")


def of(lab: Lab, certificate: str = "www") -> bytes:
    """What the responder says of a certificate, now; `openssl ocsp` asks it.

    `fetched` has to follow once nginx is there."""
    lab.exempt("request-form", "openssl fetches the file")
    file = lab.folder / f"{certificate}.der"
    lab.run(
        *("openssl", "ocsp", "-no_nonce", "-noverify", "-respout", str(file)),
        *("-issuer", str(lab.certificate("issuing").file)),
        *("-cert", str(lab.certificate(certificate).file)),
        *("-url", f"http://{lab.address('responder')}:{lab.responder.port}/"),
    )
    octets = file.read_bytes()
    file.unlink()
    return octets


def fetched(lab: Lab) -> None:
    """Nobody but `openssl ocsp` has asked."""
    lab.settle(connections=1, queries=0)


def start(lab: Lab, content: bytes, **choices: Any) -> None:
    """Starts nginx with this file in the place of a fetch."""
    file = lab.file("staple.der", content)
    lab.start(directives=(f"ssl_stapling_file {file};",), **choices)
