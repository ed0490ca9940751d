"""Time and rest: the lab clock is moved, and nothing is under way any more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from staplelab.errors import LabError, check_word
from staplelab.parts.control import ControlError
from staplelab.parts.faulty import FaultyServer
from staplelab.parts.part import Event
from staplelab.scenario.clients import Clients
from staplelab.scenario.world import World
from staplelab.servers.error_log import REFUSED
from staplelab.times import Instant
from staplelab.waiting import BOUND_SECONDS

_SETTLE_ROUNDS = 200
#: so many rounds without an event, one after the other, say that what has not come will not come:
#: each takes a connection of its own through the same queues of the kernel
_ROUNDS_TO_BE_SURE = 10
#: what is expected is waited for so long before anybody goes round: that is faster where it comes
_EAGER_SECONDS = 0.05
_TIMED_OUT = 408
#: a configuration that names a responder by its address
_URL_WITHOUT_A_NAME = re.compile(r"_responder http://[\d\[]")

#: who sees it, and how often
Expected = tuple[FaultyServer, int]


class Settling(Clients):
    """The clock of a scenario, and how it knows that nothing is under way."""

    def __init__(self, world: World, folder: Path, profile: str) -> None:
        super().__init__(world, folder, profile)
        #: the number of each responder's last event at the last settle
        self._settled = {part.name: part.last_seen for part in self._faulty_servers}
        #: how many events of each there were at the last settle
        self._collected: dict[str, int] = {}
        self._refusals_settled = 0
        #: how many clients had been run at the last settle
        self._clients_settled = 0
        #: a fault of the network was set: the kernel sends again what it thinks lost, when it wants
        self._kernel_delays = False

    # ----- time -----

    @property
    def now(self) -> Instant:
        """Wall time of the lab, Unix seconds; in a failed assertion it reads as an instant."""
        return Instant(self._world.clock.now)

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
        alone = {} if wall and monotonic else {"alone": "wall" if wall else "monotonic"}
        self._catch_up()
        self._world.clock.move(
            wall=seconds if wall else 0, monotonic=seconds if monotonic else 0
        )
        self._say("clock", seconds=seconds, **alone, **({"cut_off": True} if cut_off else {}))
        self._unseen = True
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
        queries: int | None = None,
        refused: int = 0,
        *,
        at: str = "responder",
        so_far: bool = False,
    ) -> None:
        """Returns when nothing is under way any more between nginx and the parts, and holds what
        has come since the last settle: so many `connections` to the responder (or to the part
        `at`), no more and no less, none to another, and so many `queries` to the stub.

        Where `queries` are not said and nginx asks a healthy stub, they are two for each
        connection, one for each address family.  `refused` are connections that nobody accepted.
        With `so_far` it is so many at least, and a later settle holds all that has come by then.

        Waits for that first, then goes round: every part owes nothing (quiet), nginx has handled
        what it had (barrier), all still owe nothing and saw nothing in between.  Where all are at
        rest and something has not come, it will not, and the scenario fails at once.

        Nobody but the kernel knows of a refusal, and it may take its time: a SYN that meets an
        old connection of the same ports (TIME-WAIT) is refused only when it is sent again.
        """
        counting = {part.name: part for part in self._faulty_servers}
        responders = [name for name in counting if name != self.stub.name]
        check_word("responder", at, responders)
        asked = counting[at]
        expected = [(asked, connections), (self.stub, queries or 0)]
        self._wait_for(expected)
        if refused:
            self._refusals_settled += refused
            self.wait_for_log(REFUSED, self._refusals_settled)
        self._come_to_rest(expected)
        self._enter()
        if queries is None and not so_far and self._asks_a_healthy_stub():
            queries = 2 * (connections + refused)
        self._say_settled({asked.name: connections, self.stub.name: queries}, refused, so_far)
        self._hold(expected, few=True)
        if so_far:
            return
        others = [part for part in self._faulty_servers if part not in (asked, self.stub)]
        self._hold([(asked, connections), *((part, 0) for part in others)], many=True)
        if queries is not None:
            self._hold([(self.stub, queries)], few=True, many=True)
        self._clients_settled = self._clients
        for part in self._faulty_servers:
            self._settled[part.name] = part.last_seen
            self._collected[part.name] = len(part.events())

    def _say_settled(self, wanted: dict[str, int | None], refused: int, so_far: bool) -> None:
        """Also where nothing was expected and nothing came: that is held as well."""
        self._say(
            "settle",
            expected={name: count for name, count in wanted.items() if count is not None},
            came={part.name: self._came(part) for part in self._faulty_servers},
            **({"refused": refused} if refused else {}),
            **({"so_far": True} if so_far else {}),
        )

    def _since_settled(self) -> list[str]:
        """What has come after the last settle, which nobody counts then; one sentence each."""
        settled = bool(self._collected) and not self._kernel_delays
        if not settled or self.nginx.running.poll() is not None:
            return []
        self._come_to_rest(())
        self._enter()
        return [
            f"{self.server.name} {part.sent} {count} {part.arrivals[1]} to the {part.title} after "
            "the last settle"
            for part in self._faulty_servers
            if (count := self._came(part)) > 0
        ]

    def _come_to_rest(self, expected: Sequence[Expected]) -> None:
        """Where something is missing it takes more rounds to be sure that it will not come."""
        before = self._quiet()
        at_rest = 0
        for _ in range(_SETTLE_ROUNDS):
            self.nginx.wake()
            now = self._quiet()
            at_rest = at_rest + 1 if now == before else 0
            before = now
            if at_rest >= _ROUNDS_TO_BE_SURE:
                return
            if at_rest and all(self._came(part) >= count for part, count in expected):
                return
        raise LabError(f"{self.server.name} and the parts do not come to rest")

    def _quiet(self) -> list[int]:
        return [part.quiet() for part in self._parts]

    @property
    def _faulty_servers(self) -> list[FaultyServer]:
        return [part for part in self._parts if isinstance(part, FaultyServer)]

    def _wait_for(self, expected: Sequence[Expected]) -> None:
        """Returns once this has come, or is not to be waited for any longer: going round tells."""
        for part, count in expected:
            if count and not self._comes(part, count, _EAGER_SECONDS):
                if self._takes_the_kernels_time():
                    self._comes(part, count, BOUND_SECONDS)

    def _comes(self, part: FaultyServer, count: int, bound: float) -> bool:
        """Whether a responder sees so many arrivals since the last settle, within the bound."""
        try:
            part.wait(part.arrival_kind, count, self._settled[part.name], bound)
        except ControlError as error:
            if error.status != _TIMED_OUT:
                raise
            return False
        return True

    def _takes_the_kernels_time(self) -> bool:
        """Whether something can be under way that neither nginx nor a part knows of: a SYN that the
        kernel sends again after a second or more, or a worker that is leaving (which no barrier
        reaches)."""
        listeners = [event for part in self._faulty_servers for event in part.events("listener")]
        return (
            self._kernel_delays
            or any(event["state"] != "open" for event in listeners)
            or self.nginx.has_leaving_workers()
        )

    def _asks_a_healthy_stub(self) -> bool:
        """Whether the number of queries is nginx's doing alone."""
        planned = any(event.get("planned") for event in self._new(self.stub))
        straight = self._world.topology.resolver == self.stub.name
        by_name = not any(_URL_WITHOUT_A_NAME.search(text) for text in self._configurations)
        undisturbed = straight and by_name and not planned and not self._kernel_delays
        return self.server.name == "nginx" and undisturbed

    def _new(self, part: FaultyServer) -> list[Event]:
        """What a part has seen since the last settle."""
        return part.events()[self._collected.get(part.name, 0) :]

    def _came(self, part: FaultyServer) -> int:
        return sum(event["kind"] == part.arrival_kind for event in self._new(part))

    def _idle(self) -> str:
        """Why nothing may have come, as an addition to a sentence."""
        if self.nginx.can.fetches_for != "clients" or self._clients != self._clients_settled:
            return ""
        name = self.server.name
        return f"; no client has come since the last settle, and {name} asks for one only"

    def _hold(
        self, expected: Sequence[Expected], *, few: bool = False, many: bool = False
    ) -> None:
        """AssertionError when too few have come, or too many, as far as that is held."""
        for part, count in expected:
            came = self._came(part)
            one, several = part.arrivals
            if few and came < count:
                what = f"too few {several}" if came else f"no {one}"
                idle = self._idle()
            elif many and came > count:
                what, idle = f"too many {several}", ""
            else:
                continue
            raise AssertionError(
                f"{self.server.name} {part.sent} {what} to the {part.title}: "
                f"expected {count}, came {came}{idle}"
            )
