"""What lives as long as a pytest process: the host, the certificates, responder and stub.

Scenarios share none of their state: between two of them responder and stub are reset, the parts of
the last one's topology are ended, and the clock is put back.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from staplelab import untrusted
from staplelab.errors import LabError, NotHere, check_word
from staplelab.hosts.base import NO_IPV6, Endpoint, Host
from staplelab.hosts.roles import ROLES
from staplelab.parts.client import StapleCheck
from staplelab.parts.clock import EPOCH, open_clock
from staplelab.parts.faulty import FaultyServer
from staplelab.parts.part import NotStarted, Part
from staplelab.parts.pki import Minted, Pki, profiles
from staplelab.parts.program import Program
from staplelab.parts.responder import OcspResponder
from staplelab.parts.stub import DnsStub
from staplelab.parts.topology import OCSP_HOST, STANDARD_TOPOLOGY, TOPOLOGIES, Ground
from staplelab.places import key_pool_option
from staplelab.servers.sut import ServerUnderTest

_IPV6 = "-6"
_DNS_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Furnishing:
    """What a world has beside its profiles, for a configuration that was not made for the lab."""

    #: descriptions of certificates for pki-mint, by the names that they have among the profiles
    descriptions: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    #: hosts that the responder stands for, beside that of the lab's own URLs
    hosts: Sequence[str] = ()
    #: further listeners of the stub, each with whether it has an IPv6 address
    name_servers: Mapping[str, bool] = field(default_factory=dict)


class World:
    """The long-lived parts of one pytest process, on a host that it takes over."""

    def __init__(
        self,
        server: ServerUnderTest,
        host: Host,
        wanted: Sequence[str],
        clock: str = "lab",
        more: Furnishing = Furnishing(),
    ) -> None:
        """`wanted`: the PKI profiles to mint; `clock`: the name of the lab clock."""
        self._more = more
        self.server = server
        self.host = host
        #: the scenario's; emptied before each
        self.folder = host.given / "scenario"
        self._wanted = wanted
        #: the parts that are not as they were any more, and start anew before the next scenario
        self._altered: set[str] = set()
        self.topology = TOPOLOGIES[STANDARD_TOPOLOGY]
        self.clock = open_clock(clock, host.given)
        host.share(self.clock.path)
        host.clock = self.clock.preload
        self.client = StapleCheck(host.tool("staple-check"), host.client_variables())
        self.stub = self._start_stub()
        self.pki, self.responder = self._start_responder()
        #: every part that is there, by its name
        self.parts: dict[str, Part] = {"stub": self.stub, "responder": self.responder}

    def _start_stub(self) -> DnsStub:
        address = self.host.address("responder")
        names = [OCSP_HOST, *filter(_DNS_NAME.fullmatch, self._more.hosts)]
        records = {f"{name}/A": address for name in names}
        listeners = self._listeners("stub")
        for name, ipv6 in self._more.name_servers.items():
            own = self.host.ipv6_address("stub") if ipv6 else None
            listeners[name] = own or self.host.address("stub")
        return DnsStub("stub", self.host, listeners, self.host.port(53), records)

    def _start_responder(self) -> tuple[Minted, OcspResponder]:
        """The certificates name the responder's port, all its addresses share it: so a port is
        chosen first, and where somebody is in the way the next one."""
        refusal: NotStarted | None = None
        for port in self.host.ports(80):
            pki = self._mint(port)
            try:
                listeners = self._listeners("responder")
                return pki, OcspResponder("responder", self.host, pki, listeners, port)
            except NotStarted as error:
                refusal = error
                if "already in use" not in error.words:
                    break
        raise LabError(str(refusal))

    def _listeners(self, part: str) -> dict[str, str]:
        """The addresses of a part, by the names of the listeners there."""
        roles = [name for name, role in ROLES.items() if role.part == part]
        listeners = {name: self.host.address(name) for name in roles}
        ipv6 = self.host.ipv6_address(part)
        return listeners if ipv6 is None else {**listeners, part + _IPV6: ipv6}

    def _mint(self, port: int) -> Minted:
        minted = Minted()
        descriptions = {profile: profiles()[profile] for profile in self._wanted}
        for name, description in self._more.descriptions.items():
            descriptions[name] = self._described(name, description)
        for profile, file in descriptions.items():
            folder = self.host.given / f"pki-{port}-{profile}"
            done = self.host.run(
                [
                    self.host.tool("pki-mint"),
                    f"--now={EPOCH}",
                    *key_pool_option(),
                    f"--set=ocsp_port={port}",
                    f"--set=ocsp_address={self.host.address('responder')}",
                    str(file),
                    str(folder),
                ],
                variables={},
            )
            if done.status != 0:
                raise LabError(done.stderr.strip())
            self.host.share(folder)
            minted[profile] = Pki.load(folder)
        return minted

    def _described(self, name: str, description: dict[str, Any]) -> Path:
        file = self.host.given / f"{name}.json"
        file.write_text(json.dumps(description))
        return file

    # ----- parts -----

    def part(self, name: str) -> Part:
        """The part of that name; LabError names those that are there."""
        check_word("part", name, self.parts)
        return self.parts[name]

    def kill(self, name: str) -> None:
        """Ends a part; its events up to now should have been collected."""
        self.part(name).kill()
        self._altered.add(name)

    def renew(self, name: str) -> None:
        """Gives the next scenario a new one of that part: connections that a broken network has
        left half done would otherwise come through when it is whole again."""
        self._altered.add(name)

    def revive(self, name: str, only: str | None) -> None:
        """Starts a killed part again, as it was or listening on the address of `only` alone."""
        self.part(name).revive(only)
        if only is None:
            self._altered.discard(name)

    def add(self, part: Part) -> None:
        """A part more, for this scenario alone."""
        self.parts[part.name] = part

    def endpoint(self) -> Endpoint:
        """An address and port for a program that the scenario starts beside."""
        return self.host.endpoint("beside")

    def beside(self, name: str, argv: Sequence[str], at: Endpoint | None, protocol: str) -> Program:
        """Starts a program of the scenario's own."""
        program = Program(name, self.host, self.folder, argv, at=at, protocol=protocol)
        self.add(program)
        return program

    # ----- names and addresses -----

    @cached_property
    def addresses(self) -> dict[str, str]:
        """What differs from run to run in the texts of this one, and its lasting name; an address
        that another one begins with comes after that."""
        known = {self.host.address(role): role for role in ROLES}
        for part in ("stub", "responder"):
            if (ipv6 := self.host.ipv6_address(part)) is not None:
                known[f"[{ipv6}]"] = "[::1]"  # all that they have where parts are processes
        return dict(sorted(known.items(), key=lambda item: -len(item[0])))

    def names(self) -> dict[str, str]:
        """The hosts in certificates' OCSP URLs, and their addresses in this topology."""
        others = {name: self.host.address("responder") for name in self._more.hosts}
        return others | {n: self._address(role) for n, role in self.topology.names.items()}

    def _address(self, role: str) -> str:
        if not role.endswith(_IPV6):
            return self.host.address(role)
        address = self.host.ipv6_address(role.removesuffix(_IPV6))
        if address is None:
            raise NotHere(f"{role}: {NO_IPV6}")
        return address

    # ----- from one scenario to the next -----

    def clear(self) -> None:
        """Ends the parts of one scenario."""
        for name in [name for name in self.parts if name not in ("stub", "responder")]:
            self.parts[name].kill()
            self.parts.pop(name).close()
            self._altered.discard(name)
        self.topology = TOPOLOGIES[STANDARD_TOPOLOGY]

    def reset(self) -> None:
        """As new: what a scenario finds."""
        self.clear()
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir()
        untrusted.empty(self.host.server_folder)
        self.host.share(self.folder)
        for name in sorted(self._altered):
            self.parts[name].kill()
            self.revive(name, None)
        self.clock.rewind()
        for part in (self.stub, self.responder):
            self._reset(part)

    def _reset(self, part: FaultyServer) -> None:
        """As new; a new one where somebody has killed it since the last scenario."""
        try:
            part.reset()
        except LabError:
            if part.ended() is None:
                raise
            part.revive()
            part.reset()

    def arrange(self, topology: str) -> None:
        """Puts up the parts of a scenario's topology.  NotHere where this host cannot have them."""
        check_word("topology", topology, TOPOLOGIES)
        self.topology = TOPOLOGIES[topology]
        if topology == STANDARD_TOPOLOGY:
            return
        for name, address in self.names().items():
            if ":" in address:
                self.stub.forget(name, "A")
            self.stub.record(name, "AAAA" if ":" in address else "A", address)
        ground = Ground(self.host, self.folder, self.pki, self.responder.port, self.parts)
        for start in self.topology.adds:
            self.add(start(ground))

    def close(self) -> None:
        self.client.close()
        for part in self.parts.values():
            part.close()
        self.clock.close()
