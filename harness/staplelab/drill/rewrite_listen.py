"""`listen` in the twin: each of the original's sockets is one of the lab's."""

from __future__ import annotations

from collections.abc import Iterator

from staplelab.drill.ground import Ground
from staplelab.drill.merged import Listen, Server
from staplelab.drill.source import Source
from staplelab.drill.statements import Statement

_KEPT = ("ssl", "default_server", "default", "deferred")
_KEPT_WITH_VALUE = ("backlog=", "rcvbuf=", "sndbuf=", "fastopen=", "so_keepalive=")
#: what leaving a word out may hide
_HIDES = {
    "reuseport": "which worker a connection comes to, and so which of them has a staple",
    "proxy_protocol": "",
    "quic": "QUIC: its handshakes have staples, too, each worker's own",
}


def listens(server: Server, source: Source, ground: Ground) -> Iterator[Statement]:
    """The `listen` directives of a server{}; none where QUIC alone leads to it."""
    for listen in server.listens:
        if listen.quic:
            source.changes.add("listen", listen.place, _text(listen), "", _HIDES["quic"])
            continue
        kept, lost = _options(listen, source)
        gone = source.sut.within(">=1.25.1") and server.setting("ssl") == "on"
        if gone and "ssl" not in kept:
            kept.insert(0, "ssl")
        address = ground.sockets[listen.socket]
        hides = "; ".join(filter(None, (_HIDES.get(word, "") for word in lost)))
        instead = " ".join(["listen", "an address of the lab", *kept])
        source.changes.add("listen", listen.place, _text(listen), instead, hides)
        yield Statement("listen", (address, *kept), listen.place)


def _options(listen: Listen, source: Source) -> tuple[list[str], list[str]]:
    """The words that the twin has, and those that it has not."""
    kept, lost = [], []
    for word in listen.options:
        http2 = word == "http2" and source.has_http2
        if word in _KEPT or word.startswith(_KEPT_WITH_VALUE) or http2:
            kept.append(word)
        else:
            lost.append(word)
    return kept, lost


def _text(listen: Listen) -> str:
    return " ".join(("listen", listen.original, *listen.options))
