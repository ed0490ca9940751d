"""A configuration of the user's own, read: `make` is where a drill begins.

    twin = make(Path("/etc/nginx/nginx.conf"), server=servers.probe("local", None, None))
    with stand.stand(twin) as ground:
        with ground.lab() as lab:
            lab.start(given=ground.given(workers=1))
            ground.handshake(lab, twin.sites[0])
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from staplelab.drill import certificate_files, merged, rewrite_words, sites
from staplelab.drill.changes import Changes
from staplelab.drill.merged import Server
from staplelab.drill.model import Twin, TwinSite
from staplelab.drill.originals import Originals
from staplelab.drill.reading import Reading, read
from staplelab.drill.sites import NameServers
from staplelab.drill.source import Source
from staplelab.drill.urls import Url
from staplelab.parts.topology import OCSP_HOST
from staplelab.servers.sut import ServerUnderTest

#: the name of its certificates among a world's profiles
PROFILE = "twin"
#: how many listeners the stub has for them, beside its own
MOST_NAME_SERVERS = 12


def make(
    conf: Path,
    *,
    server: ServerUnderTest,
    stands_for: str | None = None,
    root: Path | None = None,
    site: str | None = None,
    moment: float | None = None,
) -> Twin:
    """Reads a configuration as `server` would, and says what its sites are; LabError where there is
    nothing to read, or no site `site`.  `stands_for`, `root`: see reading.read.  `moment`: when the
    certificates are looked at, in Unix seconds."""
    reading = read(conf, stands_for, root)
    changes = Changes()
    found = _servers(reading, server)
    originals = Originals(reading)
    secure = [one for context in found.values() for one in context if one.is_site]
    files = certificate_files.make(secure, originals, changes, int(moment or time.time()))
    name_servers = NameServers(MOST_NAME_SERVERS)
    made: list[TwinSite] = []
    for context in found.values():
        made += sites.sites(context, files, server, name_servers)
    _number_name_servers(reading, name_servers, changes)
    stated, workers = _workers(reading)
    twin = Twin(
        conf=reading.conf,
        sites=tuple(made),
        changes=changes.all,
        complaints=[],
        unread=reading.unread,
        hosts=_hosts(files, found),
        name_servers=name_servers.all,
        worker_processes=stated,
        workers=workers,
        description=files.pki.description(PROFILE),
        stands_for=reading.tree.stands_for,
        source=Source(reading, server, found, files, changes, workers),
    )
    if site is not None:
        twin.sites = (twin.site(site),)
    return twin


def _servers(reading: Reading, server: ServerUnderTest) -> dict[str, list[Server]]:
    """The servers by their context; those of stream{} where nginx staples there."""
    found = {"http": merged.servers(reading.statements, "http")}
    if server.within(">=1.27.2") and all(map(server.has, ("stream", "stream_ssl_module"))):
        found["stream"] = merged.servers(reading.statements, "stream")
    return found


def _number_name_servers(reading: Reading, known: NameServers, changes: Changes) -> None:
    """Gives a listener to those, too, that no site has: the twin names them all."""
    outer = [one for one in reading.statements if one.name in ("http", "stream")]
    inner = [server for one in outer for server in one.inside("server")]
    for block in (*outer, *inner):
        for one in block.inside("resolver"):
            for address in sites.addresses(one.words):
                known.at(address)
            if len(known.all) > MOST_NAME_SERVERS:
                instead = f"{MOST_NAME_SERVERS} listeners, of which some stand for several"
                changes.of("resolver", one, instead, "what one of those alone does")


def _workers(reading: Reading) -> tuple[str, int]:
    """worker_processes as it stands there, and how many the twin has."""
    stated = "1"
    for one in reading.statements:
        if one.name == "worker_processes" and one.words:
            stated = one.words[0]
    number = int(stated) if stated.isdigit() else os.cpu_count() or 1
    return stated, max(1, min(number, rewrite_words.MOST_WORKERS))


def _hosts(files: certificate_files.Files, found: dict[str, list[Server]]) -> tuple[str, ...]:
    """The hosts in the OCSP URLs of certificates and directives, each once."""
    urls = [
        url
        for one in (*files.pki.leaves, *files.pki.authorities)
        for url in one.get("ocsp_urls", ())
    ]
    for context in found.values():
        for server in context:
            for name in ("ssl_stapling_responder", "ssl_ocsp_responder"):
                urls += [str(setting) for setting in server.all(name)]
    hosts = [Url(text).host for text in urls]
    named = [h for h, text in zip(hosts, urls, strict=True) if h and not Url(text).is_address]
    usable = [host for host in named if "$" not in host and host != OCSP_HOST]
    return tuple(dict.fromkeys((OCSP_HOST, *usable)))
