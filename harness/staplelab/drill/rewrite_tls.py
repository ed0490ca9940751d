"""The directives of TLS in the twin: certificates, trusted files, responders, keys of tickets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from staplelab.drill import rewrite_words as words
from staplelab.drill.certificate_files import has_variable
from staplelab.drill.ground import Ground
from staplelab.drill.model import Place
from staplelab.drill.source import Source
from staplelab.drill.statements import Statement, refuse_special

_ZONE = re.compile(r"(shared:[^:]+:)(\d+)([kKmMgG]?)")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LARGEST_DHPARAM = 64 << 10
#: not in the twin: its keys have no passphrase, and so on
_DROPPED = {
    "ssl_certificate_key",
    "ssl_crl",
    "ssl_ech_file",
    "ssl_engine",
    "ssl_password_file",
    "ssl_preread",
    "ssl_stapling_file",
}


class Numbers(Protocol):
    def next(self, name: str) -> int: ...


class Tls:
    """Makes the twin's."""

    def __init__(self, source: Source, ground: Ground) -> None:
        self._source = source
        self._ground = ground
        #: variables that stand for certificates, as the original's do
        self.maps: dict[str, list[Statement]] = {"http": [], "stream": []}

    def kept(self, one: Statement, context: str, numbers: Numbers) -> Iterator[Statement]:
        """What the twin has of a directive that begins with ssl_."""
        changes, named = self._source.changes, " ".join(one.words)
        if one.name == "ssl_certificate":
            yield from self._certificate(one, context)
        elif one.name in ("ssl_trusted_certificate", "ssl_client_certificate"):
            if named in self._source.files.pki.files:
                changes.of("certificate", one, "a file with twins of what is in it")
                yield self._with_file(one, str(self._certificates(named)))
            else:
                changes.of("certificate", one, "", "")
        elif one.name in ("ssl_stapling_responder", "ssl_ocsp_responder"):
            made = replace(one, words=(self._ground.url(named),))
            changes.of("certificate", one, "the same host and path, with the lab's port")
            yield made
        elif one.name == "ssl_dhparam":
            yield from self._dhparam(one, named)
        elif one.name == "ssl_session_ticket_key":
            path = self._ground.secret(named, self._source.reading.where(named))
            changes.of("certificate", one, "random octets; the original was not opened")
            yield self._with_file(one, str(path))
        elif one.name in ("ssl_session_cache", "ssl_ocsp_cache"):
            yield self._zone(one)
        elif one.name == "ssl_stapling_file":
            changes.of("certificate", one, "", "the response in it, which nginx staples as it is")
        elif one.name in _DROPPED or "_by_lua" in one.name:
            if one.name != "ssl_certificate_key":  # its twin stands beside that of the certificate
                kind = "module" if "_by_lua" in one.name else "certificate"
                changes.of(kind, one, "", words.hides(one.name))
        else:
            yield one

    def _certificates(self, named: str) -> object:
        return self._ground.certificates(named, self._source.files)

    @staticmethod
    def _with_file(one: Statement, path: str) -> Statement:
        return replace(one, words=(path,))

    def _certificate(self, one: Statement, context: str) -> Iterator[Statement]:
        named = " ".join(one.words)
        twin = self._source.files.certificates.get(named)
        if twin is None:
            self._source.changes.of("certificate", one, "", "")
            return
        self._source.changes.of("certificate", one, "its twin, with a key of the lab")
        file, key = str(self._certificates(named)), str(self._ground.key(twin.id))
        if has_variable(named):
            number = sum(map(len, self.maps.values())) // 2 + 1
            self.maps[context] += [
                _map(f"$staplelab_certificate_{number}", file, one.place),
                _map(f"$staplelab_key_{number}", key, one.place),
            ]
            file, key = f"$staplelab_certificate_{number}", f"$staplelab_key_{number}"
        yield self._with_file(one, file)
        yield Statement("ssl_certificate_key", (key,), one.place)

    def _dhparam(self, one: Statement, named: str) -> Iterator[Statement]:
        """A public group: it is copied."""
        path, why = self._source.reading.where(named), "it holds no DH parameters"
        octets = b""
        if self._source.reading.is_key(path):
            why = "it is named as a private key, too"
        else:
            try:
                refuse_special(path)
                with path.open("rb") as file:
                    octets = file.read(_LARGEST_DHPARAM)
            except OSError as error:
                why = error.strerror or str(error)
        if b"DH PARAMETERS" in octets:
            self._source.changes.of("certificate", one, "a copy of it")
            yield self._with_file(one, str(self._ground.put(named, octets, "pem")))
            return
        before = f"{one.brief()}: {why}"
        hides = "ciphers with Diffie-Hellman in a finite field"
        self._source.changes.add("unreadable", one.place, before, "", hides)

    def _zone(self, one: Statement) -> Statement:
        """Shared memory of a size that every machine has."""
        made = replace(one, words=tuple(_ZONE.sub(_smaller, word) for word in one.words))
        if made != one:
            self._source.changes.of("process", one, made.brief(), "how much is kept there")
        return made


def _map(variable: str, value: str, place: Place) -> Statement:
    inside = (Statement("default", (value,), place),)
    return Statement("map", ("$ssl_server_name", variable), place, inside)


def _smaller(found: re.Match[str]) -> str:
    size = int(found[2]) * _UNITS[found[3].lower()]
    if size <= words.LARGEST_ZONE:
        return found[0]
    return f"{found[1]}{words.LARGEST_ZONE >> 20}m"
