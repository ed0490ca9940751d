"""What certificate files of a configuration say.  Private keys are never opened."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from staplelab.drill import tool
from staplelab.drill.reading import Reading
from staplelab.drill.statements import refuse_special

#: octets; ca-certificates.crt has 220,000
_LARGEST = 16 << 20
_PEM = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----\s.*?"
    rb"-----END (?:X509 |TRUSTED )?CERTIFICATE-----",
    re.DOTALL,
)
KEY_FILE = "it is named as a private key, too, so it was not opened"


@dataclass(frozen=True)
class Original:
    """What is known of one certificate."""

    fingerprint: bytes
    #: encoded; what nginx compares
    subject: bytes
    issuer: bytes
    public_key: bytes
    key_id: bytes | None
    issuer_key_id: bytes | None
    #: its subject, for people
    title: str
    issuer_title: str
    is_authority: bool
    names: tuple[str, ...]
    #: other names than of DNS (addresses, e-mail), as text
    other_names: tuple[str, ...]
    #: the key that pki-mint has for it, and what it is
    key: str
    original_key: str
    must_staple: bool
    ocsp_urls: tuple[str, ...]
    #: Unix seconds
    not_before: int
    not_after: int

    @property
    def self_signed(self) -> bool:
        if self.subject != self.issuer:
            return False
        return self.issuer_key_id in (None, self.key_id)

    def may_be_issuer_of(self, other: Original) -> bool:
        """As OpenSSL looks for an issuer: by its name, and by the key's where both say it."""
        if self.subject != other.issuer:
            return False
        return None in (self.key_id, other.issuer_key_id) or self.key_id == other.issuer_key_id


def find_issuer(of: Original, among: Iterable[Original]) -> Original | None:
    """The first that may have issued it; a cross-certificate has the same key as the root."""
    return next((one for one in among if one.may_be_issuer_of(of)), None)


class Originals:
    """The certificate files of a configuration, each read once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._read: dict[Path, tuple[tuple[Original, ...], str]] = {}

    def load(self, named: str) -> tuple[tuple[Original, ...], str]:
        """The certificates in a file, by the name that the configuration has for it; where there
        are none, why."""
        file = self._reading.where(named)
        if file not in self._read:
            self._read[file] = self._load(file)
        return self._read[file]

    def _load(self, file: Path) -> tuple[tuple[Original, ...], str]:
        if self._reading.is_key(file):
            return (), KEY_FILE
        try:
            refuse_special(file)
            with file.open("rb") as opened:
                octets = opened.read(_LARGEST)
        except OSError as error:
            return (), error.strerror or str(error)
        found = []
        for number, block in enumerate(_PEM.findall(octets), 1):
            try:
                found.append(_read(block))
            except Exception as error:  # of the library, of many classes
                return (), f"certificate {number} in it cannot be read: {error}"
        return tuple(found), "" if found else "there is no certificate in it"


def _read(block: bytes) -> Original:
    x509 = tool.x509()
    plain = re.sub(rb"(BEGIN|END) (?:X509|TRUSTED) ", rb"\1 ", block)
    certificate = x509.load_pem_x509_certificate(plain)
    from cryptography.hazmat.primitives import hashes, serialization

    oid = x509.oid.ExtensionOID
    extensions = {one.oid: one.value for one in certificate.extensions}
    own, above = map(extensions.get, (oid.SUBJECT_KEY_IDENTIFIER, oid.AUTHORITY_KEY_IDENTIFIER))
    basic = extensions.get(oid.BASIC_CONSTRAINTS)
    key, original_key = _key(certificate.public_key())
    names, others = _names(x509, certificate, extensions)
    return Original(
        fingerprint=certificate.fingerprint(hashes.SHA256()),
        subject=certificate.subject.public_bytes(),
        issuer=certificate.issuer.public_bytes(),
        public_key=certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        key_id=own.digest if own else None,
        issuer_key_id=above.key_identifier if above else None,
        title=_title(x509, certificate.subject),
        issuer_title=_title(x509, certificate.issuer),
        is_authority=bool(basic and basic.ca),
        names=names,
        other_names=others,
        key=key,
        original_key=original_key,
        must_staple=_must_staple(x509, extensions),
        ocsp_urls=_ocsp_urls(x509, extensions),
        not_before=_seconds(certificate.not_valid_before),
        not_after=_seconds(certificate.not_valid_after),
    )


def _seconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=timezone.utc).timestamp())


def _title(x509: Any, name: Any) -> str:
    """The common name, else whatever the last part of a name is."""
    common = name.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)
    parts = common or list(name)
    return str(parts[-1].value) if parts else "(no name)"


def _names(
    x509: Any, certificate: Any, extensions: dict[Any, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    alternative = extensions.get(x509.oid.ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    if alternative is None:
        common = certificate.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)
        return tuple(str(one.value) for one in common), ()
    dns = tuple(alternative.get_values_for_type(x509.DNSName))
    others = [one for one in alternative if not isinstance(one, x509.DNSName)]
    return dns, tuple(str(getattr(one, "value", one)) for one in others)


def _must_staple(x509: Any, extensions: dict[Any, Any]) -> bool:
    feature = extensions.get(x509.oid.ExtensionOID.TLS_FEATURE)
    return feature is not None and x509.TLSFeatureType.status_request in feature


def _ocsp_urls(x509: Any, extensions: dict[Any, Any]) -> tuple[str, ...]:
    access = extensions.get(x509.oid.ExtensionOID.AUTHORITY_INFORMATION_ACCESS)
    wanted = x509.oid.AuthorityInformationAccessOID.OCSP
    return tuple(
        str(one.access_location.value)
        for one in access or ()
        if one.access_method == wanted
        and isinstance(one.access_location, x509.UniformResourceIdentifier)
    )


def _key(key: Any) -> tuple[str, str]:
    """The nearest that pki-mint has, and what it is."""
    kind = type(key).__name__
    if "RSA" in kind:
        return "rsa2048", f"RSA {key.key_size}"
    if "Elliptic" in kind:
        return "p256", f"EC {key.curve.name}"
    if "Ed25519" in kind:
        return "ed25519", "Ed25519"
    if "Ed448" in kind:
        return "ed25519", "Ed448"
    return "rsa2048", kind.strip("_").removesuffix("PublicKey")
