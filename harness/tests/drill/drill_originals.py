"""Certificates of somebody else's, for configurations that a drill reads: made by cryptography, so
that what the lab reads was not written by the lab."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

#: when the tests read a configuration
MOMENT = datetime(2026, 3, 1, tzinfo=timezone.utc)

KEYS: dict[str, Callable[[], Any]] = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def authority(title: str, issuer: Made | None = None, key: Any = None) -> Made:
    own = key or KEYS["p256"]()
    return _sign(title, own, issuer, 3650, [(x509.BasicConstraints(True, None), True)])


def leaf(
    *names: str,
    issuer: Made | None = None,
    key: str = "p256",
    urls: tuple[str, ...] = ("http://ocsp.ca.example/",),
    must_staple: bool = False,
    days: float = 60,
    more: tuple[Any, ...] = (),
) -> Made:
    """A server's certificate; without an issuer it signs itself."""
    alternative = [*map(x509.DNSName, names), *more]
    extensions: list[tuple[Any, bool]] = [(x509.SubjectAlternativeName(alternative), False)]
    if urls:
        places = map(x509.UniformResourceIdentifier, urls)
        method = AuthorityInformationAccessOID.OCSP
        access = [x509.AccessDescription(method, place) for place in places]
        extensions.append((x509.AuthorityInformationAccess(access), False))
    if must_staple:
        extensions.append((x509.TLSFeature([x509.TLSFeatureType.status_request]), False))
    return _sign(names[0], KEYS[key](), issuer, days, extensions)


def _sign(
    title: str, key: Any, issuer: Made | None, days: float, extensions: list[tuple[Any, bool]]
) -> Made:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MOMENT - timedelta(days=30))
        .not_valid_after(MOMENT + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    edwards = isinstance(signer, ed25519.Ed25519PrivateKey)
    return Made(builder.sign(signer, None if edwards else hashes.SHA256()), key)


class Folder:
    """A configuration's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = authority("Example Root")
        self.issuing = authority("Example Issuing", self.root)

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def certificate(self, name: str, *names: str, behind: str = "issuing", **choices: Any) -> Made:
        """NAME.pem with what stands behind the leaf in it ("", "issuing", "issuing root"), and
        NAME.key, which nobody may open."""
        made = leaf(*names, **{"issuer": self.issuing, **choices})
        company = {"issuing": self.issuing, "root": self.root}
        others = [company[word].pem for word in behind.split()]
        self.write(f"{name}.pem", b"".join([made.pem, *others]))
        key = self.write(f"{name}.key", "not to be opened\n")
        os.chmod(key, 0o000)
        return made

    def conf(self, http: str, main: str = "", events: str = "") -> Path:
        text = f"{main}\nevents {{ {events} }}\nhttp {{\n{http}\n}}\n"
        return self.write("nginx.conf", text)
