"""What a scenario breaks: responses, the network between the server and a part, whole parts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from staplelab.errors import LabError, NotHere, check_word
from staplelab.hosts import network
from staplelab.hosts.base import Endpoint
from staplelab.hosts.network import FAULTS as NETWORK_FAULTS
from staplelab.hosts.roles import ROLES
from staplelab.parts.faulty import FaultyServer, use
from staplelab.parts.program import Program
from staplelab.scenario.settling import Settling
from staplelab.scenario.world import World

_NAME = re.compile(r"[\w.-]+")


class Breaking(Settling):
    """Faults, wherever they belong, and what becomes of the parts."""

    def __init__(self, world: World, folder: Path, profile: str) -> None:
        super().__init__(world, folder, profile)
        #: the command lines that put each fault of the network in force, by its tag
        self._network_faults: dict[str, list[network.Rule]] = {}
        #: the tags of those that must not be met
        self._never: set[str] = set()

    # ----- faults -----

    def inject(
        self,
        *faults: str | Mapping[str, Any],
        at: str | None = None,
        match: Mapping[str, str] | None = None,
        times: int | None = None,
        scope: str = "global",
        never: bool = False,
        **params: Any,
    ) -> None:
        """Puts a fault in force, whatever brings it about: a responder, the name server, or the
        network.  Several faults of one part compose unless they change the same thing.

        `at`: the part, where more than one knows the fault; for the network (the responder
        otherwise), the part that the fault lies towards.  `params` belong to a single named fault.
        `match`, `times`, `scope` are those of a rule; faults of the network have none.  A fault
        that is never met fails the scenario; with `never`, one that is met does.

        At a part the rule takes the place of all others there."""
        names = [_name_of(one) for one in faults]
        if not names:
            raise LabError("inject() takes the name of a fault")
        if names[0] in NETWORK_FAULTS:
            given = {"match": match, "times": times, "scope": None if scope == "global" else scope}
            if wrong := [name for name, value in given.items() if value is not None]:
                raise LabError(f"{names[0]} is a fault of the network and has no {wrong[0]}")
            if len(names) > 1:
                raise LabError(f"{names[0]} is a fault of the network: inject {names[1]} by itself")
            self._break_network(names[0], at or "responder", never, params)
            return
        self._who_knows(names, at).inject(
            *faults, match=match, times=times, scope=scope, never=never, **params
        )

    def heal(self, *parts: str) -> None:
        """Ends the faults of these parts; of all and of the network, when none is named.

        A fault of the network must have met a packet by now."""
        for part in self._faulty_servers:
            if part.name in parts or not (parts or part.silent):
                part.heal()
        for name in parts:
            check_word("part with faults", name, [part.name for part in self._faulty_servers])
        if not parts and self._network_faults:
            self._heal_network()

    def _who_knows(self, names: Sequence[str], at: str | None) -> FaultyServer:
        """The part that brings these faults about."""
        servers = self._faulty_servers
        for name in names:
            if not any(name in part.catalogue for part in servers):
                raise LabError(_unknown(name, servers))
        if at is not None:
            check_word("part with faults", at, [part.name for part in servers])
            servers = [part for part in servers if part.name == at]
        able = [part for part in servers if part.catalogue.keys() >= set(names)]
        if not able:
            what = "all of these faults" if len(names) > 1 else "the fault"
            who = f"{at} does not know" if at else "no part knows"
            raise LabError(f"{who} {what}: {', '.join(names)}")
        if len(able) > 1:
            either = " or ".join(f"at={part.name!r}" for part in able)
            raise LabError(f"more than one part knows {', '.join(names)}: say {either}")
        return able[0]

    # ----- the network -----

    def _break_network(self, name: str, at: str, never: bool, params: dict[str, Any]) -> None:
        fault = NETWORK_FAULTS[name]
        target = self.part(at).target()
        said = {"never": True} if never else {}
        self._hear("inject", part="network", towards=at, faults=[use(name, **params)], **said)
        self._world.renew(at)
        self._kernel_delays = True
        tag = network.tag(fault, target)
        done = self._network_faults.setdefault(tag, [])
        if never:
            self._never.add(tag)
        else:
            self._never.discard(tag)
        try:
            for command in network.commands(fault, target, params):
                self._world.host.network(command)
                done.append(command)
        except NotHere as error:
            self.not_applicable(f"{name} needs {fault.needs}: {self.shared(str(error))}")

    def _heal_network(self) -> None:
        """Takes all faults of the network back."""
        wrong = self._end_network_faults()
        assert not wrong, "\n".join(wrong)

    def _end_network_faults(self) -> list[str]:
        """Takes all faults of the network back; what was wrong with them, one sentence each."""
        if not self._network_faults:
            return []
        counted = "".join(self._world.host.network(command) for command in network.COUNT)
        met = {tag for tag in self._network_faults if network.packets(counted, tag) > 0}
        idle = self._network_faults.keys() - met - self._never
        unwelcome = met & self._never
        self._note("heal", part="network")
        self._undo_network_faults()
        return [
            *(f"network fault {tag} was set and never met a packet" for tag in sorted(idle)),
            *(f"network fault {tag} was not to meet a packet, and did" for tag in unwelcome),
        ]

    def _undo_network_faults(self) -> None:
        for done in self._network_faults.values():
            for command in done:
                self._world.host.network(network.undo(command))
        self._network_faults.clear()
        self._never.clear()

    # ----- the parts themselves -----

    def endpoint(self) -> Endpoint:
        """An address and a port for a program that this scenario starts beside.

        nginx comes there by `ssl_stapling_responder http://{at}/;`.  The OCSP URLs in certificates
        have the responder's port: a program in its place is at that port of this address,
        `Endpoint(lab.endpoint().address, lab.responder.port)`."""
        return self._world.endpoint()

    def beside(
        self,
        argv: Sequence[object],
        *,
        name: str | None = None,
        at: Endpoint | None = None,
        protocol: str = "tcp",
    ) -> Program:
        """Starts a program of the scenario's own that stays: a relay, `openssl ocsp -port`.

        Returns once it listens `at` an endpoint (`lab.endpoint()`), over "tcp" or "udp"; at once
        without one.  It is on the lab clock, `settle` waits until it is at rest, and it is ended
        with the scenario.  `name` (the program's, otherwise: give a script one) is its name for
        `kill`, `pause`, and in the timeline, where each line that it writes stands; the lines are
        also to be had by `lines()` of what this returns.  A script of one's own comes from
        `lab.file`."""
        if isinstance(argv, str):
            raise LabError(f"the words of a command line are a list: {argv.split()}")
        if not argv:
            raise LabError("the command line names no program")
        words = [str(word) for word in argv]
        check_word("protocol", protocol, ("tcp", "udp"))
        chosen = name or Path(words[0]).name
        if not _NAME.fullmatch(chosen):
            raise LabError(f"{chosen!r} is no name of a part: letters, digits, dashes and dots are")
        if chosen in self._world.parts or chosen in ROLES:
            taken = "part" if chosen in self._world.parts else "role"
            raise LabError(f"there is a {taken} {chosen!r} already: give the program another name=")
        self._note("beside", part=chosen, program=Path(words[0]).name)
        program = self._world.beside(chosen, words, at, protocol)
        program.note = self._hear
        return program

    def pause(self, part: str) -> None:
        """Stops a part in its tracks; its kernel still accepts for it."""
        self.part(part).pause()

    def resume(self, part: str) -> None:
        self.part(part).resume()
        self._unseen = True

    def kill(self, part: str) -> None:
        """Ends a part at once."""
        self.part(part)
        self._collect()
        self._world.kill(part)

    def revive(self, part: str, *, only: str | None = None) -> None:
        """Starts a killed part again, as it was, or at its address `only` alone."""
        self.part(part)
        if only is not None:
            own = [name for name, role in ROLES.items() if role.part == part]
            check_word(f"address of the {part}", only, own)
        self._world.revive(part, only)
        self._settled[part] = 0


def _name_of(fault: str | Mapping[str, Any]) -> str:
    if isinstance(fault, str):
        return fault
    found = fault.get("fault") or fault.get("primitive")
    if found is None:
        raise LabError(f"a fault is named by its member 'fault' or 'primitive': {dict(fault)}")
    return str(found)


def _unknown(name: str, servers: Sequence[FaultyServer]) -> str:
    known = {fault for part in servers for fault in part.catalogue} | NETWORK_FAULTS.keys()
    near = difflib.get_close_matches(name, sorted(known), n=1)
    nearest = f"the nearest is {near[0]!r}; " if near else ""
    return f"there is no fault {name!r}; {nearest}all {len(known)} are in docs/faults.md"
