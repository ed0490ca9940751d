"""Scenes of a drill without a configuration to read: one server{} that a test describes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import drill_answers
from lab_run import nginx

from staplelab import hosts, servers
from staplelab.drill.model import (
    CertificateAtSite,
    NameServer,
    Resolver,
    Stapling,
    TwinSite,
)
from staplelab.drill.scene import Drilled, Visitor
from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.world import World
from staplelab.servers.config import Site


@dataclass
class MadeScene:
    """One site of the lab's own in the place of a twin."""

    world: World
    described: Site
    site: TwinSite
    certificate: CertificateAtSite
    workers: int
    profile: str = "standard"
    signers: dict[str, str] = field(
        default_factory=lambda: {"delegate": "delegate", "stranger": "rogue"}
    )

    def open(self) -> Drilled:
        self.world.reset()
        return Drilled(self.world, self.world.folder, self.profile)

    def begin(self, lab: Drilled, workers: int = 1) -> Visitor:
        lab.start(self._for(lab), workers=workers)
        return self.visitor(lab)

    def restart(self, lab: Drilled) -> Visitor:
        lab.restart(self._for(lab))
        return self.visitor(lab)

    def _for(self, lab: Drilled) -> Site:
        words = self.described.resolver
        if words is None or self.site.resolver is None:
            return self.described
        stubs = [lab.stub.resolver(one.listener) for one in self.site.resolver.name_servers]
        return replace(self.described, resolver=words.replace("STUBS", " ".join(stubs)))

    def visitor(self, lab: Drilled) -> Visitor:
        own = lab.certificate(self.described.certificates[0])
        options = ("--servername", self.site.sni, "--trusted", str(own.trusted))
        client: tuple[str, ...] = ()
        if self.site.client_certificate is not None:
            mine = lab.certificate(self.site.client_certificate)
            client = ("--cert", str(mine.chain or mine.file), "--key", str(mine.private_key))
        return Visitor(lab.nginx.listen, options, own.serial, client)

    @contextmanager
    def renewed(self, lab: Drilled) -> Iterator[Visitor | None]:
        yield None

    def close(self, lab: Drilled) -> None:
        lab.abandon()
        self.world.clear()


@contextmanager
def world(*profiles: str) -> Iterator[World]:
    """Responder, stub and certificates for one module's tests."""
    server = servers.probe("local", nginx(), None, None)
    host = hosts.choose("local", server.path)
    try:
        made = World(server, host, profiles or ("standard",))
        yield made
        made.close()
    finally:
        host.close()


def scene(
    world: World,
    *,
    resolver: str | None = "STUBS",
    name_servers: int = 1,
    workers: int = 1,
    stapling: Stapling = "on",
    why: str = "",
    timeout: int = 30,
    client: str | None = None,
    profile: str = "standard",
    **choices: Any,
) -> MadeScene:
    """The site of a `Site` with these choices; STUBS in `resolver` stands for the addresses of so
    many name servers."""
    described = Site(resolver=resolver, **choices)
    listeners = ("stub", "stub-2")[:name_servers]
    own = world.pki[profile].certificates[described.certificates[0]]
    minted = drill_answers.certificate(
        id=own.id,
        names=(described.server_name,),
        must_staple=own.id == "must-staple",
        ocsp_urls=own.ocsp_urls,
    )
    at_site = CertificateAtSite(
        minted, stapling, why, drill_answers.PLACE, (), (OCSP_HOST,) if own.ocsp_urls else ()
    )
    asked = None
    if resolver is not None:
        asked = Resolver(
            drill_answers.PLACE,
            tuple(NameServer(f"192.0.2.{n}", name, False) for n, name in enumerate(listeners)),
            ipv6="ipv6=off" not in resolver,
            timeout=timeout,
        )
    site = replace(
        drill_answers.site(at_site, described.server_name),
        resolver=asked,
        verify_client="on" if client else "off",
        ocsp="on" if client else "off",
        client_certificate=client,
    )
    return MadeScene(world, described, site, at_site, workers, profile)
