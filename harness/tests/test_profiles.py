"""The PKI profiles together: a responder of the lab has those of a whole run at once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

from cryptography import x509
from pki_mint import PROFILES, Minted, options, run

#: what a CertID names: the issuer's name and key, and the serial number (RFC 6960, 4.1.1)
_CertId = tuple[str, str, int]


def cert_id(minted: Minted, name: str) -> _CertId | None:
    """None for one that has signed itself."""
    certificate = minted.certificate(name)
    if certificate.issuer == certificate.subject:
        return None
    issuer = minted.certificate(minted.manifest["certificates"][name]["issuer"])
    identifier = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())
    name_hash = hashlib.sha1(certificate.issuer.public_bytes()).hexdigest()
    return name_hash, identifier.digest.hex(), certificate.serial_number


def test_a_cert_id_names_one_certificate_of_all_profiles(tmp_path: Path) -> None:
    """Keys come from one pool, so that authorities of two profiles are the same one where they have
    the same name: then a serial number belongs to certificates of the same id alone."""
    named: dict[_CertId, set[str]] = defaultdict(set)
    profiles = sorted(PROFILES.glob("*.json"))
    assert len(profiles) > 5
    for profile in profiles:
        folder = tmp_path / profile.stem
        done = run(*options(tmp_path / "pool"), profile, folder)
        assert done.returncode == 0, done.stderr
        minted = Minted(folder)
        for name in minted.manifest["certificates"]:
            if (one := cert_id(minted, name)) is not None:
                named[one].add(name)
    assert [sorted(names) for names in named.values() if len(names) > 1] == []
