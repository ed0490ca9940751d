"""Clients that speak QUIC: Debian's own, from Debian 13 on.

They are on the machine's clock: QUIC sends again by time, which does not pass in the lab.  So they
find the lab's certificates too young, and judge nothing; what they are given is read here."""

from __future__ import annotations

import re
import shutil

from staplelab.scenario.lab import Lab

NAME = "www.staplelab.test"
#: how a program is asked, and what it says if it speaks QUIC
_TELLS = {"openssl": (("s_client", "-help"), "-quic"), "curl": (("--version",), "HTTP3")}
#: seconds of the machine's clock for one client
_BOUND = 20.0


def listen(lab: Lab, client: str) -> str:
    """ADDRESS:PORT for nginx to listen on by UDP; not applicable where it cannot, or where the
    client ("openssl" or "curl") cannot."""
    lab.needs_module("http_v3_module")
    path = shutil.which(client)
    if path is None:
        lab.not_applicable(f"{client} is not here: apt-get install {client}")
    option, word = _TELLS[client]
    said = lab.run(path, *option)
    if word not in f"{said.stdout}{said.stderr}".split():
        lab.not_applicable(f"this {client} speaks no QUIC; that of Debian 13 does")
    return f"{lab.address('nginx')}:{lab.endpoint().port}"


def staple(lab: Lab, at: str) -> dict[str, str] | None:
    """What the staple of one handshake says, by `openssl s_client`; None where there is none."""
    printed = lab.run(
        *("openssl", "s_client", "-quic", "-alpn", "h3", "-status", "-servername", NAME),
        *("-no-CAfile", "-no-CApath", "-no-CAstore", "-connect", at),
        clock="real",
        bound=_BOUND,
    ).stdout
    assert "Protocol: QUICv1" in printed, printed
    if "OCSP Response Data" not in printed:
        assert re.search(r"^(?:OCSP response: no|no OCSP response)", printed, re.MULTILINE)
        return None
    said = dict(re.findall(r"^ +(Cert Status|Serial Number): (\w+)$", printed, re.MULTILINE))
    return {"status": said["Cert Status"], "serial": said["Serial Number"].lower()}


def get(lab: Lab, at: str, certificate: str) -> str:
    """The status and body of one request by curl, with that client's certificate."""
    mine = lab.certificate(certificate)
    host, _, port = at.rpartition(":")
    done = lab.run(
        *("curl", "--http3-only", "--silent", "--show-error", "--insecure", "--noproxy", "*"),
        *("--cert", mine.chain or mine.file, "--key", mine.private_key),
        *("--write-out", "%{http_version} %{http_code}", "--output", "-"),
        *("--resolve", f"{NAME}:{port}:{host}", f"https://{NAME}:{port}/"),
        clock="real",
        bound=_BOUND,
    )
    assert done.status == 0, done.stderr
    return done.stdout
