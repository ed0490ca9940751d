"""The twin in the lab: its certificates are minted, its sockets known, and nginx takes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from staplelab import hosts
from staplelab.drill import merged
from staplelab.drill.given import GivenTwin
from staplelab.drill.ground import Ground
from staplelab.drill.model import CertificateAtSite, Complaint, Twin, TwinSite
from staplelab.drill.rewrite import Rewritten, rewrite
from staplelab.drill.source import Source
from staplelab.drill.stapling import believe
from staplelab.drill.trial import Trial
from staplelab.drill.twin import PROFILE
from staplelab.hosts.base import Host
from staplelab.parts.client import Handshake
from staplelab.scenario.lab import Lab
from staplelab.scenario.world import Furnishing, World
from staplelab.servers import error_log
from staplelab.servers.sut import E_OPTION_SINCE

#: what nginx -t says in the end, and an old one that may not write where it was built to
_VERDICT = re.compile(r"\w+: (?:the )?configuration file |.*could not open error log file")

AnyLab = TypeVar("AnyLab", bound=Lab)


class Stand:
    """A world for one twin; of it `sites`, `changes` and `complaints` are whole then."""

    def __init__(self, twin: Twin, host: Host, clock: str = "lab") -> None:
        self.twin = twin
        self._source: Source = twin.source
        self.host = host
        stubs = {one.listener: one.ipv6 for one in twin.name_servers}
        more = Furnishing({PROFILE: twin.description}, twin.hosts, stubs)
        self.world = World(self._source.sut, host, (), clock, more)
        self.pki = self.world.pki[PROFILE]
        self._sockets = {
            socket: str(host.endpoint("nginx"))
            for found in self._source.servers.values()
            for socket in merged.sockets(found)
        }
        ground = Ground(
            sockets=self._sockets,
            name_servers={
                one.original: self.world.stub.resolver(one.listener) for one in twin.name_servers
            },
            ocsp_port=self.world.responder.port,
            ocsp_address=host.address("responder"),
            pki=self.pki,
            folder=host.given / PROFILE,
        )
        self._rewritten: Rewritten = rewrite(self._source, ground)
        self._tell_of_ipv6()
        if ground.folder.exists():
            host.share(ground.folder)
        twin.sites = tuple(map(self._with_listen, twin.sites))
        called = {str(path): named for named, path in ground.files.items()}
        called |= {here: socket for socket, here in self._sockets.items()}
        called |= {here: original for original, here in ground.name_servers.items()}
        twin.complaints += self._try(called)
        twin.sites = tuple(believe(twin.sites, twin.complaints))

    def _with_listen(self, site: TwinSite) -> TwinSite:
        if not site.socket:
            return site
        return replace(site, listen=self.listen(site))

    def listen(self, site: TwinSite) -> str:
        """ADDRESS:PORT of a site here; another stand of the same twin has others."""
        return self._sockets[merged.socket_of(site.socket)]

    def _tell_of_ipv6(self) -> None:
        """A machine without IPv6 has the name servers at IPv4 addresses alone."""
        if self.host.ipv6_address("stub") is not None:
            return
        for site in self.twin.sites:
            if site.resolver and any(one.ipv6 for one in site.resolver.name_servers):
                place, before = site.resolver.place, "IPv6 addresses in `resolver`"
                hides = "what becomes of it when IPv6 does not work"
                self._source.changes.add("resolver", place, before, "IPv4 addresses", hides)

    # ----- its configuration -----

    def given(self, workers: int | None = None) -> GivenTwin:
        """The twin's configuration for `lab.start(given=...)`, with as many workers as the
        original has, or so many."""
        return GivenTwin(self._rewritten, self.twin.workers if workers is None else workers)

    def _try(self, called: dict[str, str]) -> list[Complaint]:
        """Has nginx test it, without what it refuses."""
        self.world.reset()
        lab = Lab(self.world, self.world.folder, PROFILE)
        lab.write_hosts()
        given = self.given()
        try:
            trial = Trial(
                given,
                self._source.changes,
                lambda text: self._test(lab, text),
                lambda: lab.render(given),
                called,
            )
            return trial.run()
        finally:
            lab.abandon()
            self.world.clear()

    def _test(self, lab: Lab, text: str) -> list[error_log.Line]:
        sut, folder = self._source.sut, self.host.server_folder
        argv = [
            self.host.server_program(sut.path),
            *("-t", "-p", str(folder), "-c", str(lab.nginx.configure(text))),
        ]
        if sut.number >= E_OPTION_SINCE:
            argv += ["-e", str(folder / "startup.log")]
        variables = {
            **self.host.part_variables(self.host.hosts_file(lab.folder)),
            sut.ways.sockets: "",  # the driver's may say which nginx is judged
        }
        done = self.host.run(argv, variables=variables)
        said = [line for line in done.stderr.splitlines() if not _VERDICT.match(line)]
        lines = error_log.parse("\n".join(said))
        return [one for one in lines if one.level in error_log.MUST_BE_CLAIMED]

    # ----- its life -----

    @contextmanager
    def lab(self, kind: type[AnyLab]) -> Iterator[AnyLab]:
        """A lab as new, at the beginning of its time, in which nginx is not started yet."""
        self.world.reset()
        made = kind(self.world, self.world.folder, PROFILE)
        try:
            yield made
        finally:
            made.abandon()
            self.world.clear()

    def options(self, site: TwinSite, at: CertificateAtSite | None = None) -> tuple[str, ...]:
        """The words of staple-check with which a client comes to a site and gets that certificate:
        --servername, --trusted, --sigalgs, and its own certificate where it is asked for one."""
        chosen = at or (site.certificates[0] if site.certificates else None)
        words: list[str] = ["--servername", site.sni] if site.sni else []
        if chosen is not None:
            own = self.pki.certificates[chosen.certificate.id]
            words += ["--trusted", str(own.trusted), *chosen.options]
        if site.client_certificate is not None:
            mine = self.pki.certificates[site.client_certificate]
            words += ["--cert", str(mine.chain or mine.file), "--key", str(mine.private_key)]
        return tuple(words)

    def handshake(
        self, lab: Lab, site: TwinSite, at: CertificateAtSite | None = None, *more: str
    ) -> Handshake:
        """One handshake with a site."""
        return lab.handshake(*self.options(site, at), *more, name=site.sni, at=self.listen(site))

    def close(self) -> None:
        self.world.close()


@contextmanager
def stand(twin: Twin, clock: str = "lab") -> Iterator[Stand]:
    """Puts a twin up in a lab of its own, on this machine; nothing of it is left behind."""
    host = hosts.choose("local", twin.source.sut.path)
    try:
        made = Stand(twin, host, clock)
        yield made
        made.close()
    finally:
        host.close()
