"""Every certificate file that a configuration names, and its twin."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from staplelab.drill import certificates
from staplelab.drill.changes import Changes
from staplelab.drill.certificates import CLIENT_ROOT, ISSUING, ROOT, Pki, valid_name
from staplelab.drill.merged import Server
from staplelab.drill.model import Place, Setting, TwinCertificate
from staplelab.drill.originals import Original, Originals

_BY_FILE = {"p256": re.compile(r"ec(c|dsa)|[._-]ec[._-]"), "rsa2048": re.compile(r"rsa")}
#: what a file that could not be read may have been, the likeliest first
_KEYS = ("p256", "rsa2048", "ed25519")
_ANY_KEY = re.compile(r"ECDSA|\b(ALL|COMPLEMENTOFDEFAULT|DEFAULT|HIGH|EECDH|ECDHE?)(?![\w-])")
_ROLES = ("ssl_trusted_certificate", "ssl_client_certificate")


def has_variable(word: str) -> bool:
    """Whether nginx finds out with each handshake which certificate that is."""
    return "$" in word or word.startswith("data:")


@dataclass
class Files:
    """The twins of all certificate files."""

    pki: Pki
    originals: Originals
    changes: Changes
    #: by the name that ssl_certificate has for it
    certificates: dict[str, TwinCertificate] = field(default_factory=dict)

    def certificate(self, setting: Setting) -> TwinCertificate:
        return self.certificates[str(setting)]

    def found(self, named: str) -> tuple[Original, ...]:
        """The originals in a file; () where it was not read."""
        return self.originals.load(named)[0]


def make(servers: Sequence[Server], originals: Originals, changes: Changes, moment: int) -> Files:
    """The twins of all certificates of these servers."""
    files = Files(Pki(moment), originals, changes)
    pool = list(_authorities(servers, originals))
    wanted: dict[str, list[tuple[Server, Setting]]] = {}
    for server in servers:
        for setting in server.all("ssl_certificate"):
            wanted.setdefault(str(setting), []).append((server, setting))
    for named, users in wanted.items():
        files.certificates[named] = _certificate(files, named, users, pool)
    for server in servers:
        for role in _ROLES:
            for setting in server.all(role)[-1:]:
                _trusted(files, server, role, setting, pool)
    if not files.pki.authorities:
        files.pki.default(ROOT)  # a PKI has one, also where no site has a certificate
    return files


def _authorities(servers: Sequence[Server], originals: Originals) -> Iterator[Original]:
    """All that may have issued something: whatever a file has that is no server's leaf."""
    seen: set[str] = set()
    for server in servers:
        for role in ("ssl_certificate", *_ROLES):
            for setting in server.all(role):
                named = str(setting)
                if named in seen or has_variable(named):
                    continue
                seen.add(named)
                found = originals.load(named)[0]
                yield from found[1:] if role == "ssl_certificate" else found


# ----- servers' certificates -----


def _certificate(
    files: Files, named: str, users: Sequence[tuple[Server, Setting]], pool: Sequence[Original]
) -> TwinCertificate:
    place = users[0][1].place
    found, why = ((), "a variable is in its name") if has_variable(named) else files.originals.load(
        named
    )
    if not found:
        return _unread(files, named, users, why)
    leaf, *others = found
    names = _names(files, leaf, users, place)
    id_ = files.pki.leaf(leaf, pool, names)
    files.pki.files[named] = [id_, *(files.pki.authority(one, pool) for one in others)]
    _tell_key(files, leaf, named, place)
    if leaf.self_signed:
        files.changes.add(
            "certificate", place, f"{named}: it has signed itself", "an authority has signed it"
        )
    return TwinCertificate(
        id=id_,
        file=named,
        place=place,
        read=True,
        why_not_read="",
        names=tuple(names),
        key=leaf.key,
        original_key=leaf.original_key,
        must_staple=leaf.must_staple,
        ocsp_urls=leaf.ocsp_urls,
        remaining=leaf.not_after - files.pki.moment,
        shape=shape(found),
    )


def shape(found: Sequence[Original]) -> str:
    """What stands in the file of a leaf."""
    behind = found[1:]
    if not behind:
        return "leaf"
    if any(one.self_signed for one in behind):
        return "leaf, intermediates and root"
    return "leaf and intermediates"


def _tell_key(files: Files, leaf: Original, named: str, place: Place) -> None:
    same = {"rsa2048": "RSA 2048", "p256": "EC secp256r1", "ed25519": "Ed25519"}[leaf.key]
    if leaf.original_key != same:
        before = f"{named}: a key of {leaf.original_key}"
        files.changes.add("certificate", place, before, f"a key of {same}")


def _names(
    files: Files, leaf: Original, users: Sequence[tuple[Server, Setting]], place: Place
) -> list[str]:
    """The names of the twin: those that pki-mint puts into one."""
    good = [name for name in leaf.names if valid_name(name)]
    lost = [name for name in (*leaf.names, *leaf.other_names) if name not in good]
    good = good or names_of([server for server, _ in users])
    if lost:
        files.changes.add("certificate", place, f"names {', '.join(lost)}", ", ".join(good))
    return good


def names_of(servers: Sequence[Server]) -> list[str]:
    """The DNS names that a certificate of these servers would have."""
    found: list[str] = []
    for server in servers:
        for name in server.names:
            plain = socket.gethostname() if name == "$hostname" else name
            for one in (plain[1:], f"*{plain}") if plain.startswith(".") else (plain,):
                if valid_name(one) and one != "_" and one not in found:
                    found.append(one)
    return found or [certificates.NAMELESS]


def _unread(
    files: Files, named: str, users: Sequence[tuple[Server, Setting]], why: str
) -> TwinCertificate:
    place = users[0][1].place
    names = names_of([server for server, _ in users])
    key = _likely_key(files, named, users)
    id_ = files.pki.unread_leaf(names, key)
    files.pki.files[named] = [id_, ISSUING]
    files.changes.add(
        "unreadable",
        place,
        f"{named}: {why}",
        f"a certificate for {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}, with its "
        "intermediate and an OCSP URL",
        "whether the real one has an OCSP URL, must-staple, its intermediate, and who answers "
        "for it",
    )
    return TwinCertificate(
        id=id_,
        file=named,
        place=place,
        read=False,
        why_not_read=why,
        names=tuple(names),
        key=key,
        original_key="",
        must_staple=False,
        ocsp_urls=(certificates.DEFAULT_URL,),
        remaining=certificates.DEFAULT_LIFE,
        shape="leaf and intermediates",
    )


def _likely_key(files: Files, named: str, users: Sequence[tuple[Server, Setting]]) -> str:
    """What its name says, else what the ciphers allow; of two beside each other not the same."""
    beside = {
        twin.key
        for server, _ in users
        for setting in server.all("ssl_certificate")
        if (twin := files.certificates.get(str(setting))) is not None
    }
    likely = [key for key, pattern in _BY_FILE.items() if pattern.search(named.lower())]
    ciphers = users[0][0].setting("ssl_ciphers")
    if "RSA" in ciphers and not _ANY_KEY.search(ciphers):
        likely.append("rsa2048")
    choices = [key for key in (*likely, *_KEYS) if key not in beside]
    return choices[0] if choices else _KEYS[0]


# ----- trusted certificates -----


def _trusted(
    files: Files, server: Server, role: str, setting: Setting, pool: Sequence[Original]
) -> None:
    """The twin of a file of trusted certificates."""
    named, pki = str(setting), files.pki
    if named in pki.files:
        return
    found, why = files.originals.load(named)
    if found:
        more = pki.trusted_file(named, found, pool)
        if more:
            before = f"{named}: {more + 1} authorities that issued nothing here"
            files.changes.add("certificate", setting.place, before, "one such authority")
        return
    if role == "ssl_client_certificate":
        pki.files[named] = [pki.default(CLIENT_ROOT)]
        instead, hides = "an authority for clients", "whose client certificates are taken"
    else:
        own = [files.certificate(one).id for one in server.all("ssl_certificate")]
        above = pki.above(own[0]) if own else []
        pki.files[named] = above or [pki.default(ISSUING), pki.default(ROOT)]
        instead = "the authorities of the server's certificate, up to the root"
        hides = "whether the real file lets nginx find the issuer and verify responses"
    files.changes.add("unreadable", setting.place, f"{named}: {why}", instead, hides)
