"""The timeline of a scenario: what it did and what every part saw, in their order.

The lab clock stands still between steps, so instants cannot order events.  What orders them are the
acts of the scenario: before each the lab asks the parts what they have seen, where anything may
have come since it last did, and reads the server's log.  So an entry stands behind the act that
brought it about, and before the next one.

Within one act each part has its own order.  No clock orders the parts and the server among each
other; they stand as one comes of the other: programs and name servers, responders, the server's
log.  The log is looked at before the parts are asked: whatever made the server say something stands
before it.

The word of an entry of the scenario (`what`) is one of WORDS; its details are for programs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


#: what a scenario does or says, and what that means
WORDS = {
    "start": "the server is started; its configuration, where it is not the default",
    "stop": "the server is told to end, and has",
    "reload": "the server reads its configuration anew",
    "reconfigure": "another configuration, then as reload",
    "upgrade": "a new process of the server's binary takes its place",
    "begin upgrade": "a new process serves; the old one is there, without workers",
    "finish upgrade": "the old one is told to end, and has",
    "roll back": "the old one serves again, and the new one has ended",
    "dismiss workers": "the workers are told to leave; the process that started them stays",
    "quit": "the server is told to finish what it has",
    "file": "a file is written: its name",
    "hosts": "a name resolves to these addresses where the server reads its files",
    "inject": "faults are put in force at a part or in the network, in the place of others",
    "rules": "a set of rules is put in force at a part, in the place of others",
    "heal": "the faults of a part or of the network are ended",
    "certificate": "what a responder says of a certificate is set",
    "record": "what a name server has of a name is set",
    "forget": "a name server has nothing of a name any more",
    "beside": "a program of the scenario's own is started",
    "wait": "a program of the scenario's own has ended by itself: with which status",
    "pause": "a part is stopped in its tracks",
    "resume": "a part goes on",
    "kill": "a part is ended at once",
    "revive": "a part is started again",
    "only one worker": "the other workers are stopped",
    "all workers": "they go on",
    "kill worker": "a worker is killed",
    "wait for workers": "so many workers are waited for, or one to be replaced or to end",
    "handshake": "a client has shaken hands, and this is what it saw",
    "staple-check": "staple-check is run, for its output",
    "run": "another program is run",
    "client": "a client is started in the background; what it does are entries of `client`",
    "clock": "the clock is moved by so many seconds",
    "settle": "nothing is under way any more: what was expected of each part since the last "
    "settle, and what came",
    "wait for log": "a line of the server's log is waited for",
    "claim": "a line of the server's log is expected, or may be there",
    "deviation": "a known deviation is pinned: what was seen, what conforms, what deviates",
    "observe": "facts are added to the results",
    "exempt": "an invariant does not hold for this scenario",
    "not applicable": "the scenario ends, for it does not apply here",
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened: when (lab seconds since the scenario began), who, what."""

    at: float
    part: str
    what: str
    details: dict[str, Any] = field(default_factory=dict)


class Timeline:
    """Entries in their order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, at: float, part: str, what: str, /, **details: Any) -> None:
        self.entries.append(Entry(at, part, what, details))

    def as_json(self) -> list[dict[str, Any]]:
        return [dict(vars(entry)) for entry in self.entries]
