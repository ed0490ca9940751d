"""nginx's configuration as a scenario's author describes it, rendered for one run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import jinja2

from staplelab.parts.pki import Certificate, Pki

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)


@dataclass(frozen=True)
class Site:
    """One server{}: its certificates (ids of the PKI) and how it staples."""

    certificates: tuple[str, ...] = ("www",)
    server_name: str = "www.staplelab.test"
    stapling: bool = True
    verify: bool = True
    #: ssl_certificate holds the leaf and its intermediates, not the leaf alone
    chain: bool = True
    #: ssl_trusted_certificate is set
    trusted: bool = True
    #: "stub" (the DNS stub), None (no resolver directive) or the directive's words
    resolver: str | None = "stub"
    #: the directives below stand alone, nothing is written for the choices above
    plain: bool = False
    #: further directives, each ending in a semicolon
    directives: tuple[str, ...] = ()

    def lines(self, pki: Pki, resolver: str) -> list[str]:
        if self.plain:
            return list(self.directives)
        lines = [
            f"ssl_stapling {'on' if self.stapling else 'off'};",
            f"ssl_stapling_verify {'on' if self.verify else 'off'};",
        ]
        if self.trusted:
            lines.append(
                f"ssl_trusted_certificate {pki.certificates[self.certificates[0]].trusted};"
            )
        if self.resolver is not None:
            lines.append(f"resolver {resolver if self.resolver == 'stub' else self.resolver};")
        return lines + list(self.directives)


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

    def render(
        self, *, pki: Pki, folder: Path, user: str, listen: str, barrier: str, resolver: str
    ) -> str:
        """The configuration file; a `user` of "" leaves the directive out."""
        return _TEMPLATES.get_template("nginx.conf.j2").render(
            user=user,
            daemon=self.upgradable,
            folder=folder,
            temp=folder.parent / "temp",  # shared: nginx makes it, nothing is ever put there
            workers=self.workers,
            worker_connections=self.worker_connections,
            log_level=self.log_level,
            main=self.main,
            http=self.http,
            listen=listen,
            barrier=barrier,
            sites=[_render_site(site, pki, resolver) for site in self.sites],
        )


@dataclass(frozen=True)
class _RenderedSite:
    server_name: str
    certificates: list[_RenderedCertificate] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _RenderedCertificate:
    file: Path | None
    private_key: Path


def _render_site(site: Site, pki: Pki, resolver: str) -> _RenderedSite:
    chosen: list[Certificate] = [pki.certificates[name] for name in site.certificates]
    return _RenderedSite(
        server_name=site.server_name,
        certificates=[
            _RenderedCertificate(c.chain if site.chain else c.file, c.private_key) for c in chosen
        ],
        lines=site.lines(pki, resolver),
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
