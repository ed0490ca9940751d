"""Times as people read them: instants of the lab's clock, and spans of it."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any

#: so many seconds of each unit, the largest first
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
#: below this a number of seconds is no instant that a lab has to do with (2001)
_FIRST = 1_000_000_000


def instant(seconds: float) -> str:
    """Unix seconds as staple-check writes them: 2030-01-01T00:10:00Z."""
    try:
        return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} s since 1970"


@functools.cache
def offset(seconds: float) -> str:
    """A span with its sign: +1 h 0 min 1 s.  Units between two others are told, those of nothing
    at either end are not."""
    left = round(abs(seconds), 3)
    counts: list[str] = []
    for unit, size in _UNITS:
        count, left = (left, 0) if unit == "s" else divmod(left, size)
        counts.append(f"{round(count, 3):g} {unit}")
    told = [i for i, count in enumerate(counts) if not count.startswith("0 ")] or [len(counts) - 1]
    return ("-" if seconds < 0 else "+") + " ".join(counts[told[0] : told[-1] + 1])


class Instant(int):
    """Unix seconds; where a failed assertion shows it, it reads as an instant."""

    __str__ = int.__repr__

    def __repr__(self) -> str:
        return instant(self)

    def __add__(self, seconds: int) -> Instant:
        return Instant(int(self) + seconds)

    __radd__ = __add__

    def __sub__(self, other: int) -> int:
        """An instant, or the span between two."""
        left = int(self) - int(other)
        return left if isinstance(other, Instant) else Instant(left)


def compared(op: str, left: Any, right: Any) -> list[str] | None:
    """What a failed comparison with an instant says; None where there is none in it."""
    both = (left, right)
    if not any(isinstance(one, Instant) for one in both):
        return None
    if not all(isinstance(one, int) and one >= _FIRST for one in both):
        return None
    return [f"{instant(left)} {op} {instant(right)}", f"{offset(int(left) - int(right))} apart"]
