"""The two faulty servers, responder and stub, as a scenario's author sees them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from staplelab.errors import LabError
from staplelab.hosts.base import Host
from staplelab.parts.control import ControlClient
from staplelab.parts.part import Event, NotStarted, Part, Process
from staplelab.waiting import BOUND_SECONDS

_BOUND_MS = int(BOUND_SECONDS * 1000)


def use(fault: str, **params: Any) -> dict[str, Any]:
    """One entry of a rule's `do`."""
    return {"fault": fault, **params}


class FaultyServer(Part):
    """What faulty-ocspd and faulty-dnsd have in common."""

    #: the program, one of ours
    program = ""
    #: the kind of event that one request of a client leaves, and its name in the results
    request_kind = ""
    requests_observed = ""
    #: the kind of event that a scenario waits for, and how that is said of nginx: "nginx made no
    #: new connection to the responder"
    arrival_kind = ""
    sent = ""
    arrivals = ("", "")
    title = ""

    def __init__(self, name: str, host: Host, argv: Sequence[str]) -> None:
        """Starts the program with these options (its control socket comes to them); NotStarted
        when it ends instead."""
        super().__init__(name, host)
        self._injected: set[str] = set()
        #: how many events there were each time that it was started again
        self._revived_at: list[int] = []
        #: the injected faults that must not be met, each with how many events there were then
        self._never: dict[str, int] = {}
        #: a fault is in force that changes its listeners
        self._listeners_changed = False
        #: the number of the last event that was collected
        self.last_seen = 0
        self.control = self._start(argv)
        self.ready: dict[str, Any] = self.control.call("GET", "/v1/ready")
        self._argv = _with_ports(argv, self.ready["listeners"])

    # ----- its program -----

    def _start(self, argv: Sequence[str]) -> ControlClient:
        socket = self.folder / f"{self.name}.sock"
        log = self.folder / f"{self.name}.log"
        running = self._host.start(
            self.name,
            [self._host.program(self.program), *argv, "--control", f"unix:{socket}"],
            variables=self._host.part_variables(),
            stderr=log,
            read_stdout=True,
        )
        self._process = Process(running, log)
        if not running.read_line():  # it says when every listener is bound
            running.wait(BOUND_SECONDS)
            raise NotStarted(self.program, self.last_words())
        return ControlClient(self.name, socket)

    def revive(self, only: str | None = None) -> None:
        self._note_revival(only)
        argv = self._argv
        if only is not None:
            own = [i for i, word in enumerate(argv) if word.startswith(self.name) and "=" in word]
            dropped = {i for i in own if not argv[i].startswith(f"{only}=")}
            argv = [w for i, w in enumerate(argv) if i not in dropped and i + 1 not in dropped]
        control = self._start(argv)
        self.control.close()
        self.control = control
        self.ready = control.call("GET", "/v1/ready")
        self.last_seen = 0  # it counts its events anew
        self._revived_at.append(len(self._events))
        self.silent = False

    def ended(self) -> int | None:
        """The exit status, once it has ended though nobody told it to; None while it responds."""
        try:
            self.wake()
        except LabError:
            with contextlib.suppress(LabError):  # it has not ended, but it does not respond either
                return self.running.wait(BOUND_SECONDS)
        return None

    def listeners(self) -> list[str]:
        """The names of what it listens on."""
        return [entry["name"] for entry in self.ready["listeners"]]

    def listener(self, name: str) -> tuple[str, int]:
        """Address and port of one of its listeners."""
        for entry in self.ready["listeners"]:
            if entry["name"] == name:
                return entry["address"], int(entry["port"])
        raise LabError(f"{self.name} has no listener {name!r}; it has: {self.listeners()}")

    # ----- faults -----

    @functools.cached_property
    def catalogue(self) -> Mapping[str, Sequence[str]]:
        """All faults and primitives that it knows, by their names; of each its stages."""
        listed = self.control.call("GET", "/v1/faults")
        known = listed["faults"] + listed["primitives"]
        return {one["name"]: one["stages"] for one in known}

    def inject(
        self,
        *faults: str | Mapping[str, Any],
        match: Mapping[str, str] | None = None,
        times: int | None = None,
        scope: str = "global",
        never: bool = False,
        **params: Any,
    ) -> None:
        """Puts one rule in force in the place of all others.

        Several faults compose unless they change the same thing; `params` belong to a single named
        fault.  With `times`, requests after so many are healthy again.  `never`: no request must
        meet it.
        """
        uses = [use(one, **params) if isinstance(one, str) else dict(one) for one in faults]
        step: dict[str, Any] = {} if times is None else {"times": times}
        rule: dict[str, Any] = {}
        if match:
            rule["match"] = dict(match)
        if scope != "global":
            rule["scope"] = scope
        said = {**step, **rule, **({"never": True} if never else {})}
        self.note("inject", part=self.name, faults=uses, **said)
        self._put([{**rule, "sequence": [{"do": uses, **step}]}], never)

    def rules(self, rules: Sequence[Mapping[str, Any]], *, never: bool = False) -> None:
        """Replaces the whole set of rules at once; `[]` makes every response healthy."""
        said = {"never": True} if never else {}
        self.note("rules", part=self.name, rules=list(rules), **said)
        self._put(rules, never)

    def _put(self, rules: Sequence[Mapping[str, Any]], never: bool) -> None:
        steps = [step for rule in rules for step in rule.get("sequence", [])]
        uses = [entry for step in steps for entry in step.get("do", [])]
        names = {entry.get("fault") or entry["primitive"] for entry in uses}
        if never:
            for name in names:
                if "listener" in self.catalogue.get(name, ()):
                    raise LabError(f"nobody knows who meets {name}: never=True cannot be held")
            self.collect()  # before: what meets them from now on counts
        self.control.call("PUT", "/v1/rules", list(rules))
        self._see_listeners(names)
        if never:
            self._never.update(dict.fromkeys(names, len(self._events)))
            return
        self._injected |= names
        for name in names & self._never.keys():
            del self._never[name]

    def heal(self) -> None:
        """Every response is healthy again."""
        self.note("heal", part=self.name)
        self._put([], never=False)

    def _see_listeners(self, names: set[str]) -> None:
        """A rule for a listener works at once, and as long as it is there: what comes of it is
        collected before the scenario goes on."""
        changed = any("listener" in self.catalogue.get(name, ()) for name in names)
        if changed or self._listeners_changed:
            self.collect()
        self._listeners_changed = changed

    # ----- events -----

    def collect(self) -> None:
        if not self.silent:
            self._take(self.control.call("GET", f"/v1/events?since={self.last_seen}"))

    def _take(self, response: Mapping[str, Any]) -> None:
        self._events += response["events"]
        self.last_seen = int(response["last"])

    def wait(self, kind: str, count: int, since: int, bound: float = BOUND_SECONDS) -> None:
        """Returns once `count` events of that kind came after number `since`; ControlError past
        the bound."""
        self.control.call(
            "POST",
            "/v1/events/wait",
            {
                "match": {"kind": kind},
                "count": count,
                "since": since,
                "bound_ms": int(bound * 1000),
            },
        )

    def quiet(self) -> int:
        """Waits until the responder owes nobody anything, and collects its events; returns the
        last one's number."""
        if not self.silent:
            question = {"since": self.last_seen, "bound_ms": _BOUND_MS}
            self._take(self.control.call("POST", "/v1/quiet", question))
        return self.last_seen

    def wake(self) -> None:
        if not self.silent:
            self.control.call("GET", "/v1/ready")

    def lives(self) -> list[list[Event]]:
        """Its events, those of each of its processes by themselves: each counts its connections
        anew."""
        ends = [*self._revived_at, len(self._events)]
        begins = [0, *self._revived_at]
        return [self._events[begin:end] for begin, end in zip(begins, ends, strict=True)]

    def requests(self, **fields: Any) -> list[Event]:
        """The requests collected so far, those that carry all the given fields."""
        found = self.events(self.request_kind)
        return [e for e in found if all(e.get(k) == v for k, v in fields.items())]

    def observed(self) -> dict[str, Any]:
        return {self.requests_observed: len(self.requests())}

    # ----- the end of a scenario -----

    def findings(self) -> list[str]:
        """Faults that had no effect, or had one and should not, and what it could not do."""
        wrong = [_problem(event) for event in self.events("problem")]
        idle = self._injected - _proven(self._events)
        wrong += [f"fault {name} was set and never done" for name in sorted(idle)]
        wrong += [
            f"fault {name} was not to be met, and was"
            for name, since in sorted(self._never.items())
            if name in _proven(self._events[since:])
        ]
        return [f"{self.name}: {one}" for one in wrong]

    def reset(self) -> None:
        super().reset()
        self.control.call("POST", "/v1/reset", {"seed": 1})
        self._injected.clear()
        self._revived_at.clear()
        self._never.clear()
        self._listeners_changed = False

    def close(self) -> None:
        self.control.close()


def _proven(events: Sequence[Event]) -> set[str]:
    """The faults whose effect these events tell."""
    return {name for event in events for name in event.get("faults", [])}


def _problem(event: Event) -> str:
    """What could not be done."""
    if "fault" in event:
        return f"fault {event['fault']} could not be done: {event['detail']}"
    return str(event["detail"])


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
