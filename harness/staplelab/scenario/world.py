"""What lives as long as a pytest process: the host, the certificates, the two responders.

Scenarios share none of their state: between two of them both responders are reset and the
clock is put back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from staplelab.parts.client import StapleCheck
from staplelab.parts.clock import EPOCH, LabClock
from staplelab.parts.control import ControlClient
from staplelab.errors import LabError
from staplelab.parts.faulty import DnsStub, FaultyServer, OcspResponder
from staplelab.hosts.base import Host, Running
from staplelab.parts.pki import Minted, Pki, profiles
from staplelab.places import key_pool
from staplelab.servers.sut import ServerUnderTest
from staplelab.waiting import BOUND_SECONDS

OCSP_HOST = "ocsp.staplelab.test"


class World:
    """The long-lived parts of one pytest process, on a host that it takes over."""

    def __init__(self, server: ServerUnderTest, host: Host, wanted: Sequence[str]) -> None:
        """`wanted`: the PKI profiles to mint."""
        self.server = server
        self.host = host
        self._wanted = wanted
        self._parts: dict[str, Running] = {}
        self._argv: dict[str, list[str]] = {}
        self._altered: set[str] = set()
        self.clock = LabClock(host.folder / "clock")
        host.share(self.clock.path)
        self.client = StapleCheck(host.tool("staple-check"), host.client_variables())
        self.stub = self._start_stub()
        self.responder_port, self.pki, self.responder = self._start_responder()

    def _start_stub(self) -> DnsStub:
        port = self.host.port(53)
        argv = [self.host.program("faulty-dnsd")]
        for role in ("stub", "stub-2"):
            argv += ["--listen", f"{role}={self.host.address(role)}:{port}"]
        ipv6 = self.host.ipv6_address("stub")
        if ipv6 is not None:
            argv += ["--listen", f"stub-6=[{ipv6}]:{port}"]
        argv += ["--record", f"{OCSP_HOST}/A={self.host.address('responder')}"]
        ready = self._start_part("stub", "faulty-dnsd", argv)
        if ready is None:
            raise LabError(f"faulty-dnsd did not start: {self._words('faulty-dnsd')}")
        return DnsStub(ready)

    def _start_responder(self) -> tuple[int, Minted, OcspResponder]:
        """The certificates name the responder's port, both its addresses share it: so a port is
        chosen first, and where somebody is in the way the next one."""
        for port in self.host.ports(80):
            pki = self._mint(port)
            argv = [self.host.program("faulty-ocspd")]
            for role in ("responder", "responder-2"):
                argv += ["--listen", f"{role}={self.host.address(role)}:{port}"]
            for minted in pki.values():
                argv += ["--pki", str(minted.folder)]
            ready = self._start_part("responder", "faulty-ocspd", argv)
            if ready is not None:
                return port, pki, OcspResponder(ready, pki)
            if "already in use" not in self._words("faulty-ocspd"):
                break
        raise LabError(f"faulty-ocspd did not start: {self._words('faulty-ocspd')}")

    def _mint(self, port: int) -> Minted:
        minted = Minted()
        for profile in self._wanted:
            folder = self.host.folder / f"pki-{port}-{profile}"
            done = self.host.run(
                [
                    self.host.tool("pki-mint"),
                    f"--now={EPOCH}",
                    f"--key-pool={key_pool()}",
                    f"--set=ocsp_port={port}",
                    f"--set=ocsp_address={self.host.address('responder')}",
                    str(profiles()[profile]),
                    str(folder),
                ],
                variables={},
            )
            if done.status != 0:
                raise LabError(done.stderr.strip())
            self.host.share(folder)
            minted[profile] = Pki.load(folder)
        return minted

    def _start_part(self, role: str, name: str, argv: Sequence[str]) -> ControlClient | None:
        """Starts a responder and returns its control client; None when it ended at once."""
        socket = self.host.folder / f"{name}.sock"
        running = self.host.start(
            role,
            [*argv, "--control", f"unix:{socket}"],
            variables=self.host.part_variables(),
            stderr=self.host.folder / f"{name}.log",
            read_stdout=True,
        )
        line = running.read_line()
        if not line:
            running.wait(BOUND_SECONDS)
            return None
        ready = json.loads(line)  # every listener is bound
        self._parts[role] = running
        self._argv.setdefault(role, _with_ports(argv, ready["listeners"]))
        return ControlClient(name, socket)

    # ----- parts that fail -----

    def pause(self, role: str) -> None:
        """Stops the responder or the stub in its tracks."""
        self.host.pause(role, self._parts[role])
        self._part(role).silent = True

    def resume(self, role: str) -> None:
        self.host.resume(role, self._parts[role])
        self._part(role).silent = False

    def kill(self, role: str) -> None:
        """Ends the responder or the stub; its events up to now should have been collected."""
        self._parts[role].kill()
        self._part(role).silent = True
        self._altered.add(role)

    def renew(self, role: str) -> None:
        """Gives the next scenario a new responder or stub: connections that a broken network has
        left half done would otherwise come through when it is whole again."""
        self._altered.add(role)

    def restart(self, role: str, *, only: str | None = None) -> None:
        """Starts a killed part again, as it was or listening on the address of `only` alone."""
        argv = self._argv[role]
        if only is not None:
            mine = [i for i, word in enumerate(argv) if word.startswith(role) and "=" in word]
            dropped = {i for i in mine if not argv[i].startswith(f"{only}=")}
            argv = [w for i, w in enumerate(argv) if i not in dropped and i + 1 not in dropped]
        name = self._part(role).control.part
        control = self._start_part(role, name, argv)
        if control is None:
            raise LabError(f"{name} did not start again: {self._words(name)}")
        self._part(role).restarted(control)
        if only is None:
            self._altered.discard(role)

    def _part(self, role: str) -> FaultyServer:
        return self.responder if role == "responder" else self.stub

    def _words(self, name: str) -> str:
        text = (self.host.folder / f"{name}.log").read_text().strip()
        return text.splitlines()[-1] if text else "it said nothing"

    def addresses(self) -> dict[str, str]:
        """What differs from run to run in the texts of this one, and its lasting name."""
        roles = ("nginx", "responder-2", "responder", "stub-2", "stub")
        return {self.host.address(role): role for role in roles}

    def resolver_address(self, listener: str = "stub") -> str:
        """ADDRESS:PORT of a listener of the stub, as nginx's `resolver` takes it."""
        for entry in self.stub.ready["listeners"]:
            if entry["name"] == listener:
                address = entry["address"]
                return f"{f'[{address}]' if ':' in address else address}:{entry['port']}"
        raise LabError(f"the stub has no listener {listener!r}")

    def reset(self) -> None:
        """As new: what a scenario finds."""
        for role in sorted(self._altered):
            self._parts[role].kill()
            self.restart(role)
        self.clock.rewind()
        self.responder.reset()
        self.stub.reset()

    def close(self) -> None:
        self.client.close()
        self.responder.control.close()
        self.stub.control.close()
        self.clock.close()


def _with_ports(argv: Sequence[str], listeners: Sequence[dict[str, Any]]) -> list[str]:
    """The command line with the ports that a part got where it had asked for any: a part that is
    started again has to be found where it was."""
    ports = {one["name"]: one["port"] for one in listeners}
    known = []
    for word in argv:
        name, _, address = word.partition("=")
        asked_for_any = name in ports and address.endswith(":0")
        known.append(f"{word.removesuffix('0')}{ports[name]}" if asked_for_any else word)
    return known
