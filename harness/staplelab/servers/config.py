"""nginx's configuration as a scenario's author describes it, rendered for one run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import jinja2

from staplelab.errors import LabError, NotHere
from staplelab.parts.pki import Certificate, Pki
from staplelab.servers.sut import ServerUnderTest

#: modules with a folder for temporary files, which nginx makes when it starts
STORES = ("proxy", "fastcgi", "uwsgi", "scgi")
#: what has to reach workers through the environment, which nginx wipes; over a binary upgrade it
#: keeps what a sanitizer is told
VARIABLES = (
    "LD_PRELOAD",
    "NSS_WRAPPER_HOSTS",
    "NSS_WRAPPER_DISABLE_DEEPBIND",
    "ASAN_OPTIONS",
    "UBSAN_OPTIONS",
)

NO_RESOLVER = (
    "without a `resolver` {} asks the name servers of the machine, which no server of the lab may"
)
_RESOLVER = re.compile(r"\bresolver\s")
#: a server{} of stream{} has to have one of these
_SAYS_SOMETHING = re.compile(r"(?:return|proxy_pass)\s")

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)


class Given(Protocol):
    """A configuration, of whatever it was made: what a server of the lab is started with."""

    @property
    def upgradable(self) -> bool:
        """Whether nginx runs as a daemon, which takes SIGUSR2 for a binary upgrade."""

    def render(
        self,
        *,
        pki: Pki,
        folder: Path,
        user: str,
        listen: str,
        barrier: str,
        resolver: str,
        server: ServerUnderTest,
        clock: Sequence[str],
    ) -> str:
        """The configuration file, which has to have the barrier's server{}."""


@dataclass(frozen=True)
class Site:
    """One server{}: its certificates (ids of the PKI) and how it staples."""

    certificates: tuple[str, ...] = ("www",)
    server_name: str = "www.staplelab.test"
    stapling: bool = True
    verify: bool = True
    #: what ssl_certificate holds: the leaf and its intermediates (True), the leaf alone (False),
    #: another certificate's, or a file of the author's own
    chain: bool | Certificate | Path = True
    #: what ssl_trusted_certificate holds: what pki-mint made for it (True), that of another
    #: certificate, or a file of the author's own; with False there is none
    trusted: bool | Certificate | Path = True
    #: "lab" (the topology's name server), None (no resolver directive) or the directive's words
    resolver: str | None = "lab"
    #: the directives below stand alone, nothing is written for the choices above
    plain: bool = False
    #: further directives, each ending in a semicolon
    directives: tuple[str, ...] = ()
    #: a file that the server{} includes (`lab.file` writes one)
    include: Path | None = None
    #: directives that stand before the server{}, in http{} (upstream, map, proxy_cache_path, ...)
    http_directives: tuple[str, ...] = ()
    #: it speaks HTTP/2, too (`lab.needs_module("http_v2_module")`)
    http2: bool = False
    #: it stands in stream{}, and the directives before it, too (`lab.needs_module("stream")`)
    stream: bool = False

    def lines(self, pki: Pki, resolver: str) -> list[str]:
        """What stands in the server{} beside its name and its certificates."""
        included = [] if self.include is None else [f"include {self.include};"]
        if self.plain:
            return [*self.directives, *included]
        lines = [
            f"ssl_stapling {'on' if self.stapling else 'off'};",
            f"ssl_stapling_verify {'on' if self.verify else 'off'};",
        ]
        trusted = self._trusted_file(pki)
        if trusted is not None:
            lines.append(f"ssl_trusted_certificate {trusted};")
        if self.resolver is not None:
            lines.append(f"resolver {resolver if self.resolver == 'lab' else self.resolver};")
        return [*lines, *self.directives, *included]

    @property
    def names_resolver(self) -> bool:
        """Whether it says itself which name servers are asked."""
        if self.resolver is not None and not self.plain:
            return True
        words = list(self.directives)
        if self.include is not None and self.include.is_file():
            words.append(self.include.read_text())
        return any(map(_RESOLVER.search, words))

    def certificate_files(self, pki: Pki) -> list[tuple[Path, Path]]:
        """What ssl_certificate and ssl_certificate_key name, for each of the certificates."""
        if not isinstance(self.chain, bool) and len(self.certificates) != 1:
            raise LabError(f"one file as chain is for one certificate, not {self.certificates}")
        chosen = [pki.certificates[name] for name in self.certificates]
        return [(self._chain_file(one), one.private_key) for one in chosen]

    def _chain_file(self, certificate: Certificate) -> Path:
        if isinstance(self.chain, Path):
            return self.chain
        if isinstance(self.chain, Certificate):
            return self.chain.chain or self.chain.file
        return certificate.chain if self.chain and certificate.chain else certificate.file

    def _trusted_file(self, pki: Pki) -> Path | None:
        if isinstance(self.trusted, Path):
            return self.trusted
        if isinstance(self.trusted, Certificate):
            # an authority has no such file: it is trusted itself
            return self.trusted.trusted or self.trusted.file
        if not self.trusted or not self.certificates:
            return None
        return pki.certificates[self.certificates[0]].trusted


@dataclass(frozen=True)
class Configuration:
    """Everything a scenario may choose about its nginx."""

    sites: tuple[Site, ...] = (Site(),)
    workers: int = 1
    worker_connections: int = 64
    main: str = ""
    http: str = ""
    log_level: str = "info"
    #: nginx runs as a daemon, which takes SIGUSR2 for a binary upgrade
    upgradable: bool = False

    def _hold_to_name_servers(self, server: ServerUnderTest) -> None:
        """NotHere where the server would ask the name servers of the machine."""
        if not server.ways.reads_resolv_conf or _RESOLVER.search(self.http):
            return
        if not all(site.names_resolver for site in self.sites):
            raise NotHere(NO_RESOLVER.format(server.product))

    def render(
        self,
        *,
        pki: Pki,
        folder: Path,
        user: str,
        listen: str,
        barrier: str,
        resolver: str,
        server: ServerUnderTest,
        clock: Sequence[str],
    ) -> str:
        """The configuration file; a `user` of "" leaves the directive out.  A directive of a module
        that the server is built without is left out, too.  `clock`: the variables that the lab
        clock reads."""
        self._hold_to_name_servers(server)
        sites = [_render_site(site, pki, resolver, server) for site in self.sites]
        return _TEMPLATES.get_template("nginx.conf.j2").render(
            user=user,
            stores=[name for name in STORES if server.has(f"http_{name}_module")],
            daemon=self.upgradable,
            variables=(*VARIABLES, *clock),
            folder=folder,
            temp=folder / "temp",
            workers=self.workers,
            worker_connections=self.worker_connections,
            log_level=self.log_level,
            main=self.main,
            http=self.http,
            listen=listen,
            barrier=barrier,
            modules=[server.module_file("stream")] if self._has_streams() else [],
            contexts={
                "http": [one for one in sites if not one.stream],
                "stream": [one for one in sites if one.stream],
            },
        )

    def _has_streams(self) -> bool:
        return any(site.stream for site in self.sites)


@dataclass(frozen=True)
class _RenderedSite:
    server_name: str
    #: ssl_certificate, ssl_certificate_key
    certificates: list[tuple[Path, Path]]
    lines: list[str]
    before: tuple[str, ...]
    stream: bool
    #: further words of `listen`
    listen: str


def _render_site(site: Site, pki: Pki, resolver: str, server: ServerUnderTest) -> _RenderedSite:
    lines = site.lines(pki, resolver)
    listen = ""
    if site.http2 and server.within(">=1.25.1"):
        lines.append("http2 on;")
    elif site.http2:
        listen = " http2"
    if not site.stream:
        lines.append("try_files /nothing =204;")
    elif not any(map(_SAYS_SOMETHING.match, site.directives)):
        lines.append('return "";')
    return _RenderedSite(
        server_name=site.server_name,
        certificates=site.certificate_files(pki),
        lines=lines,
        before=site.http_directives,
        stream=site.stream,
        listen=listen,
    )


def describe(configuration: Configuration) -> dict[str, Any]:
    """The choices that differ from the defaults, for the timeline."""
    default = Configuration()
    return {
        field.name: getattr(configuration, field.name)
        for field in fields(Configuration)
        if field.name != "sites"
        and getattr(configuration, field.name) != getattr(default, field.name)
    }


def describe_site(choices: dict[str, Any]) -> dict[str, Any]:
    """The choices of a Site for the timeline: certificates by their ids, files by their names."""
    return {name: _for_timeline(choice) for name, choice in choices.items()}


def describe_sites(sites: Sequence[Site]) -> list[dict[str, Any]]:
    """Of each Site the choices that differ from the defaults, for the timeline."""
    default = Site()
    return [
        describe_site({k: v for k, v in vars(site).items() if v != getattr(default, k)})
        for site in sites
    ]


def _for_timeline(choice: Any) -> Any:
    if isinstance(choice, Certificate):
        return choice.id
    return choice.name if isinstance(choice, Path) else choice
