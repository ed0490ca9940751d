"""nginx's error log: its lines, the claims that a scenario lays to them, their names for humans.

A scenario passes only if it claimed every line of level warn or above.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from staplelab import untrusted
from staplelab.hosts.roles import ROLES
from staplelab.servers.product import SPEAKERS

LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
MUST_BE_CLAIMED = LEVELS[LEVELS.index("warn") :]
_NEVER_WELCOME = frozenset({"alert", "emerg"})

#: what nginx logs of a connection that nobody takes
REFUSED = "(111: Connection refused)"

#: octets of one log that are looked at
LONGEST = 16 << 20

_LEVEL = f"\\[({'|'.join(LEVELS)})\\]"
_LINE = re.compile(
    rf"^(?:\d{{4}}/\d\d/\d\d \d\d:\d\d:\d\d {_LEVEL} \d+#\d+: |(?:{'|'.join(SPEAKERS)}): {_LEVEL} )"
    r"(?:\*\d+ )?(.*)$"
)

#: what a sanitizer or the C library says, also in the midst of what nginx says
_REPORT = re.compile(
    r"^=+$|^==\d+==|: runtime error: |^\*\*\* |^(?:free|malloc|realloc|munmap_chunk)\(\): "
    r"|^(?:double free or corruption|corrupted (?:size|double-linked))"
)

_PORT = re.compile(
    rf"((?:{'|'.join(ROLES)})|\.staplelab\.test|\d+(?:\.\d+){{3}}|\[[0-9a-f:]+\]"
    rf"|\[::ffff:(?:{'|'.join(ROLES)})\]):\d+"
)
#: what the host has to say in the configuration moves its lines
_CONFIGURATION_LINE = re.compile(r"(/nginx\.conf):\d+")
#: why nothing can be sent to an address that is none depends on the host's routes
_UNREACHABLE = re.compile(r"(connect\(\) failed) \(\d+: [A-Z][a-z ]+\)(?= while resolving)")
#: where the client is depends on the host
_CLIENT = re.compile(r"\bclient: [0-9a-f.:]+")
_NUMBER = re.compile(r"\b(id:|ident |expect |process |DNS response (?=\d))\d+")


@dataclass(frozen=True)
class Line:
    """One line of nginx's log, without its time, process and connection numbers."""

    level: str
    text: str

    def __str__(self) -> str:
        return f"[{self.level}] {self.text}"


def parse(text: str) -> list[Line]:
    """The lines of a log; what is no line of nginx's (a sanitizer's report) has level "alert"."""
    lines: list[Line] = []
    _append(lines, text)
    return lines


def _append(lines: list[Line], text: str) -> None:
    """Adds the lines of a text to those that stand before it."""
    for raw in filter(None, text.split("\n")):
        match = _LINE.match(raw)
        if match is not None:
            lines.append(Line(match[1] or match[2], match[3]))
        elif lines and _is_open(lines[-1]) and not _REPORT.search(raw):
            lines[-1] = Line(lines[-1].level, f"{lines[-1].text}\n{raw}")
        else:
            lines.append(Line("alert", raw))


def _is_open(line: Line) -> bool:
    """Whether more of the line may follow.  nginx escapes nothing: what it quotes (a word of its
    configuration, a URL of a certificate) may have line feeds.  At level debug it also logs whole
    headers.

    Nothing can be hidden in that way: whatever looks like the beginning of a line is one, which has
    to be claimed, also where it is forged; and what is no line is never put to one that nobody
    need claim, but for debug."""
    in_quotation = line.text.count('"') % 2 == 1
    if line.level == "debug":
        return in_quotation or line.text.endswith(("\r", ":"))
    return in_quotation and line.level in MUST_BE_CLAIMED


class LogFile:
    """A log that nginx writes; each look reads only what is new in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[Line] = []
        self._read = 0

    def lines(self) -> list[Line]:
        """The lines up to now; none while there is no such file.  Of a log that is too long the
        last one says so, and has to be claimed."""
        if self._read > LONGEST:
            return [*self._lines, Line("alert", f"its log is longer than {LONGEST >> 20} MiB")]
        octets = untrusted.read(self._path, self._read)
        whole = octets.rfind(b"\n") + 1
        _append(self._lines, octets[:whole].decode(errors="replace"))
        self._read += whole
        lines = list(self._lines)
        _append(lines, octets[whole:].decode(errors="replace"))
        return lines


@dataclass
class Claim:
    """Text that a scenario expects `times` times (None: at least once) among the lines."""

    text: str
    times: int | None
    alert: bool = False
    #: the level that it must have; None: any
    level: str | None = None

    def fits(self, line: Line) -> bool:
        return (
            self.text in line.text
            and self.level in (None, line.level)
            and (self.alert or line.level not in _NEVER_WELCOME)
        )

    def __str__(self) -> str:
        return repr(self.text) if self.level is None else f"[{self.level}] {self.text!r}"


def settle_claims(
    lines: Iterable[Line], claims: Iterable[Claim], server: str = "nginx"
) -> list[str]:
    """Holds the lines against the claims; returns what is wrong, one sentence each."""
    wrong = []
    claims = list(claims)
    seen = {id(claim): 0 for claim in claims}
    for line in lines:
        if line.level not in MUST_BE_CLAIMED:
            continue
        fitting = [claim for claim in claims if claim.fits(line)]
        if not fitting:
            wrong.append(f"{server} logged what no scenario claimed: {line}")
        for claim in fitting[:1]:
            seen[id(claim)] += 1
    for claim in claims:
        count = seen[id(claim)]
        if claim.times is None and count == 0:
            wrong.append(f"claimed but never logged: {claim}")
        elif claim.times is not None and count != claim.times:
            wrong.append(f"claimed {claim.times} times, logged {count} times: {claim}")
    return wrong


def shared(text: str, names: dict[str, str]) -> str:
    """The text free of everything that differs from run to run.

    `names` maps addresses and folders of this run to names that every run shares.
    """
    for private, name in names.items():
        text = text.replace(private, name)
    return _NUMBER.sub(r"\1N", _PORT.sub(r"\1", _CLIENT.sub("client: client", text)))


def for_results(lines: Iterable[Line], names: dict[str, str]) -> list[str]:
    """The lines that had to be claimed, as every run shares them."""
    kept = []
    for line in lines:
        if line.level not in MUST_BE_CLAIMED:
            continue
        text = _UNREACHABLE.sub(r"\1", shared(str(line), names))
        kept.append(_CONFIGURATION_LINE.sub(r"\1", text))
    return kept
