"""A server that must not take its configuration, and says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from staplelab.servers.error_log import Line

#: the level at which a server says why it does not start, or goes on as it was
_LEVEL = "emerg"


@dataclass(frozen=True)
class Refused:
    """The server is expected to refuse its configuration, with this text in its reason."""

    text: str

    def hold_against(self, reasons: Iterable[Line], server: str) -> None:
        """AssertionError unless one of the reasons has the text; `server` is its name."""
        reasons = list(reasons)
        assert reasons, f"{server} took the configuration; expected was that it says {self.text!r}"
        said = "; ".join(map(str, reasons))
        assert any(self.text in line.text for line in reasons), (
            f"{server} refused the configuration, but did not say {self.text!r}: {said}"
        )


def reasons_among(lines: Iterable[Line]) -> list[Line]:
    """The lines that say why a configuration was refused."""
    return [line for line in lines if line.level == _LEVEL]
