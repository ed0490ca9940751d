"""Spans of time as an option takes them: 24h, 7d, 90m."""

from __future__ import annotations

import re

from staplelab.errors import LabError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN = re.compile(r"(\d{1,9})([smhdw])")
#: what the lab's certificates live at the most, and more than any CA's answers
MOST = 60 * 86400


def seconds(option: str, text: str, least: int = 1) -> int:
    """The span in seconds; LabError says what is accepted."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise LabError(f"{option} {text}: give a number and its unit, s, m, h, d or w, as in 24h")
    given = int(found[1]) * _UNITS[found[2]]
    if not least <= given <= MOST:
        raise LabError(f"{option} {text}: give from {least} s to {MOST // 86400} d")
    return given
