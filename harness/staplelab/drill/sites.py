"""The sites of a configuration: how a client comes to each, and what it gets there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from staplelab.drill import server_names, stapling
from staplelab.drill.certificate_files import Files
from staplelab.drill.certificates import CLIENT_ROOT
from staplelab.drill.merged import Listen, Server, default_of
from staplelab.drill.model import CertificateAtSite, NameServer, Resolver, TwinSite
from staplelab.servers.sut import ServerUnderTest

#: what a client offers so that it gets the certificate with that key
_SIGALGS = {"p256": "ECDSA+SHA256", "rsa2048": "RSA-PSS+SHA256:RSA+SHA256", "ed25519": "ed25519"}
_TIME = re.compile(r"(\d+)(ms|[smhdwMy]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}


def seconds(text: str) -> int | None:
    """A time of nginx's ("1h30m", "300s", "300"), in seconds; None when it is none."""
    parts = text.split()
    words = [found for part in parts for found in _TIME.findall(part)]
    if not words or "".join(number + unit for number, unit in words) != "".join(parts):
        return None
    return sum(0 if unit == "ms" else int(number) * _UNITS[unit] for number, unit in words)


def addresses(words: Sequence[str]) -> list[str]:
    """Of the words of a `resolver` the name servers."""
    return [word for word in words if "=" not in word and word != "off"]


class NameServers:
    """The name servers of all `resolver` directives: each address has a listener of the stub."""

    def __init__(self, most: int) -> None:
        """`most`: how many listeners the stub may have for them."""
        self._most = most
        self._by_address: dict[str, NameServer] = {}

    @property
    def all(self) -> tuple[NameServer, ...]:
        return tuple(self._by_address.values())

    def at(self, address: str) -> NameServer:
        if address not in self._by_address:
            number = len(self._by_address) % self._most + 1
            ipv6 = address.startswith("[")
            self._by_address[address] = NameServer(address, f"name-server-{number}", ipv6)
        return self._by_address[address]

    def of(self, server: Server) -> Resolver | None:
        """The `resolver` of a server{}."""
        found = server.all("resolver")[-1:]
        if not found or found[0].words == ("off",):
            return None
        options = dict(word.split("=", 1) for word in found[0].words if "=" in word)
        return Resolver(
            place=found[0].place,
            name_servers=tuple(map(self.at, addresses(found[0].words))),
            valid=seconds(options["valid"]) if "valid" in options else None,
            ipv4=options.get("ipv4") != "off",
            ipv6=options.get("ipv6") != "off",
            timeout=seconds(server.setting("resolver_timeout", "30s")) or 30,
        )


def sites(
    servers: Sequence[Server], files: Files, sut: ServerUnderTest, name_servers: NameServers
) -> list[TwinSite]:
    """The servers{} with TLS, of one context, in their order."""
    made: list[TwinSite] = []
    taken: dict[str, int] = {}
    for server in servers:
        if server.is_site:
            name = _name(server)
            taken[name] = taken.get(name, 0) + 1
            title = name if taken[name] == 1 else f"{name} ({taken[name]})"
            made.append(_site(title, server, servers, files, sut, name_servers.of(server)))
    return made


def _name(server: Server) -> str:
    usable = [name for name in server.names if name not in ("", "_")]
    socket = server.tls[0] if server.tls else server.listens[0]
    return usable[0] if usable else f"default of {socket.original}"


def _site(
    name: str,
    server: Server,
    servers: Sequence[Server],
    files: Files,
    sut: ServerUnderTest,
    resolver: Resolver | None,
) -> TwinSite:
    listen, sni = _way(server, servers)
    settings = server.all("ssl_certificate")
    rejects = server.setting("ssl_reject_handshake") == "on"
    judged = []
    certificates = []
    for setting in settings:
        twin = files.certificate(setting)
        found = stapling.judge(server, setting, twin, files, sut)
        judged.append(found)
        certificates.append(
            CertificateAtSite(
                certificate=twin,
                stapling=found.stapling,
                why=found.why,
                place=found.place,
                options=("--sigalgs", _SIGALGS[twin.key]) if len(settings) > 1 else (),
                hosts=found.hosts,
            )
        )
    word, why = stapling.of_site(judged, rejects)
    return TwinSite(
        name=name,
        place=server.place,
        names=server.names,
        context=server.context,
        sni=sni or "",
        socket=listen.original if listen else "",
        listen="",
        default=listen is not None and default_of(servers, listen.socket) is server,
        proxy_protocol=listen is not None and listen.has("proxy_protocol"),
        reachable=sni is not None,
        why_unreachable="" if sni is not None else _why_not(server, servers),
        rejects=rejects,
        certificates=tuple(certificates),
        stapling=word,
        why=why,
        resolver=resolver,
        verify_client=server.setting("ssl_verify_client", "off"),
        ocsp=server.setting("ssl_ocsp", "off"),
        client_certificate=_client(server, files),
        protocols=tuple(server.setting("ssl_protocols").split()),
        settings=server.settings,
    )


def _way(server: Server, servers: Sequence[Server]) -> tuple[Listen | None, str | None]:
    """The socket that a client comes to, and the name that it asks for there; the first way that
    leads to this server{}."""
    for listen in sorted(server.tls, key=lambda one: (one.ipv6, one.socket.startswith("unix:"))):
        sni = server_names.leading_to(servers, server, listen.socket)
        if sni is not None:
            return listen, sni
    return (server.tls[0] if server.tls else None), None


def _why_not(server: Server, servers: Sequence[Server]) -> str:
    if not server.tls:
        return "it is there over QUIC alone, which the lab does not speak"
    socket = server.tls[0]
    for name in server.names:
        other = server_names.chosen(servers, socket.socket, name.lstrip("*."))
        if other is not None and other is not server and name not in ("", "_"):
            return f"{name} leads to the server at {other.place}"
    default = default_of(servers, socket.socket)
    at = default.place if default else "?"
    return f"no name leads to it, and the default server of {socket.original} is that at {at}"


def _client(server: Server, files: Files) -> str | None:
    """The certificate that a client presents; None where none is asked for."""
    if server.setting("ssl_verify_client", "off") == "off":
        return None
    for role in ("ssl_client_certificate", "ssl_trusted_certificate"):
        for named in server.all(role)[-1:]:
            authorities = files.pki.authorities_in(str(named))
            if authorities:
                return files.pki.client(authorities[0])
    return files.pki.client(files.pki.default(CLIENT_ROOT))
