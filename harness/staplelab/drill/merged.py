"""Each server{} as it is after inheritance, whatever file or level a directive stands in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from staplelab.drill.model import Place, Setting, Settings
from staplelab.drill.statements import Statement

#: beside those that begin with ssl_
_OF_INTEREST = {"resolver", "resolver_timeout", "ssl", "http2", "server_name", "proxy_protocol"}


def is_of_interest(name: str) -> bool:
    """Whether the merged view has that directive."""
    return name in _OF_INTEREST or name.startswith("ssl_")


@dataclass(frozen=True)
class Listen:
    """One `listen` directive."""

    place: Place
    #: as it stands there
    original: str
    #: the same for all that nginx takes for one socket: "*:443", "[::]:443", "unix:/run/a"
    socket: str
    #: words behind the address
    options: tuple[str, ...]

    def has(self, word: str) -> bool:
        return word in self.options

    @property
    def default(self) -> bool:
        return self.has("default_server") or self.has("default")

    @property
    def quic(self) -> bool:
        return self.has("quic")

    @property
    def ipv6(self) -> bool:
        return self.socket.startswith("[")


@dataclass(frozen=True)
class Server:
    """One server{}."""

    statement: Statement
    #: "http" or "stream"
    context: str
    #: in the order of the configuration, over all of http{} or stream{}
    number: int
    listens: tuple[Listen, ...]
    #: as server_name has them; () where there is none
    names: tuple[str, ...]
    settings: Settings
    #: listens that are TLS: they say so, or another server{} does of the same socket, or `ssl on`
    tls: tuple[Listen, ...] = ()

    @property
    def place(self) -> Place:
        return self.statement.place

    @property
    def is_site(self) -> bool:
        """Whether it has TLS on any of its sockets, also where that is QUIC."""
        return bool(self.tls) or any(listen.quic for listen in self.listens)

    def setting(self, name: str, default: str = "") -> str:
        found = self.settings.get(name)
        return str(found[-1]) if found else default

    def all(self, name: str) -> tuple[Setting, ...]:
        return self.settings.get(name, ())


def servers(statements: Iterable[Statement], context: str) -> list[Server]:
    """Those of http{} or stream{}, in their order."""
    found: list[Server] = []
    blocks = [one for one in statements if one.name == context and one.block is not None]
    for outer in blocks:
        above = _settings(outer.inside())
        for one in outer.inside("server"):
            if one.block is not None:
                found.append(_server(one, context, len(found), above))
    secure = {listen.socket for one in found for listen in one.listens if _says_tls(one, listen)}
    return [
        replace(
            one,
            tls=tuple(
                listen
                for listen in one.listens
                if not listen.quic and listen.socket in secure
            ),
        )
        for one in found
    ]


def _says_tls(server: Server, listen: Listen) -> bool:
    return not listen.quic and (listen.has("ssl") or server.setting("ssl") == "on")


def _server(one: Statement, context: str, number: int, above: Settings) -> Server:
    own = _settings(one.inside())
    listens = [read_listen(listen) for listen in one.inside("listen") if listen.words]
    if not listens and context == "http":
        listens = [Listen(one.place, "*:80", "*:80", ())]
    names = tuple(word for setting in own.get("server_name", ()) for word in setting.words)
    return Server(one, context, number, tuple(listens), names, {**above, **own})


def _settings(statements: Iterable[Statement]) -> dict[str, tuple[Setting, ...]]:
    found: dict[str, tuple[Setting, ...]] = {}
    for one in statements:
        if is_of_interest(one.name):
            found[one.name] = (*found.get(one.name, ()), Setting(one.words, one.place))
    return found


# ----- sockets -----


def read_listen(one: Statement) -> Listen:
    """A `listen` directive; of a range of ports the first one."""
    address, *options = one.words
    return Listen(one.place, address, socket_of(address), tuple(options))


def socket_of(address: str) -> str:
    if address.startswith("unix:"):
        return address
    if address.isdigit():
        return f"*:{address}"
    range_ = re.fullmatch(r"(\d+)-\d+", address)
    if range_:
        return f"*:{range_[1]}"
    if address.startswith("["):
        host, _, port = address.partition("]")
        return f"{host.lower()}]:{_first(port.lstrip(':')) or '80'}"
    host, _, port = address.partition(":")
    host = "*" if host in ("*", "0.0.0.0") else host.lower()
    return f"{host}:{_first(port) or '80'}"


def _first(ports: str) -> str:
    return ports.partition("-")[0]


def sockets(found: Sequence[Server]) -> Iterator[str]:
    """The sockets of these servers, each once, in the order in which they appear."""
    seen: set[str] = set()
    for server in found:
        for listen in server.listens:
            if not listen.quic and listen.socket not in seen:
                seen.add(listen.socket)
                yield listen.socket


def default_of(found: Sequence[Server], socket: str) -> Server | None:
    """The default server of a socket: the one that says so, else the first there."""
    there = [
        (server, listen)
        for server in found
        for listen in server.listens
        if listen.socket == socket and not listen.quic
    ]
    said = [server for server, listen in there if listen.default]
    return said[0] if said else there[0][0] if there else None
