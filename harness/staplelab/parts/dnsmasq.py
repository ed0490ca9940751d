"""dnsmasq, the real one, between the server under test and the stub: a forwarder with a cache."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from staplelab.errors import NotHere
from staplelab.hosts.base import Host
from staplelab.parts.program import Program

#: what stands before each line: "dnsmasq[123]: "
_HEAD = re.compile(r"^dnsmasq(\[\d+\])?: ")


class Dnsmasq(Program):
    """It listens where nginx's `resolver` finds it, and asks the stub what it does not know.

    Its cache lives in lab time.  A query that its upstream loses is not sent again before nginx
    asks again: dnsmasq has no timer of its own for that.
    """

    def __init__(self, name: str, host: Host, folder: Path, upstream: str) -> None:
        """`folder`: where its log goes.  `upstream`: ADDRESS:PORT of the name server that it
        forwards to."""
        at = host.endpoint(name)
        address, _, port = upstream.rpartition(":")
        argv = [
            _find(host),
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--pid-file=",
            f"--user={'root' if host.root else ''}",
            "--bind-interfaces",
            f"--listen-address={at.address}",
            f"--port={at.port}",
            f"--server={address}#{port}",
            "--cache-size=150",
            "--log-queries",
            "--log-facility=-",
        ]
        super().__init__(name, host, folder, argv, at=at, role=name, protocol="udp")

    def shown(self, line: str) -> str:
        return _HEAD.sub("", line)

    def resolver(self, listener: str | None = None) -> str:
        return str(self.endpoint)


def _find(host: Host) -> str:
    if host.name == "docker":
        return "dnsmasq"  # the lab's image has it
    program = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
    if program is None:
        raise NotHere("dnsmasq is not installed: Debian's package dnsmasq-base has it")
    return program
