"""Twins of certificates: a description for pki-mint, and what stands in which file.

A twin has the names, the key's type, must-staple, OCSP URLs and remaining life of the original,
and stands in the same company: its file holds twins of what the original's file holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from staplelab.drill.originals import Original, find_issuer
from staplelab.drill.urls import Url
from staplelab.parts.topology import OCSP_HOST

#: of one that could not be read
DEFAULT_URL = f"http://{OCSP_HOST}/"
DEFAULT_LIFE = 90 * 86400
NAMELESS = "nameless.staplelab.test"
#: so many authorities of a file that nothing in the twin comes of have a twin each; each has a key
_UNRELATED = 4
_LONGEST_LIFE = 40 * 365 * 86400
_DNS_NAME = re.compile(r"(\*\.)?(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")

ROOT, ISSUING, CLIENT_ROOT = "lab-root", "lab-issuing", "lab-client-root"


def valid_name(name: str) -> bool:
    """Whether pki-mint puts that DNS name into a certificate."""
    return len(name) <= 253 and _DNS_NAME.fullmatch(name) is not None


@dataclass
class Pki:
    """The certificates of a twin, to be minted, and its certificate files."""

    #: the moment of reading, in Unix seconds: lives are relative to it
    moment: int
    authorities: list[dict[str, Any]] = field(default_factory=list)
    leaves: list[dict[str, Any]] = field(default_factory=list)
    #: what stands in each file of the twin, as ids, by the original's name for it
    files: dict[str, list[str]] = field(default_factory=dict)
    #: the originals by the ids of their twins
    _ids: dict[bytes, str] = field(default_factory=dict)
    _keys: dict[tuple[bytes, bytes], str] = field(default_factory=dict)
    _titles: dict[str, bytes] = field(default_factory=dict)
    #: what is being made: certificates may name each other as issuers
    _under_way: set[bytes] = field(default_factory=set)

    def description(self, name: str) -> dict[str, Any]:
        return {"name": name, "authorities": self.authorities, "leaves": self.leaves}

    def has(self, id_: str) -> bool:
        return any(one["id"] == id_ for one in (*self.authorities, *self.leaves))

    # ----- authorities -----

    def authority(self, one: Original, among: Sequence[Original]) -> str:
        """The id of an authority's twin, which is made with all above it."""
        if (known := self._ids.get(one.fingerprint)) is not None:
            return known
        issuer = self._above(one, among)
        id_ = f"ca-{len(self.authorities) + 1}"
        made: dict[str, Any] = {
            "id": id_,
            "subject": self._title(one.title, one.subject),
            "serial": self._serial(),
            **self._life(one),
            **_urls(one.ocsp_urls),
        }
        if issuer is not None:
            made["issuer"] = issuer
        first = self._keys.setdefault((one.subject, one.public_key), id_)
        if first != id_:  # a cross-certificate
            made["key_of"] = first
        self.authorities.append(made)
        self._ids[one.fingerprint] = id_
        return id_

    def _above(self, one: Original, among: Sequence[Original]) -> str | None:
        """The id of what issued an authority; None for a root."""
        if one.self_signed:
            return None
        issuer = find_issuer(one, [other for other in among if other != one])
        if issuer is None or issuer.fingerprint in self._under_way:
            return self.missing(one)
        self._under_way.add(one.fingerprint)
        try:
            return self.authority(issuer, among)
        finally:
            self._under_way.discard(one.fingerprint)

    def missing(self, below: Original) -> str:
        """The id of an authority that is in no file; what it issued says its name."""
        if (known := self._ids.get(below.issuer)) is not None:
            return known
        id_ = f"ca-{len(self.authorities) + 1}"
        title = self._title(below.issuer_title, below.issuer)
        self.authorities.append({"id": id_, "subject": title, "serial": self._serial()})
        self._ids[below.issuer] = id_
        return id_

    def default(self, id_: str) -> str:
        """One of the lab's own authorities, for what could not be read."""
        if not self.has(id_):
            made: dict[str, Any] = {"id": id_, "subject": f"Staplelab {id_.removeprefix('lab-')}"}
            if id_ == ISSUING:
                made["issuer"] = self.default(ROOT)
                made.update(_urls([DEFAULT_URL]))
            self.authorities.append({**made, "serial": self._serial()})
        return id_

    # ----- leaves -----

    def leaf(self, one: Original, among: Sequence[Original], names: Sequence[str]) -> str:
        """The id of the twin of a server's certificate."""
        if (known := self._ids.get(one.fingerprint)) is not None:
            return known
        issuer = None if one.self_signed else find_issuer(one, among)
        above = self.authority(issuer, among) if issuer is not None else self.missing(one)
        id_ = f"site-{len(self.leaves) + 1}"
        self.leaves.append(
            {
                "id": id_,
                "issuer": above,
                "key": one.key,
                "names": list(names),
                "serial": self._serial(),
                "must_staple": one.must_staple,
                **self._life(one),
                **_urls(one.ocsp_urls),
            }
        )
        self._ids[one.fingerprint] = id_
        return id_

    def unread_leaf(self, names: Sequence[str], key: str) -> str:
        """The id of the twin of a certificate that could not be read."""
        id_ = f"site-{len(self.leaves) + 1}"
        self.leaves.append(
            {
                "id": id_,
                "issuer": self.default(ISSUING),
                "key": key,
                "names": list(names),
                "serial": self._serial(),
                **_urls([DEFAULT_URL]),
            }
        )
        return id_

    def client(self, issuer: str) -> str:
        """The id of a client's certificate that an authority has issued."""
        known = [c["id"] for c in self.leaves if c["issuer"] == issuer and _is_client(c)]
        if known:
            return str(known[0])
        id_ = f"client-{sum(map(_is_client, self.leaves)) + 1}"
        self.leaves.append(
            {
                "id": id_,
                "issuer": issuer,
                "eku": "client-auth",
                "names": [f"{id_}.staplelab.test"],
                "serial": self._serial(),
                **_urls([DEFAULT_URL]),
            }
        )
        return id_

    # ----- files -----

    def trusted_file(self, named: str, found: Sequence[Original], among: Sequence[Original]) -> int:
        """A file of authorities; returns how many originals share the last of its twins."""
        related = [one for one in found if one.fingerprint in self._ids]
        others = [one for one in found if one.fingerprint not in self._ids]
        chosen = others[:_UNRELATED]
        kept = [one for one in found if one in related or one in chosen]
        self.files[named] = [self.authority(one, among) for one in kept]
        return len(others) - len(chosen)

    def above(self, id_: str) -> list[str]:
        """The authorities over a certificate, up to the root."""
        issuers = {one["id"]: one.get("issuer") for one in (*self.authorities, *self.leaves)}
        found: list[str] = []
        while (issuer := issuers.get(id_)) is not None:
            found.append(issuer)
            id_ = issuer
        return found

    def authorities_in(self, named: str) -> list[str]:
        """Of a file's twins the authorities, those that others have issued before roots."""
        known = {one["id"]: "issuer" not in one for one in self.authorities}
        here = [id_ for id_ in self.files[named] if id_ in known]
        return sorted(here, key=lambda id_: known[id_])

    # ----- what they share -----

    def _serial(self) -> str:
        return f"{0x5000 + len(self.authorities) + len(self.leaves):x}"

    def _title(self, title: str, subject: bytes) -> str:
        """A common name that another subject does not have."""
        text = "".join(letter if letter.isprintable() else "?" for letter in title)[:56] or "CA"
        plain, number = text, 1
        while self._titles.setdefault(text, subject) != subject:
            number += 1
            text = f"{plain} ({number})"
        return text

    def _life(self, one: Original) -> dict[str, str]:
        return {
            "not_before": _from_now(one.not_before - self.moment),
            "not_after": _from_now(one.not_after - self.moment),
        }


def _is_client(leaf: Mapping[str, Any]) -> bool:
    return leaf.get("eku") == "client-auth"


def _from_now(seconds: int) -> str:
    return f"{max(-_LONGEST_LIFE, min(seconds, _LONGEST_LIFE)):+d}s"


def _urls(originals: Iterable[str]) -> dict[str, list[str]]:
    urls = [Url(one).in_the_lab() for one in originals]
    usable = [one for one in urls if one.isascii() and one]
    return {"ocsp_urls": usable} if usable else {}
