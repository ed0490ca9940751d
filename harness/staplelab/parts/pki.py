"""The certificates of a run: minted by pki-mint, known by the manifest it wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staplelab import places
from staplelab.errors import LabError

STANDARD = "standard"


def profiles() -> dict[str, Path]:
    """The descriptions that pki-mint makes certificates of, by name."""
    return {file.stem: file for file in sorted(places.profiles().glob("*.json"))}


class Minted(dict[str, "Pki"]):
    """The certificates of a run by their profile; asking for an unknown one says which are."""

    def __missing__(self, profile: str) -> Pki:
        raise LabError(f"there is no PKI profile {profile!r}; known: {', '.join(profiles())}")


@dataclass(frozen=True)
class Certificate:
    """One certificate with its files (absolute) and the facts that pki-mint put into it."""

    id: str
    serial: str
    file: Path
    private_key: Path
    chain: Path | None
    trusted: Path | None
    ocsp_urls: tuple[str, ...]


class _Certificates(dict[str, Certificate]):
    """By id; asking for one that is not there says which are."""

    def __missing__(self, name: str) -> Certificate:
        raise LabError(f"the PKI has no certificate {name!r}; it has: {', '.join(self)}")


@dataclass(frozen=True)
class Pki:
    """A folder made by pki-mint."""

    folder: Path
    certificates: dict[str, Certificate]

    def id_of(self, serial: str) -> str | None:
        """The id of the certificate with this serial number, written as it may be."""
        wanted = _plain(serial)
        found = (c.id for c in self.certificates.values() if _plain(c.serial) == wanted)
        return next(found, None)

    @classmethod
    def load(cls, folder: Path) -> Pki:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        certificates = {
            name: Certificate(
                id=name,
                serial=entry["serial"],
                file=folder / entry["certificate"],
                private_key=folder / entry["private_key"],
                chain=folder / entry["chain"] if entry.get("chain") else None,
                trusted=folder / entry["trusted"] if entry.get("trusted") else None,
                ocsp_urls=tuple(entry["ocsp_urls"]),
            )
            for name, entry in manifest["certificates"].items()
        }
        return cls(folder, _Certificates(certificates))


def _plain(serial: str) -> str:
    return serial.lower().lstrip("0")
