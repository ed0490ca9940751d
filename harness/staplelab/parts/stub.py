"""The name server beside the server under test: faulty-dnsd."""

from __future__ import annotations

from collections.abc import Mapping

from staplelab.hosts.base import Host
from staplelab.hosts.network import Target
from staplelab.parts.faulty import FaultyServer
from staplelab.parts.responder import bracketed


class DnsStub(FaultyServer):
    """The name server that nginx's `resolver` asks, at first or at last."""

    program = "faulty-dnsd"
    request_kind = "query"
    requests_observed = "queries"
    arrival_kind = "query"
    sent = "sent"
    arrivals = ("new query", "new queries")
    title = "name server"

    def __init__(
        self,
        name: str,
        host: Host,
        listeners: Mapping[str, str],
        port: int,
        records: Mapping[str, str],
    ) -> None:
        """`listeners`: the addresses that it listens on, by their names.  `records`: NAME/TYPE and
        what it has."""
        argv = []
        for listener, address in listeners.items():
            argv += ["--listen", f"{listener}={bracketed(address)}:{port}"]
        for record, value in records.items():
            argv += ["--record", f"{record}={value}"]
        super().__init__(name, host, argv)

    def record(self, name: str, rrtype: str, *values: str, ttl: int = 300) -> None:
        """Sets what it has of that name and type; `ttl` in seconds."""
        what = {"name": name, "type": rrtype, "values": list(values), "ttl": ttl}
        self.note("record", part=self.name, **what)
        self.control.call(
            "PUT", f"/v1/records/{name}/{rrtype}", {"values": list(values), "ttl": ttl}
        )

    def forget(self, name: str, rrtype: str) -> None:
        """It has nothing of that name and type any more."""
        self.note("forget", part=self.name, name=name, type=rrtype)
        self.control.call("DELETE", f"/v1/records/{name}/{rrtype}")

    def resolver(self, listener: str | None = None) -> str:
        address, port = self.listener(listener or self.name)
        return f"{bracketed(address)}:{port}"

    def target(self) -> Target:
        address, port = self.listener(self.name)
        return Target(address, "udp", port)
