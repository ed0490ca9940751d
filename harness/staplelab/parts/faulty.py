"""The two faulty responders as a scenario's author sees them: faults in, events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from staplelab.errors import LabError
from staplelab.parts.control import ControlClient
from staplelab.parts.pki import STANDARD, Pki
from staplelab.waiting import BOUND_SECONDS

Event = dict[str, Any]
_BOUND_MS = int(BOUND_SECONDS * 1000)


def use(fault: str, **params: Any) -> dict[str, Any]:
    """One entry of a rule's `do`."""
    return {"fault": fault, **params}


class FaultyServer:
    """What faulty-ocspd and faulty-dnsd have in common."""

    #: the kind of event that one request of a client leaves
    request_kind = ""

    def __init__(self, control: ControlClient) -> None:
        self.control = control
        self.ready: dict[str, Any] = control.call("GET", "/v1/ready")
        self._injected: set[str] = set()
        self._events: list[Event] = []
        #: how many of them `new_events` has handed out
        self._handed_out = 0
        #: paused or dead: nothing can be asked of it now
        self.silent = False
        #: the number of the last event that was collected
        self.last_seen = 0

    # faults

    def fault(
        self,
        *names: str | Mapping[str, Any],
        match: Mapping[str, str] | None = None,
        times: int | None = None,
        scope: str = "global",
        **params: Any,
    ) -> None:
        """Puts one rule in force in the place of all others.

        Several faults compose unless they change the same thing; `params` belong to a single named
        fault.
        With `times`, requests after so many are healthy again.
        """
        uses = [use(name, **params) if isinstance(name, str) else dict(name) for name in names]
        step: dict[str, Any] = {"do": uses}
        if times is not None:
            step["times"] = times
        rule: dict[str, Any] = {"sequence": [step]}
        if match:
            rule["match"] = dict(match)
        if scope != "global":
            rule["scope"] = scope
        self.rules([rule])

    def rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replaces the whole set of rules at once; `[]` makes every response healthy."""
        self.control.call("PUT", "/v1/rules", list(rules))
        for rule in rules:
            for step in rule.get("sequence", []):
                self._injected.update(
                    entry.get("fault") or entry["primitive"] for entry in step.get("do", [])
                )

    def heal(self) -> None:
        self.rules([])

    # events

    def collect(self) -> None:
        """Makes `events` know all that has happened up to now."""
        if not self.silent:
            self._take(self.control.call("GET", f"/v1/events?since={self.last_seen}"))

    def _take(self, response: Mapping[str, Any]) -> None:
        self._events += response["events"]
        self.last_seen = int(response["last"])

    def new_events(self) -> list[Event]:
        """The collected events that this has not returned before."""
        new = self._events[self._handed_out :]
        self._handed_out += len(new)
        return new

    def events(self, kind: str | None = None) -> list[Event]:
        """The events of this scenario, as far as they were collected (at every settle)."""
        return [event for event in self._events if kind is None or event["kind"] == kind]

    def wait(self, kind: str, count: int, since: int) -> None:
        """Returns once `count` events of that kind came after number `since`; LabError past the
        bound."""
        self.control.call(
            "POST",
            "/v1/events/wait",
            {
                "match": {"kind": kind},
                "count": count,
                "since": since,
                "bound_ms": _BOUND_MS,
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
        """Makes the responder notice that the lab clock was moved."""
        if not self.silent:
            self.control.call("GET", "/v1/ready")

    def requests(self, **fields: Any) -> list[Event]:
        """The requests collected so far, those that carry all the given fields."""
        found = self.events(self.request_kind)
        return [e for e in found if all(e.get(k) == v for k, v in fields.items())]

    def unproven(self) -> list[str]:
        """The injected faults that no event proves: none had its effect."""
        done = {name for event in self._events for name in event.get("faults", [])}
        return sorted(self._injected - done)

    def problems(self) -> list[str]:
        """What could not be done, one line each."""
        return [
            f"fault {event['fault']} could not be done: {event['detail']}"
            if "fault" in event
            else str(event["detail"])
            for event in self.events("problem")
        ]

    def restarted(self, control: ControlClient) -> None:
        """Another program has taken this one's place: it counts its events anew."""
        self.control.close()
        self.control = control
        self.ready = control.call("GET", "/v1/ready")
        self.last_seen = 0
        self.silent = False

    def reset(self) -> None:
        self.control.call("POST", "/v1/reset", {"seed": 1})
        self._injected.clear()
        self._events.clear()
        self._handed_out = 0


class OcspResponder(FaultyServer):
    """faulty-ocspd: the OCSP responder that nginx asks."""

    request_kind = "request"

    def __init__(self, control: ControlClient, pki: Mapping[str, Pki]) -> None:
        """`pki`: the certificates that it speaks for, by their profiles."""
        super().__init__(control)
        self._pki = pki
        #: the profile of the scenario
        self.profile = STANDARD

    def certificate(self, serial: str, **state: Any) -> None:
        """Sets what is said of a certificate: status, reason, revocation_time, validity, signer."""
        owners = {profile: pki.id_of(serial) for profile, pki in self._pki.items()}
        others = {profile: name for profile, name in owners.items() if name is not None}
        if others and self.profile not in others:
            profile, name = others.popitem()
            raise LabError(
                f"serial {serial!r} is that of {name} in the profile {profile!r}; the "
                f"certificates of this scenario are those of {self.profile!r}"
            )
        self.control.call("PUT", f"/v1/certificates/{serial}", state)


class DnsStub(FaultyServer):
    """faulty-dnsd: the name server that nginx's `resolver` asks."""

    request_kind = "query"

    def record(self, name: str, rrtype: str, *values: str, ttl: int = 300) -> None:
        self.control.call(
            "PUT", f"/v1/records/{name}/{rrtype}", {"values": list(values), "ttl": ttl}
        )

    def forget(self, name: str, rrtype: str) -> None:
        self.control.call("DELETE", f"/v1/records/{name}/{rrtype}")
