"""Running pki-mint and reading what it wrote, for its tests."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import AuthorityInformationAccessOID

REPO = Path(__file__).resolve().parents[2]
BUILD = REPO / os.environ.get("STAPLELAB_BUILD", "build/release")
PKI_MINT = BUILD / "bin" / "pki-mint"
PROFILES = REPO / "pki" / "profiles"

NOW = 1893456000  # 2030-01-01
DAY = 86400
SETTINGS = {"ocsp_port": "8080", "ocsp_address": "127.0.0.7"}


def run(*arguments: str | Path, text: str = "", **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PKI_MINT, *arguments], input=text, capture_output=True, text=True, check=False, **how
    )


def options(pool: Path, now: int = NOW) -> list[str]:
    settings = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    return ["--now", str(now), "--key-pool", str(pool), *settings]


class Minted:
    """A folder that pki-mint wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_text())

    def entry(self, name: str) -> dict[str, Any]:
        entry: dict[str, Any] = self.manifest["certificates"][name]
        return entry

    def certificate(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / f"{name}.pem").read_bytes())

    def private_key(self, name: str) -> Any:
        return serialization.load_pem_private_key((self.folder / f"{name}.key").read_bytes(), None)

    def extension(self, name: str, kind: type) -> Any:
        """The value of an extension, or None."""
        try:
            return self.certificate(name).extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None

    def urls(self, name: str) -> list[str]:
        access = self.extension(name, x509.AuthorityInformationAccess) or []
        return [
            a.access_location.value
            for a in access
            if a.access_method == AuthorityInformationAccessOID.OCSP
        ]

    def names(self) -> list[str]:
        return list(self.manifest["certificates"])

    def leaves(self) -> list[str]:
        return [n for n in self.names() if self.entry(n)["role"] == "leaf"]


def validity(certificate: x509.Certificate) -> tuple[int, int]:
    """notBefore and notAfter; cryptography gives them as naive UTC before 42."""

    def epoch(name: str) -> int:
        moment = getattr(certificate, f"{name}_utc", None) or getattr(certificate, name).replace(
            tzinfo=datetime.UTC
        )
        return int(moment.timestamp())

    return epoch("not_valid_before"), epoch("not_valid_after")


def spki(public_key: Any) -> bytes:
    octets: bytes = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return octets


def pem_blocks(path: Path) -> list[str]:
    return re.findall(
        r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", path.read_text(), re.DOTALL
    )


def small(**leaf: Any) -> dict[str, Any]:
    """A description that is quick to mint, its leaf changed as asked."""
    www = {"id": "www", "issuer": "root", "names": ["www.staplelab.test"], **leaf}
    return {
        "name": "small",
        "authorities": [{"id": "root", "subject": "Root", "key": "p256"}],
        "leaves": [www],
    }


def mint(description: Any, folder: Path, *arguments: str) -> Minted:
    done = run("--now", str(NOW), *arguments, "-", folder, text=json.dumps(description))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return Minted(folder)


def openssl_verify(minted: Minted, name: str, *arguments: str | Path, at: int = NOW) -> str:
    """What `openssl verify` says, with its strict checks."""
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-attime", str(at), *arguments,
         minted.folder / f"{name}.pem"],
        capture_output=True, text=True, check=False,
    )
    return done.stdout + done.stderr
