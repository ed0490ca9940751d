"""What is known of a configuration and of its twin: data alone, which the drill goes by.

The original is what the user has; the twin is the copy of it that runs in the lab.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

#: whether a certificate is stapled at a site:
#:   on            nginx fetches responses and staples them
#:   off           nobody has asked for that
#:   ignored       it is asked for, and nginx does nothing all the same
#:   cannot-judge  something else than nginx's own stapling decides (a Lua module, a file)
Stapling = Literal["on", "off", "ignored", "cannot-judge"]


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands in the original: the file as the user would name it, and the line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Setting:
    """A directive as it holds for a server{}, wherever it was inherited from."""

    #: its words without its name
    words: tuple[str, ...]
    place: Place

    def __str__(self) -> str:
        return " ".join(self.words)


#: the directives that hold for a server{}, by their names; several of one name in their order
Settings = Mapping[str, tuple[Setting, ...]]


@dataclass(frozen=True)
class NameServer:
    """An address of a `resolver`, and the stub's listener that stands for it."""

    #: as the configuration has it: "1.1.1.1", "[2606:4700:4700::1111]", "dns.example.com:5353"
    original: str
    #: the name of the listener at the stub, for `match={"listener": ...}`
    listener: str
    ipv6: bool


@dataclass(frozen=True)
class Resolver:
    """A `resolver` directive that holds for a site."""

    place: Place
    name_servers: tuple[NameServer, ...]
    #: `valid=`, in seconds
    valid: int | None = None
    #: whether names are looked up in that version of IP
    ipv4: bool = True
    ipv6: bool = True
    #: `resolver_timeout`, in seconds
    timeout: int = 30


@dataclass(frozen=True)
class TwinCertificate:
    """A server's certificate, and its twin."""

    #: the twin's id in its PKI: `lab.pki.certificates[id]` has its serial, files and key
    id: str
    #: the original's file, as ssl_certificate names it
    file: str
    place: Place
    #: whether the original's file was read; else the twin was made of what the server is called
    read: bool
    #: why it was not read; "" where it was
    why_not_read: str
    #: the DNS names, of the original and of the twin alike
    names: tuple[str, ...]
    #: the twin's key: "p256", "rsa2048", "ed25519"
    key: str
    #: the original's: "EC secp384r1", "RSA 4096"; "" where it was not read
    original_key: str
    must_staple: bool
    #: as the original has them; of one that was not read, the lab's own
    ocsp_urls: tuple[str, ...]
    #: how long it is valid still, in seconds from the moment of reading: negative where it is not
    remaining: int
    #: what stands in the file: "leaf", "leaf and intermediates", "leaf, intermediates and root"
    shape: str


@dataclass(frozen=True)
class CertificateAtSite:
    """A certificate as one server{} has it: the same one may be stapled here and not there."""

    certificate: TwinCertificate
    stapling: Stapling
    #: why that is so, a sentence without its full stop; for "on", where the responses come from
    why: str
    #: the directives that decide, for advice: the place of ssl_stapling or of ssl_certificate
    place: Place
    #: options of staple-check that make nginx choose this certificate
    options: tuple[str, ...] = ()
    #: the OCSP hosts that are asked for it, as in the URL; () where none is
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class TwinSite:
    """A server{} with TLS."""

    #: what `--site` calls it: its first name, and a number where others have that, too
    name: str
    place: Place
    #: as server_name has them
    names: tuple[str, ...]
    #: "http" or "stream"
    context: str
    #: the server name that a client asks for; "" where none is asked for
    sni: str
    #: the original's socket that clients come to: "443", "[::]:8443", "unix:/run/tls.sock"
    socket: str
    #: ADDRESS:PORT of the twin's
    listen: str
    #: whether it is the socket's default server
    default: bool
    #: whether the original's clients are a proxy that says whom it speaks for; the twin's are not
    proxy_protocol: bool
    #: whether a client can come to it at all, and why not
    reachable: bool
    why_unreachable: str
    #: ssl_reject_handshake
    rejects: bool
    certificates: tuple[CertificateAtSite, ...]
    #: of all its certificates: "on" where one is, else what the first is
    stapling: Stapling
    why: str
    resolver: Resolver | None
    #: ssl_verify_client: "off", "on", "optional", "optional_no_ca"
    verify_client: str
    #: ssl_ocsp: "off", "leaf", "on"
    ocsp: str
    #: the id of a certificate in the twin's PKI that its clients present; None: it asks for none
    client_certificate: str | None
    #: "TLSv1.2", ...: what ssl_protocols allows; () for nginx's own choice
    protocols: tuple[str, ...]
    settings: Settings = field(default_factory=dict)

    def setting(self, name: str, default: str = "") -> str:
        """The words of the last directive of that name that holds here."""
        found = self.settings.get(name)
        return str(found[-1]) if found else default

    def place_of(self, name: str) -> Place | None:
        """Where that directive stands; None where it is nowhere."""
        found = self.settings.get(name)
        return found[-1].place if found else None


@dataclass(frozen=True)
class Change:
    """Something of the original that the twin has otherwise, or not at all."""

    #: what it belongs to: listen, certificate, resolver, requests, upstream, log, path, process,
    #: module, version, name, unreadable
    kind: str
    place: Place
    #: what stands there, in one line that may be cut
    before: str
    #: what the twin has instead; "" where it has nothing
    instead: str
    #: what that may hide from the drill; "" where it can hide nothing of stapling
    hides: str = ""


@dataclass(frozen=True)
class Complaint:
    """What `nginx -t` says of the twin, its place put back to the original's."""

    level: str
    text: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"[{self.level}] {self.text}" + (f" in {self.place}" if self.place else "")


@dataclass(frozen=True)
class Unread:
    """A file that could not be read, and what was named there."""

    file: str
    #: where it is named; None for the top file
    place: Place | None
    why: str


@dataclass
class Twin:
    """A configuration, read, and the twin that was made of it (twin.make)."""

    conf: Path
    sites: tuple[TwinSite, ...]
    #: what was changed to make it run in the lab
    changes: list[Change]
    #: what nginx says of it; filled by the stage
    complaints: list[Complaint]
    #: files that could not be read
    unread: list[Unread]
    #: the hosts in OCSP URLs, which the lab's responder stands for
    hosts: tuple[str, ...]
    #: the name servers of all sites, in the order in which they appear
    name_servers: tuple[NameServer, ...]
    #: worker_processes of the original as it stands there, and the number in the twin
    worker_processes: str
    workers: int
    #: the description that pki-mint makes the twins' certificates of
    description: dict[str, Any]
    #: the directory that the folder of `conf` stands for; None: it is where it says
    stands_for: str | None = None
    #: what the twin is rewritten from (source.Source)
    source: Any = field(default=None, repr=False)

    def site(self, name: str) -> TwinSite:
        """The site of that name, or with that server_name; LabError names the nearest."""
        from staplelab.errors import check_word

        named = {known: site for site in reversed(self.sites) for known in site.names}
        named |= {site.name: site for site in self.sites}
        check_word("site", name, named)
        return named[name]
