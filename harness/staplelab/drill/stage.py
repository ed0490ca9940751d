"""The twin as the experiments know it: scenes on the stand of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from staplelab import hosts
from staplelab.drill import signers
from staplelab.drill.model import CertificateAtSite, Twin, TwinSite
from staplelab.drill.scene import Drilled, Visitor
from staplelab.drill.stand import Stand
from staplelab.drill.twin import PROFILE


class TwinGround:
    """A stand in this process (scene.Ground)."""

    def __init__(self, twin: Twin) -> None:
        self._host = hosts.choose("local", twin.source.sut.path)
        twin.description = signers.added(twin.description)
        try:
            self._stand = Stand(twin, self._host)
        except BaseException:
            self._host.close()
            raise

    def scene(self, site: TwinSite, certificate: CertificateAtSite) -> TwinScene:
        return TwinScene(self._stand, site, certificate, self._stand.twin.workers)

    def close(self) -> None:
        try:
            self._stand.close()
        finally:
            self._host.close()


@dataclass
class TwinScene:
    """One certificate of one site of a twin (scene.Scene)."""

    stand: Stand
    site: TwinSite
    certificate: CertificateAtSite
    workers: int

    @property
    def signers(self) -> Mapping[str, str]:
        return signers.of_leaf(self.stand.twin.description, self.certificate.certificate.id)

    def open(self) -> Drilled:
        self.stand.world.reset()
        return Drilled(self.stand.world, self.stand.world.folder, PROFILE)

    def begin(self, lab: Drilled, workers: int = 1) -> Visitor:
        lab.start(given=self.stand.given(workers))
        return self.visitor(lab)

    def restart(self, lab: Drilled) -> Visitor:
        lab.restart(given=self.stand.given(1))
        return self.visitor(lab)

    def visitor(self, lab: Drilled) -> Visitor:
        own = lab.pki.certificates[self.certificate.certificate.id]
        plain = dataclasses.replace(self.site, client_certificate=None)
        options = self.stand.options(plain, self.certificate)
        client = self.stand.options(self.site, self.certificate)[len(options) :]
        return Visitor(self.site.listen, options, own.serial, client)

    @contextlib.contextmanager
    def renewed(self, lab: Drilled) -> Iterator[Visitor | None]:
        """The files are put back: other scenes have them, too."""
        certificates, old = lab.pki.certificates, self.certificate.certificate.id
        if signers.renewed_of(old) not in certificates:
            yield None
            return
        own, after = certificates[old], certificates[signers.renewed_of(old)]
        leaf, new = own.file.read_bytes(), after.file.read_bytes()
        issuer = certificates[signers.new_of(self.stand.twin.description, old)].file.read_bytes()
        texts = {own.private_key: after.private_key.read_bytes()}
        for file in (self.stand.host.given / PROFILE).glob("*.pem"):
            held = file.read_bytes()
            if held.startswith(leaf):
                texts[file] = new if held == leaf else new + issuer
        kept = {file: file.read_bytes() for file in texts}
        try:
            _write(texts)
            options = self.visitor(lab).options
            trusted = tuple(str(after.trusted) if o == str(own.trusted) else o for o in options)
            yield Visitor(self.site.listen, trusted, after.serial)
        finally:
            _write(kept)

    def close(self, lab: Drilled) -> None:
        lab.abandon()
        self.stand.world.clear()


#: by their time of modification alone, in whole seconds, an nginx that keeps certificates over a
#: reload (1.27.4) notices that they are others
_TIMES = itertools.count(1)


def _write(texts: Mapping[Path, bytes]) -> None:
    for file, octets in texts.items():
        file.write_bytes(octets)
        moment = next(_TIMES)
        os.utime(file, (moment, moment))
