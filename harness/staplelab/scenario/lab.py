"""The lab: all that a scenario knows.

A scenario sets faults, starts nginx, shakes hands, moves the clock and says what it expects.
It never pauses: `settle` returns when nothing is under way any more.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from staplelab.errors import LabError, NotHere, check_word
from staplelab.hosts import network
from staplelab.hosts.base import Finished
from staplelab.hosts.network import Target
from staplelab.parts import client
from staplelab.parts.client import Handshake
from staplelab.parts.control import ControlError
from staplelab.parts.faulty import FaultyServer
from staplelab.parts.pki import Certificate
from staplelab.scenario import register
from staplelab.scenario.deviation import Deviation, Outcome
from staplelab.scenario.lifecycle import ROLES, Lifecycle
from staplelab.scenario.world import World
from staplelab.servers import error_log, sanitizer
from staplelab.waiting import BOUND_SECONDS

#: what nginx logs of a connection that nobody takes
REFUSED = "(111: Connection refused)"
#: the parts that a scenario can break
PARTS = ("responder", "stub")
_SETTLE_ROUNDS = 200
_NOUNS = {"accept": "new connections to the responder", "query": "new queries to the stub"}
_TIMED_OUT = 408


class Lab(Lifecycle):
    """One scenario's lab, on the long-lived parts of its World."""

    def __init__(self, world: World, folder: Path, profile: str) -> None:
        super().__init__(world, folder, profile)
        self.deviations: list[Deviation] = []
        self.handshakes: list[Handshake] = []
        self._network_faults: dict[str, list[network.Rule]] = {}
        self._extra: dict[str, Any] = {}
        self._ended = False
        self._settled = {part.control.part: part.last_seen for part in (self.stub, self.responder)}
        self._refusals_settled = 0
        #: how many clients were run, now and at the last settle
        self._clients = self._clients_settled = 0

    # ----- clients -----

    def handshake(self, *options: str, name: str = "www.staplelab.test") -> Handshake:
        """One TLS handshake that asks for a staple (unless told otherwise by staple-check's
        options); the last one when the options make several."""
        return self.handshakes_of(*options, name=name)[-1]

    def handshakes_of(self, *options: str, name: str = "www.staplelab.test") -> list[Handshake]:
        done = self.staple_check(*options, name=name)
        seen = client.read(done)
        self.handshakes += seen
        for one in seen:
            self._note("handshake", **one.observed(), reason=one.reason)
        return seen

    def staple_check(self, *options: str, name: str = "www.staplelab.test") -> Finished:
        """Runs staple-check against nginx and returns it as it ended."""
        self._clients += 1
        _ = self.nginx.running  # without it nobody would accept, and the client wait in vain
        trusted = next(c.trusted for c in self.pki.certificates.values() if c.trusted)
        words = ("--servername", name, "--trusted", str(trusted), *options, self.nginx.listen)
        return self._world.client.run(*words)

    def run(self, *argv: str) -> Finished:
        """Runs another program on the lab clock (openssl, to compare with)."""
        self._clients += 1
        self._note("run", program=argv[0])
        return self._world.host.run(argv, variables=self._world.host.client_variables())

    def certificate(self, name: str = "www") -> Certificate:
        return self.pki.certificates[name]

    # ----- time -----

    @property
    def now(self) -> int:
        """Wall time of the lab, Unix seconds."""
        return self._world.clock.now

    def step(
        self,
        seconds: float,
        *,
        wall: bool = True,
        monotonic: bool = True,
        cut_off: bool = False,
    ) -> None:
        """Moves the lab clock: both times, wall time alone, or monotonic time alone.

        Everybody is woken, the responders first: what they owe by then comes before nginx's
        timers.  `cut_off`: they owe nginx what does not get through, so nobody waits for that.
        """
        which = "" if wall and monotonic else " (wall)" if wall else " (monotonic)"
        self._world.clock.move(
            wall=seconds if wall else 0, monotonic=seconds if monotonic else 0
        )
        self._note(f"clock {seconds:+g} s{which}")
        for part in (self.responder, self.stub):
            part.wake() if cut_off else part.quiet()
        self.nginx.wake()

    def step_to(self, elapsed: float) -> None:
        """Moves the clock to so many seconds after the scenario's beginning."""
        self.step(elapsed - self._world.clock.elapsed)

    # ----- events -----

    def settle(self, connections: int = 0, queries: int = 0, refused: int = 0) -> None:
        """Returns when nothing is under way any more between nginx and the responders.

        First waits until `connections` to the responder and `queries` to the stub came since
        the last settle, and nginx logged that it was `refused` so many connections; then goes
        round: both responders owe nothing (quiet), nginx has handled what it had (barrier), both
        still owe nothing and saw nothing in between.  More than expected is not an error here:
        the scenario counts what it wants counted.

        Nobody but the kernel knows of a refusal, and it may take its time: a SYN that meets an
        old connection of the same ports (TIME-WAIT) is refused only when it is sent again.
        """
        for part, kind, count in (
            (self.responder, "accept", connections),
            (self.stub, "query", queries),
        ):
            if count:
                self._wait_for(part, kind, count)
        if refused:
            self._refusals_settled += refused
            self.wait_for_log(REFUSED, self._refusals_settled)
        self._clients_settled = self._clients
        before = (self.stub.quiet(), self.responder.quiet())
        for _ in range(_SETTLE_ROUNDS):
            self.nginx.wake()
            now = (self.stub.quiet(), self.responder.quiet())
            if now == before:
                self._enter()
                for part in (self.stub, self.responder):
                    self._settled[part.control.part] = part.last_seen
                return
            before = now
        raise LabError("nginx and the responders do not come to rest")

    def _wait_for(self, part: FaultyServer, kind: str, count: int) -> None:
        """Returns once a part has seen so many events of that kind since the last settle."""
        try:
            part.wait(kind, count, self._settled[part.control.part])
        except ControlError as error:
            if error.status != _TIMED_OUT:
                raise
            came, _, _ = str(error.problem["detail"]).partition(" ")
            words = f"expected {_NOUNS[kind]}: {count}, came within {BOUND_SECONDS:g} s: {came}"
            if self._clients == self._clients_settled:
                words += "; no client has come since the last settle, and nginx asks for one only"
            raise LabError(words) from None

    # ----- the network and the parts themselves -----

    def network_fault(self, name: str, towards: str = "responder", **params: str | int) -> None:
        """Breaks the network between nginx and a part ("responder" or "stub"), for instance
        "egress-blocked"; not applicable where host or kernel cannot."""
        check_word("network fault", name, network.FAULTS)
        check_word("part", towards, PARTS)
        fault = network.FAULTS[name]
        if towards == "responder":
            target = Target(self.address("responder"), "tcp", self._world.responder_port)
        else:
            target = Target(self.address("stub"), "udp", int(self.resolver().rpartition(":")[2]))
        self._note(f"network: {name}", towards=towards, **params)
        self._world.renew(towards)
        done = self._network_faults.setdefault(network.tag(fault, target), [])
        try:
            for command in network.commands(fault, target, params):
                self._world.host.network(command)
                done.append(command)
        except NotHere as error:
            self.not_applicable(f"{name} needs {fault.needs}: {self.shared(str(error))}")

    def network_heal(self) -> None:
        """Takes all faults of the network back; each must have met a packet."""
        counted = "".join(self._world.host.network(command) for command in network.COUNT)
        idle = [tag for tag in self._network_faults if network.packets(counted, tag) == 0]
        self._undo_network_faults()
        self._note("network: healed")
        assert not idle, f"network fault {', '.join(idle)} was set and never met a packet"

    def _undo_network_faults(self) -> None:
        for done in self._network_faults.values():
            for command in done:
                self._world.host.network(network.undo(command))
        self._network_faults.clear()

    def pause(self, part: str) -> None:
        """Stops the "responder" or the "stub" in its tracks; its kernel still accepts for it."""
        check_word("part", part, PARTS)
        self._note(f"pause {part}")
        self._world.pause(part)

    def resume(self, part: str) -> None:
        check_word("part", part, PARTS)
        self._note(f"resume {part}")
        self._world.resume(part)

    def kill(self, part: str) -> None:
        """Ends the "responder" or the "stub" at once."""
        check_word("part", part, PARTS)
        self._collect()
        self._note(f"kill {part}")
        self._world.kill(part)

    def revive(self, part: str, *, only: str | None = None) -> None:
        """Starts a killed part again, as it was, or at its address `only` alone."""
        check_word("part", part, PARTS)
        if only is not None:
            check_word(f"address of the {part}", only, [r for r in ROLES if r.startswith(part)])
        self._note(f"start {part} again", only=only)
        self._world.restart(part, only=only)
        self._settled[self._part(part).control.part] = 0

    def _part(self, name: str) -> FaultyServer:
        return self.responder if name == "responder" else self.stub

    # ----- verdicts -----

    def deviation(
        self,
        deviation: str | Deviation,
        seen: Outcome,
        *,
        conforms: Outcome | tuple[Outcome, ...],
        deviates: Outcome,
    ) -> None:
        """Pins a known deviation, by its id in the register (or one of your own): `seen` is what
        came of it, `conforms` what the standard asks for, `deviates` what nginx does instead.

        Fails when a version that is known to deviate conforms, the other way round, and on an
        outcome that is neither (Deviation.shows)."""
        known = register.find(deviation) if isinstance(deviation, str) else deviation
        if known.shows(self.server, seen, conforms=conforms, deviates=deviates):
            self.deviations.append(known)

    def not_applicable(self, reason: str) -> None:
        """Ends the scenario: it does not apply here, and this is why."""
        pytest.skip(reason)

    def observe(self, **facts: Any) -> None:
        """Adds facts to the results; they must not differ from run to run."""
        self._extra.update(facts)

    def observed(self) -> dict[str, Any]:
        """What happened, free of everything that differs from run to run."""
        return {
            "handshakes": [one.observed() for one in self.handshakes],
            "requests": len(self.responder.requests()),
            "queries": len(self.stub.requests()),
            "log": sorted(error_log.for_results(self.nginx.log(), self._names())),
            **self._extra,
        }

    def shared(self, text: str) -> str:
        """The text, free of everything that differs from run to run."""
        return error_log.shared(text, self._names())

    def _names(self) -> dict[str, str]:
        """What differs from run to run in texts, and a name for it that every run shares."""
        return {**self._world.addresses(), str(self.folder): "RUN", str(self.pki.folder): "PKI"}

    # ----- the end -----

    def finish(self) -> None:
        """Ends nginx and holds the scenario to what every scenario must satisfy."""
        status = self._end_nginx()
        self._ended = True
        self._collect()
        if self._network_faults:
            # not before: what was held up may come through now, at a moment of the kernel's choice
            self.network_heal()
        wrong = self.sanitizer_reports()
        wrong += error_log.settle_claims(self.nginx.log(), self._claims)
        wrong += [f"nginx left behind: {process}" for process in self._left_behind]
        if status != 0:
            wrong.append(f"nginx ended with status {status}")
        for part in (self.responder, self.stub):
            wrong += [f"{part.control.part}: {problem}" for problem in part.problems()]
            wrong += [
                f"{part.control.part}: fault {name} was set and never done"
                for name in part.unproven()
            ]
        assert not wrong, "\n".join(wrong)

    def sanitizer_reports(self) -> list[str]:
        """What a sanitizer in nginx has reported, which explains whatever else went wrong."""
        return sanitizer.reports(self.folder)

    def abandon(self) -> None:
        """Ends everything of this scenario, whatever state it is in."""
        for part in (self.responder, self.stub):
            if part.silent:
                with contextlib.suppress(LabError, OSError):
                    self._world.resume("responder" if part is self.responder else "stub")
        self._undo_network_faults()
        if not self._ended:
            self.nginx.kill()
            self._collect()

    def keep(self, into: Path) -> None:
        """Copies what a person needs to understand a failure: configuration, logs, events, keys."""
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(self.folder, into, ignore=shutil.ignore_patterns("*.sock"))
        shutil.copytree(self.pki.folder, into / "pki")
        for part in (self.responder, self.stub):
            text = "\n".join(str(event) for event in part.events())
            (into / f"{part.control.part}.events").write_text(text + "\n")
