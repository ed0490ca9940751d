"""What a responder is told for a fault that a scenario sets, and how the fault is proven."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from staplelab.errors import LabError
from staplelab.parts.faulty import FaultyServer, use
from staplelab.parts.responder import OcspResponder
from staplelab.parts.stub import DnsStub


class Control:
    """A control client that writes down what it is asked, and has these events."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, path: str, body: Any = None) -> Any:
        if path == "/v1/faults":
            return {"faults": [], "primitives": []}
        self.calls.append((method, path, body))
        if path not in ("/v1/quiet", "/v1/events?since=0", "/v1/events?since=7"):
            return {"listeners": []}
        events, self.events = self.events, []
        return {"events": events, "last": 7}

    def close(self) -> None:
        pass

    def serve(self, *faults: str, kind: str = "request") -> None:
        self.events.append({"seq": 1, "kind": kind, "faults": list(faults)})


@pytest.fixture
def control() -> Control:
    return Control()


@pytest.fixture
def server(control: Control, monkeypatch: pytest.MonkeyPatch) -> FaultyServer:
    monkeypatch.setattr(FaultyServer, "_start", lambda part, argv: control)
    made = OcspResponder("responder", None, {}, {}, 80)  # type: ignore[arg-type]
    assert control.calls.pop() == ("GET", "/v1/ready", None)
    return made


def unproven(server: FaultyServer) -> list[str]:
    """The faults of which its findings say that they were never done."""
    idle = re.compile(r"responder: fault (\S+) was set and never done")
    return [found[1] for found in map(idle.fullmatch, server.findings()) if found]


@pytest.mark.parametrize(
    ("names", "how", "rule"),
    [
        (("http-5xx",), {}, {"sequence": [{"do": [{"fault": "http-5xx"}]}]}),
        (
            ("http-5xx",),
            {"code": 502},
            {"sequence": [{"do": [{"fault": "http-5xx", "code": 502}]}]},
        ),
        (
            ("cert-status-revoked", use("slow-body", chunk=3)),
            {"times": 2},
            {
                "sequence": [
                    {
                        "do": [
                            {"fault": "cert-status-revoked"},
                            {"fault": "slow-body", "chunk": 3},
                        ],
                        "times": 2,
                    }
                ]
            },
        ),
        (
            ("http-4xx",),
            {"match": {"serial": "1001"}, "scope": "connection"},
            {
                "sequence": [{"do": [{"fault": "http-4xx"}]}],
                "match": {"serial": "1001"},
                "scope": "connection",
            },
        ),
        (
            ("http-4xx",),
            {"times": 0, "match": {}, "scope": "global"},
            {"sequence": [{"do": [{"fault": "http-4xx"}], "times": 0}]},
        ),
    ],
    ids=["alone", "with-parameters", "composed", "matched", "defaults"],
)
def test_a_fault_is_one_rule(
    control: Control,
    server: FaultyServer,
    names: tuple[str | Mapping[str, Any], ...],
    how: dict[str, Any],
    rule: dict[str, Any],
) -> None:
    server.inject(*names, **how)
    assert control.calls == [("PUT", "/v1/rules", [rule])]


def test_healing_is_no_rule(control: Control, server: FaultyServer) -> None:
    server.heal()
    assert control.calls == [("PUT", "/v1/rules", [])]
    assert unproven(server) == []


def test_a_fault_is_unproven_until_an_event_bears_witness(
    control: Control, server: FaultyServer
) -> None:
    server.inject("slow-body", "cert-status-revoked")
    server.inject("http-5xx")
    assert unproven(server) == ["cert-status-revoked", "http-5xx", "slow-body"]
    control.serve("slow-body", kind="held")
    control.serve("http-5xx", "something-else")
    assert unproven(server) == ["cert-status-revoked", "http-5xx", "slow-body"]  # not looked yet
    server.collect()
    assert unproven(server) == ["cert-status-revoked"]
    server.heal()
    assert unproven(server) == ["cert-status-revoked"]
    server.reset()
    assert unproven(server) == []


def test_every_step_of_a_sequence_needs_a_witness(control: Control, server: FaultyServer) -> None:
    server.rules([{"sequence": [{"do": [use("http-4xx")], "times": 1}, {"do": [use("http-5xx")]}]}])
    control.serve("http-4xx")
    server.quiet()
    assert unproven(server) == ["http-5xx"]


def test_a_refused_rule_was_never_in_force(control: Control, server: FaultyServer) -> None:
    def refuse(method: str, path: str, body: Any = None) -> Any:
        raise LabError("no such fault")

    control.call = refuse  # type: ignore[method-assign]
    with pytest.raises(LabError, match="no such fault"):
        server.inject("nonsense")
    assert unproven(server) == []


def test_a_fault_that_is_not_to_be_met(control: Control, server: FaultyServer) -> None:
    """What was met before, when it was to be met, does not count."""
    server.inject("http-5xx")
    control.serve("http-5xx")
    server.inject("http-5xx", "slow-body", never=True)
    assert server.findings() == []
    control.serve("http-5xx")
    server.collect()
    assert server.findings() == ["responder: fault http-5xx was not to be met, and was"]
    server.reset()
    assert server.findings() == []


def test_events_are_collected_once(control: Control, server: FaultyServer) -> None:
    control.serve("http-4xx")
    control.serve(kind="accept")
    assert server.new_events() == []
    server.collect()
    assert server.last_seen == 7
    control.serve(kind="response")
    assert server.quiet() == 7
    assert [event["kind"] for event in server.new_events()] == ["request", "accept", "response"]
    assert server.new_events() == []
    assert control.calls == [
        ("GET", "/v1/events?since=0", None),
        ("POST", "/v1/quiet", {"since": 7, "bound_ms": 10000}),
    ]
    assert [event["kind"] for event in server.events()] == ["request", "accept", "response"]
    assert [event["kind"] for event in server.events("accept")] == ["accept"]
    assert server.requests(faults=["http-4xx"]) == server.events("request")
    assert server.requests(faults=["http-5xx"]) == server.requests(nothing=1) == []
    server.reset()
    assert server.events() == server.new_events() == []
    assert control.calls[2:] == [("POST", "/v1/reset", {"seed": 1})]
    control.serve(kind="accept")
    server.collect()
    assert server.new_events() == server.events() != []


def test_each_process_has_its_own_events(control: Control, server: FaultyServer) -> None:
    """One that was started again counts its connections anew: two requests of one number are not
    those of one connection."""
    control.serve()
    server.collect()
    assert server.lives() == [server.events()]
    server.revive()
    control.serve(kind="accept")
    server.collect()
    assert [[event["kind"] for event in life] for life in server.lives()] == [
        ["request"],
        ["accept"],
    ]
    server.reset()
    assert server.lives() == [[]]


def test_waiting_has_a_bound(control: Control, server: FaultyServer) -> None:
    server.wait("accept", 2, since=5)
    assert server.quiet() == 7
    wait, quiet = control.calls
    expected = {"match": {"kind": "accept"}, "count": 2, "since": 5, "bound_ms": 10000}
    assert wait == ("POST", "/v1/events/wait", expected)
    assert quiet == ("POST", "/v1/quiet", {"since": 0, "bound_ms": 10000})


def test_what_a_responder_says_of_a_certificate(control: Control, server: OcspResponder) -> None:
    server.certificate("1001", status="revoked", reason=1)
    state = {"status": "revoked", "reason": 1}
    assert control.calls == [("PUT", "/v1/certificates/1001", state)]


def test_records_of_the_name_server(control: Control, server: FaultyServer) -> None:
    stub = DnsStub("stub", None, {}, 53, {})  # type: ignore[arg-type]
    stub.record("ocsp.staplelab.test", "A", "127.0.0.1", "127.0.0.2", ttl=5)
    stub.forget("ocsp.staplelab.test", "AAAA")
    assert control.calls[1:] == [
        (
            "PUT",
            "/v1/records/ocsp.staplelab.test/A",
            {"values": ["127.0.0.1", "127.0.0.2"], "ttl": 5},
        ),
        ("DELETE", "/v1/records/ocsp.staplelab.test/AAAA", None),
    ]
    control.serve(kind="query")
    control.serve(kind="request")
    stub.collect()
    assert stub.requests() == stub.events("query") != []
