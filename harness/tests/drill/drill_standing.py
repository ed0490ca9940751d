"""Twins that stand in the lab, for tests of theirs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager

from drill_originals import MOMENT, Folder
from lab_run import nginx

from staplelab import servers
from staplelab.drill.model import Change, Twin, TwinSite
from staplelab.drill.stand import Stand, stand
from staplelab.drill.twin import make
from staplelab.scenario.lab import Lab
from staplelab.servers.sut import ServerUnderTest

#: what makes nginx staple, and the certificate of a test's folder
ON = "ssl_stapling on; ssl_stapling_verify on; resolver 192.0.2.53;"
TLS = "ssl_certificate a.pem; ssl_certificate_key a.key;"


@functools.cache
def server() -> ServerUnderTest:
    return servers.probe("local", nginx(), None, None)


def read(folder: Folder, http: str, main: str = "", events: str = "") -> Twin:
    conf = folder.conf(http, main, events)
    return make(conf, server=server(), moment=MOMENT.timestamp())


@contextmanager
def standing(folder: Folder, http: str, main: str = "", events: str = "") -> Iterator[Stand]:
    with stand(read(folder, http, main, events)) as made:
        yield made


def text_of(made: Stand, lab: Lab) -> str:
    return lab.render(made.given(workers=1))


def visit(made: Stand, lab: Lab, site: TwinSite) -> None:
    """Comes to a site twice for each of its certificates, and finds the twin, stapled the second
    time where that is said."""
    for at in site.certificates:
        first = made.handshake(lab, site, at)
        assert first.verdict == "NO_STAPLE", (site.name, first.reason)
        wanted = made.pki.certificates[at.certificate.id].serial
        assert int(first.serial, 16) == int(wanted, 16), site.name
        lab.settle(so_far=True)
        again = made.handshake(lab, site, at)
        expected = "GOOD" if at.stapling == "on" else "NO_STAPLE"
        assert again.verdict == expected, (site.name, at.certificate.file, again.reason)
    lab.settle(so_far=True)


def changes(twin: Twin, kind: str) -> list[Change]:
    return [one for one in twin.changes if one.kind == kind]
