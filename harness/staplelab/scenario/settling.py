"""Time and rest: the lab clock is moved, and nothing is under way any more."""

from __future__ import annotations

from pathlib import Path

from staplelab.errors import LabError, check_word
from staplelab.parts.control import ControlError
from staplelab.parts.faulty import FaultyServer
from staplelab.scenario.clients import Clients
from staplelab.scenario.world import World
from staplelab.servers.error_log import REFUSED
from staplelab.waiting import BOUND_SECONDS

_SETTLE_ROUNDS = 200
_TIMED_OUT = 408


class Settling(Clients):
    """The clock of a scenario, and how it knows that nothing is under way."""

    def __init__(self, world: World, folder: Path, profile: str) -> None:
        super().__init__(world, folder, profile)
        #: the number of each responder's last event at the last settle
        self._settled = {part.name: part.last_seen for part in self._faulty_servers}
        self._refusals_settled = 0
        #: how many clients had been run at the last settle
        self._clients_settled = 0

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
        if wall != monotonic:
            self.needs(separate_times=True)
        which = "" if wall and monotonic else " (wall)" if wall else " (monotonic)"
        self._world.clock.move(
            wall=seconds if wall else 0, monotonic=seconds if monotonic else 0
        )
        self._note(f"clock {seconds:+g} s{which}")
        for part in self._parts:
            part.wake() if cut_off else part.quiet()
        self.nginx.wake()

    def step_to(self, elapsed: float) -> None:
        """Moves the clock to so many seconds after the scenario's beginning."""
        self.step(elapsed - self._world.clock.elapsed)

    # ----- events -----

    def settle(
        self,
        connections: int = 0,
        queries: int = 0,
        refused: int = 0,
        *,
        at: str = "responder",
    ) -> None:
        """Returns when nothing is under way any more between nginx and the parts.

        First waits until `connections` to the responder (or to the part `at`) and `queries` to the
        stub came since the last settle, and nginx logged that it was `refused` so many connections;
        then goes round: every part owes nothing (quiet), nginx has handled what it had (barrier),
        all still owe nothing and saw nothing in between.  More than expected is not an error here:
        the scenario counts what it wants counted.

        Nobody but the kernel knows of a refusal, and it may take its time: a SYN that meets an
        old connection of the same ports (TIME-WAIT) is refused only when it is sent again.
        """
        for name, count in ((at, connections), ("stub", queries)):
            if count:
                self._wait_for(name, count)
        if refused:
            self._refusals_settled += refused
            self.wait_for_log(REFUSED, self._refusals_settled)
        self._clients_settled = self._clients
        before = self._quiet()
        for _ in range(_SETTLE_ROUNDS):
            self.nginx.wake()
            now = self._quiet()
            if now == before:
                self._enter()
                self._settled = {part.name: part.last_seen for part in self._faulty_servers}
                return
            before = now
        raise LabError("nginx and the parts do not come to rest")

    def _quiet(self) -> list[int]:
        return [part.quiet() for part in self._parts]

    @property
    def _faulty_servers(self) -> list[FaultyServer]:
        return [part for part in self._parts if isinstance(part, FaultyServer)]

    def _wait_for(self, name: str, count: int) -> None:
        """Returns once a responder has seen so many arrivals since the last settle."""
        counting = {part.name: part for part in self._faulty_servers}
        check_word("part that counts what comes", name, counting)
        part = counting[name]
        try:
            part.wait(part.arrival_kind, count, self._settled[name])
        except ControlError as error:
            if error.status != _TIMED_OUT:
                raise
            came, _, _ = str(error.problem["detail"]).partition(" ")
            words = f"expected {part.arrival} to the {name}: {count}, "
            words += f"came within {BOUND_SECONDS:g} s: {came}"
            waits_for_clients = self.nginx.can.fetches_for == "clients"
            if waits_for_clients and self._clients == self._clients_settled:
                name = self.server.name
                words += f"; no client has come since the last settle, and {name} asks for one only"
            raise LabError(words) from None
