"""One TLS client: staple-check run once, its JSON read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from staplelab.errors import LabError
from staplelab.hosts.base import Finished


@dataclass(frozen=True)
class Handshake:
    """What staple-check saw in one handshake."""

    verdict: str | None
    reason: str
    protocol: str | None
    resumed: bool
    facts: dict[str, Any]

    @property
    def staple(self) -> dict[str, Any] | None:
        """The facts of the staple, or None when there was none."""
        return self.facts.get("staple")

    @property
    def octets(self) -> int | None:
        return self.staple["octets"] if self.staple else None

    @property
    def serial(self) -> str:
        """The serial number of the leaf that the server sent."""
        return str(self.facts["leaf"]["serial"])

    def observed(self) -> dict[str, Any]:
        """What of it goes into results.json: nothing that differs from run to run."""
        seen: dict[str, Any] = {"verdict": self.verdict}
        if self.octets is not None:
            seen["octets"] = self.octets
        if self.resumed:
            seen["resumed"] = True
        return seen


def read(finished: Finished) -> list[Handshake]:
    """The handshakes that one run of staple-check printed; LabError when there is none."""
    if finished.status == 2 or not finished.stdout:
        raise LabError(f"staple-check: {finished.stderr.strip() or finished.status}")
    handshakes = []
    for line in finished.stdout.splitlines():
        facts = json.loads(line)
        handshakes.append(
            Handshake(
                verdict=facts["verdict"],
                reason=facts.get("reason") or facts.get("error") or "",
                protocol=facts.get("protocol"),
                resumed=bool(facts.get("resumed")),
                facts=facts,
            )
        )
    return handshakes
