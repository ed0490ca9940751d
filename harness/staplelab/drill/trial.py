"""`nginx -t` on the twin: what it complains of, and what the twin has to do without."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from staplelab.drill.changes import Changes
from staplelab.drill.given import GivenTwin
from staplelab.drill.model import Complaint
from staplelab.drill.statements import Statement
from staplelab.errors import LabError
from staplelab.servers import error_log

#: how many statements, one after the other, nginx may refuse
_MOST = 100
_AT = re.compile(r" in (?:\S*/)?nginx\.conf:(\d+)$")
_UNKNOWN = re.compile(r'unknown directive "')
#: without them a site is none: the twin would not be one
_NEEDED = {"listen", "server", "server_name", "ssl_certificate", "ssl_certificate_key", "map"}


@dataclass
class Trial:
    """Tries the twin until nginx takes it."""

    given: GivenTwin
    changes: Changes
    #: runs `nginx -t` on a text and returns what it says
    test: Callable[[str], list[error_log.Line]]
    #: makes the text
    render: Callable[[], str]
    #: files of the twin, and what the original calls them
    called: dict[str, str]

    def run(self) -> list[Complaint]:
        """What nginx says of the twin that it takes in the end; LabError when it takes none."""
        refused: list[Complaint] = []
        for _ in range(_MOST):
            said = self.test(self.render())
            wrong = [line for line in said if line.level in ("emerg", "alert")]
            rest = [line for line in said if line not in wrong and not self._is_ours(line)]
            complaints = [self._complaint(line) for line in rest]
            if not wrong:
                return [*refused, *complaints]
            refused.append(self._do_without(wrong[0]))
        raise LabError(f"nginx refuses more than {_MOST} directives: {refused[-1]}")

    def _do_without(self, line: error_log.Line) -> Complaint:
        complaint, one = self._complaint(line), self._statement(line)
        if one is None or one.name in _NEEDED:
            raise LabError(f"nginx refuses the configuration: {complaint}")
        name = one.name
        unknown = _UNKNOWN.match(line.text) is not None
        hides = "what it does: this nginx does not know it" if unknown else complaint.text
        for other in {id(line): line for line in self.given.lines if line is not None}.values():
            if other is one or (unknown and other.name == name):
                self.changes.of("version" if unknown else "requests", other, "", hides)
        self.given.rewritten.without(
            lambda other: other is one or (unknown and other.name == name)
        )
        return complaint

    def _statement(self, line: error_log.Line) -> Statement | None:
        found = _AT.search(line.text)
        number = int(found[1]) if found else 0
        return self.given.lines[number - 1] if 0 < number <= len(self.given.lines) else None

    def _is_ours(self, line: error_log.Line) -> bool:
        """Whether it is of a directive that the lab has put there."""
        return _AT.search(line.text) is not None and self._statement(line) is None

    def _complaint(self, line: error_log.Line) -> Complaint:
        """A line of nginx's, with the original's names of files and places."""
        text = _AT.sub("", line.text)
        for ours, theirs in self.called.items():
            text = text.replace(ours, theirs)
        one = self._statement(line)
        return Complaint(line.level, text, one.place if one else None)
