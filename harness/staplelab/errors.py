"""What can go wrong outside a scenario: one class, one line a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LabError(Exception):
    """The lab cannot do what was asked; the message names what was wrong and what is accepted."""


class NotHere(LabError):
    """This host or its kernel cannot do what was asked; the message says what is missing."""


class StillRunning(LabError):
    """A program that was to be run to its end has not ended by its bound."""


def check_word(what: str, given: object, accepted: Iterable[str]) -> None:
    """LabError unless the word is one of those accepted; it names the nearest and all of them."""
    words = list(accepted)
    if given in words:
        return
    near = difflib.get_close_matches(str(given), words, n=1)
    nearest = f"the nearest is {near[0]!r}; " if near else ""
    raise LabError(f"there is no {what} {given!r}; {nearest}accepted: {', '.join(words) or 'none'}")
