"""The servers that stand on nginx, and the TLS libraries: names, versions, ways of their own.

What a server is it says once, to -V; what the lab knows of its product's ways stands here, and
nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: how a product calls itself in a sentence, by what it says to -V in small letters; another one
#: keeps its word
_NAMES = {"openresty": "OpenResty", "angie": "Angie", "tengine": "Tengine"}

#: what these programs put before a line of their log that goes to the terminal
SPEAKERS = ("nginx", "angie")

#: a fork says its own name and version first, and then that of the nginx that it stands on; older
#: Tengines do both in one line
_OWN = re.compile(r"^(?!nginx)\w+ version: ([\w.-]{1,40})/(\d+(?:\.\d+)+)", re.MULTILINE)
_NGINX = re.compile(
    r"^nginx version: ([^/\s]{1,40})/(\d+\.\d+\.\d+)((?:\.\d+)*)"
    r"|^Tengine version: \S+ \((nginx)/(\d+\.\d+\.\d+)\)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Ways:
    """Where a product differs from nginx in what the lab needs of it."""

    #: the variable that tells it which sockets it inherits
    sockets: str = "NGINX"
    #: whether it has SSL though nobody has said --with-http_ssl_module
    ssl_unasked: bool = False
    #: whether it asks the machine's name servers where there is no `resolver`
    reads_resolv_conf: bool = False


_WAYS = {
    "Angie": Ways(sockets="ANGIE", reads_resolv_conf=True),
    "Tengine": Ways(ssl_unasked=True, reads_resolv_conf=True),
}


def ways(product: str) -> Ways:
    return _WAYS.get(product, Ways())


def every_sockets_variable() -> list[str]:
    """All variables through which a server may inherit sockets."""
    return sorted({Ways().sockets, *(one.sockets for one in _WAYS.values())})


@dataclass(frozen=True)
class Product:
    name: str
    #: its own
    version: str
    #: of the nginx that it stands on.  freenginx counts on where nginx was when it left, so there
    #: the two are one
    nginx: str


def read_product(said: str) -> Product | None:
    """What an answer to -V says of the product; None when it is no nginx's."""
    base = _NGINX.search(said)
    if base is None:
        return None
    own = _OWN.search(said)
    nginx = base[2] or base[5]
    if own is not None:
        return Product(_name(own[1]), own[2], nginx)
    return Product(_name(base[1] or base[4]), f"{nginx}{base[3] or ''}", nginx)


def _name(word: str) -> str:
    return _NAMES.get(word.lower(), word)


@dataclass(frozen=True)
class Library:
    """A TLS library as a server names it."""

    name: str
    #: "" where it has none to say (BoringSSL)
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


def read_library(text: str) -> Library:
    """ "OpenSSL 3.0.20 7 Apr 2026", "LibreSSL 3.8.2", "BoringSSL", "OpenSSL 3.1.5+quic 30 Jan 2024"
    (quictls), "OpenSSL 1.1.1 (compatible; AWS-LC 1.29.0)", which is no OpenSSL."""
    compatible = re.search(r"\(compatible; ([^()]+)\)", text)
    words = (compatible[1] if compatible else text).split()
    name = words[0] if words else "unknown"
    version = words[1] if len(words) > 1 and words[1][0].isdigit() else ""
    quic = re.fullmatch(r"(.+?)[+-]quic\w*", version)
    if name.lower() == "quictls" or (name == "OpenSSL" and quic):
        return Library("quictls", quic[1] if quic else version)
    return Library(name, version)
