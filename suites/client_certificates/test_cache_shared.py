"""Who has a share in a cache of ssl_ocsp_cache: certificates, server{}, workers, a reload."""

from __future__ import annotations

from pathlib import Path

import pytest

from staplelab.scenario.client_certificate import asking_for_certificates
from staplelab.scenario.lab import Lab
from suites.client_certificates.check import (
    FAILED,
    GOOD,
    REVOKED,
    SAYS_WHY,
    by_address,
    check,
)
from suites.client_certificates.test_cache import STATUSES, site

pytestmark = pytest.mark.profile("clients")

#: what OpenSSL puts into certificates of these two kinds
EXTENSIONS = """
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
[client]
extendedKeyUsage = clientAuth
"""


def test_one_serial_of_two_authorities(lab: Lab) -> None:
    """They have the same name, too, and differ in their keys alone: neither speaks for the other's
    client."""
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    lab.responder.certificate("3001", status="revoked")
    check(lab, "client-of-renewed", REVOKED, asked=["client-of-renewed"])
    check(lab, "client", GOOD)
    check(lab, "client-of-renewed", REVOKED)


def test_one_key_of_two_authorities(lab: Lab) -> None:
    """An authority that has its key alone in common with another one, and a client of the same
    serial: nobody has been asked about that client."""
    lab.exempt("request-form", "the responder does not know that authority")
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    file, key = renamed(lab)
    seen = lab.handshake("--get", "/", "--cert", file, "--key", key)
    lab.settle(connections=1)
    assert (seen.status, seen.http["body"]) == (400, FAILED)
    lab.claim("OCSP response not successful (6: unauthorized)")
    check(lab, "client", GOOD)


def renamed(lab: Lab) -> tuple[str, str]:
    """A client's certificate of serial 3001, with its chain, by an authority with the key of
    `issuing` and a name of its own; and its private key."""
    root, issuing, mine = map(lab.certificate, ("root", "issuing", "client"))
    words = lab.file("renamed.cnf", EXTENSIONS)

    def sign(name: str, key: Path, by: Path, by_key: Path, serial: str) -> str:
        request, made = lab.folder / f"{name}.csr", lab.folder / f"{name}.pem"
        subject = ["-subj", f"/CN=Staplelab {name}", "-key", key]
        of_issuer = ["-CA", by, "-CAkey", by_key, "-set_serial", f"0x{serial}", "-days", 30]
        extensions = ["-extfile", words, "-extensions", name]
        for argv in (
            ["req", "-new", *subject, "-out", request],
            ["x509", "-req", "-in", request, *of_issuer, *extensions, "-out", made],
        ):
            done = lab.run("openssl", *map(str, argv))
            assert done.status == 0, done.stderr
        return made.read_text()

    authority = sign("authority", issuing.private_key, root.file, root.private_key, "0f")
    by = lab.folder / "authority.pem"
    leaf = sign("client", mine.private_key, by, issuing.private_key, "3001")
    return str(lab.file("chain.pem", leaf + authority)), str(mine.private_key)


def test_one_authority_of_two_serials(lab: Lab) -> None:
    lab.responder.certificate("3002", status="revoked")
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client-2", REVOKED, asked=["client-2"])
    check(lab, "client", GOOD)
    check(lab, "client-2", REVOKED)


def test_one_zone_for_two_names(lab: Lab) -> None:
    """What one server{} has learnt holds for another with the same zone, not for one with another
    zone or with none."""
    zones = {"one": "shared:a:1m", "two": "shared:a:1m", "three": "shared:b:64k", "four": "off"}
    sites = [
        asking_for_certificates(
            lab,
            by_address(lab),
            *SAYS_WHY,
            f"ssl_ocsp_cache {zone};",
            checks="leaf",
            server_name=f"{name}.staplelab.test",
        )
        for name, zone in zones.items()
    ]
    lab.start(*sites)
    check(lab, "client", GOOD, asked=["client"], name="one.staplelab.test")
    check(lab, "client", GOOD, name="two.staplelab.test")
    check(lab, "client", GOOD, asked=["client"], name="three.staplelab.test")
    check(lab, "client", GOOD, name="three.staplelab.test")
    check(lab, "client", GOOD, asked=["client"], name="four.staplelab.test")
    check(lab, "client", GOOD, asked=["client"], name="four.staplelab.test")


@pytest.mark.requirement("K3")
@pytest.mark.parametrize("status", ["good", "revoked"])
def test_one_zone_for_all_workers(lab: Lab, status: str) -> None:
    lab.needs(workers=True)
    lab.responder.certificate("3001", status=status, validity=600)
    lab.start(site(lab), workers=2)
    first, second = lab.nginx.wait_for_workers(2)
    with lab.nginx.only(first):
        check(lab, "client", STATUSES[status], asked=["client"])
    with lab.nginx.only(second):
        check(lab, "client", STATUSES[status])
        lab.step_to(600)
        check(lab, "client", STATUSES[status], asked=["client"])
    with lab.nginx.only(first):
        check(lab, "client", STATUSES[status])


def test_a_worker_that_ends_leaves_it(lab: Lab) -> None:
    lab.needs(workers=True)
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    lab.nginx.kill_worker(lab.nginx.workers()[0])
    lab.claim("exited on signal 9", alert=True)
    check(lab, "client", GOOD)


# ----- over the server's life -----


def test_over_a_reload(lab: Lab) -> None:
    lab.responder.certificate("3002", status="revoked", validity=600)
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client-2", REVOKED, asked=["client-2"])
    lab.reload()
    check(lab, "client", GOOD)
    check(lab, "client-2", REVOKED)
    lab.step_to(600)
    check(lab, "client-2", REVOKED, asked=["client-2"])


@pytest.mark.parametrize("other", ["shared:ocsp:2m", "shared:other:1m"])
def test_another_zone_after_a_reload(lab: Lab, other: str) -> None:
    """A zone of another size or another name begins empty."""
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    lab.reconfigure(site(lab, cache=other))
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client", GOOD)


def test_an_upgrade_begins_anew(lab: Lab) -> None:
    lab.needs(upgrade=True)
    lab.start(site(lab), upgradable=True)
    check(lab, "client", GOOD, asked=["client"])
    check(lab, "client", GOOD)
    lab.upgrade()
    check(lab, "client", GOOD, asked=["client"])


def test_a_restart_begins_anew(lab: Lab) -> None:
    lab.start(site(lab))
    check(lab, "client", GOOD, asked=["client"])
    lab.restart(site(lab))
    check(lab, "client", GOOD, asked=["client"])
