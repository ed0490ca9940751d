"""The timeline of a scenario: what it did and what every part saw, in their order.

The lab clock stands still between steps, so instants cannot order events; the lab asks the
parts for their events and reads nginx's log after every act of its own, which does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One thing that happened: when (lab seconds since the scenario began), who, what."""

    at: float
    part: str
    what: str
    details: dict[str, Any] = field(default_factory=dict)


class Timeline:
    """Entries in the order in which they happened."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, at: float, part: str, what: str, **details: Any) -> None:
        self.entries.append(Entry(at, part, what, details))

    def as_json(self) -> list[dict[str, Any]]:
        return [dict(vars(entry)) for entry in self.entries]
