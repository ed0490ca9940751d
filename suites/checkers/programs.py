"""The other programs: how each is asked about a server, and how it says yes or no.

What it means by its words is read from its exit status, where it has one for it; they are in the
lab's time, and know no root but the lab's.
"""

from __future__ import annotations

import re
import shutil

from staplelab.hosts.base import Finished
from staplelab.scenario.lab import Lab

NAME = "www.staplelab.test"
TAKEN, REFUSED, NONE = "taken", "refused", "none"

#: Debian's packages of those that are not everywhere
_PACKAGES = {"curl": "curl", "gnutls-cli": "gnutls-bin", "openssl": "openssl"}
_CURL_INVALID_STATUS = 91
_GNUTLS_REFUSED = 1


def program(lab: Lab, name: str) -> str:
    """Its path; not applicable, with the remedy, where it is not installed."""
    path = shutil.which(name)
    if path is None:
        lab.not_applicable(f"{name} is not here: apt-get install {_PACKAGES[name]}")
    return path


def _ended(done: Finished, statuses: dict[int, str]) -> str:
    assert done.status in statuses, f"{done.status}: {done.stderr or done.stdout}"
    return statuses[done.status]


def _address(lab: Lab) -> tuple[str, str]:
    host, _, port = lab.nginx.listen.rpartition(":")
    return host.strip("[]"), port


def _trusted(lab: Lab) -> str:
    return str(lab.certificate("root").file)


def curl(lab: Lab) -> str:
    """`--cert-status`: without a staple that is good there is no transfer."""
    host, port = _address(lab)
    done = lab.run(
        *(program(lab, "curl"), "--silent", "--show-error", "--cert-status"),
        *("--cacert", _trusted(lab), "--noproxy", "*", "--resolve", f"{NAME}:{port}:{host}"),
        f"https://{NAME}:{port}/",
    )
    return _ended(done, {0: TAKEN, _CURL_INVALID_STATUS: REFUSED})


def gnutls(lab: Lab) -> str:
    """It judges a staple with the chain, and is content without one."""
    host, port = _address(lab)
    done = lab.run(
        *(program(lab, "gnutls-cli"), "--x509cafile", _trusted(lab), "--port", port),
        *("--sni-hostname", NAME, "--verify-hostname", NAME, host),
    )
    return _ended(done, {0: TAKEN, _GNUTLS_REFUSED: REFUSED})


def s_client(lab: Lab) -> str:
    """It shows the response and judges nothing: whether there was one is all that it says."""
    done = lab.run(
        *(program(lab, "openssl"), "s_client", "-status", "-CAfile", _trusted(lab)),
        *("-servername", NAME, "-connect", lab.nginx.listen),
    )
    assert done.status == 0, done.stderr
    assert re.search(r"^(?:no )?OCSP response", done.stdout, re.MULTILINE | re.IGNORECASE)
    return TAKEN if "OCSP Response Data" in done.stdout else NONE
