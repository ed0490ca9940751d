"""The answer for people: drill.html, and the lines of the terminal.

Nothing that a configuration says is trusted: the page escapes all of it, the terminal shows no
control characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from markupsafe import Markup

from staplelab import __version__, files
from staplelab.drill import faults, picture
from staplelab.drill.findings import Answer, Finding, span
from staplelab.drill.model import Change

if TYPE_CHECKING:
    from staplelab.drill.report import Report

_WIDTH = 100
_MOST_NAMES = 6
_WORDS = {"outage": "!!", "risk": "! ", "limit": "- ", "good": "+ "}
HEADS = {
    "outage": "visitors suffer",
    "risk": "a risk",
    "limit": "a limit",
    "good": "good",
}


# ----- the page -----


def html(report: Report) -> str:
    """Self-contained: no script, no font and no image from anywhere."""
    environment = files.environment(Path(__file__).parent / "templates")
    environment.globals.update(
        span=span, table=table, rows=picture.rows, heads=HEADS, called=called, unlike=unlike
    )
    environment.filters["svg"] = lambda row: Markup(picture.svg(row))
    return environment.get_template("drill.html.j2").render(report=report, version=__version__)


def called(answer: Answer) -> str:
    """The names of a class, not too many."""
    names = answer.names
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def unlike(changes: Sequence[Change]) -> list[Change]:
    """Those that hide something come first."""
    return sorted(changes, key=lambda one: not one.hides)


def table(answer: Answer) -> list[tuple[str, str, str]]:
    """What was tried; what it costs at the worst moment; when all is well again."""
    return [*_outages(answer), *_failures(answer)]


def _outages(answer: Answer) -> Iterator[tuple[str, str, str]]:
    for one in answer.measured.outages:
        within = f", with a {one.within} in the middle" if one.within else ""
        what = f"outage of {span(one.length)} from the {one.moment} moment{within}"
        if one.lost is None:
            yield what, "no staple is lost", ""
        else:
            back = "never by itself" if one.back is None else f"{span(one.back)} after its end"
            about = "" if one.exact else "at some time before: "
            yield what, f"{about}lost after {span(one.lost)}, {span(one.bare)} without", back


def _failures(answer: Answer) -> Iterator[tuple[str, str, str]]:
    for one in answer.measured.failures:
        what = f"start while {faults.ALL[one.name].words}"
        if one.stapled is not None:
            yield what, f"a staple after {span(max(one.stapled, 1))}", ""
            continue
        tried = f"; a fetch takes {span(one.attempt)}" if one.attempt else ""
        back = "never by itself" if one.back is None else f"{span(one.back)} after its end"
        yield what, f"no staple{tried}", back


# ----- the terminal -----


def lines(report: Report, verbose: bool = True) -> Iterator[str]:
    """What the terminal says."""
    twin = report.twin
    yield f"Drill of {printable(str(twin.conf))}, with {printable(report.server.short())}"
    if twin.stands_for is not None:
        yield f"  its folder is read as a copy of {printable(twin.stands_for)}"
    yield from (f"  nginx says: {printable(str(one))}" for one in twin.complaints)
    yield from (
        f"  not read: {printable(one.file)} ({printable(one.why)})" for one in twin.unread
    )
    for one in report.answers:
        yield ""
        yield from _answer(one)
    yield ""
    hiding = [one for one in twin.changes if one.hides]
    if twin.changes:
        hidden = "where that may hide something:" if hiding else "which hides nothing."
        yield f"The copy that ran here differs in {len(twin.changes)} places, {hidden}"
        for change in hiding:
            yield from _wrapped(f"{change.place}: {change.before}: {change.hides}", "  ")
    yield from _thresholds(report)


def _answer(answer: Answer) -> Iterator[str]:
    certificate = answer.certificate.certificate
    must = ", must-staple" if answer.must_staple else ""
    yield printable(f"== {called(answer)}: {certificate.file} ({certificate.key}{must})")
    # of the others the finding says it
    why = f": {answer.why}" if answer.stapling in ("on", "cannot-judge") and answer.why else ""
    yield from _wrapped(f"stapling {answer.stapling}{why}", "   ")
    for finding in answer.findings:
        yield from _finding(finding)
    for name, why in _undone(answer):
        yield from _wrapped(f"not tried: {name}: {why}", "   ")
    drawn = picture.rows(answer)
    if drawn:
        yield "   The staple over an outage (# there, . not there; = the outage):"
    for row in drawn:
        staple, outage = picture.ascii(row).splitlines()
        yield f"   {row.label:<14} {staple}"
        yield f"   {span(row.outage.length):<14} {outage}".rstrip()


def _undone(answer: Answer) -> list[tuple[str, str]]:
    """Where there is no answer, the reason has been said."""
    return [] if answer.stapling == "cannot-judge" else sorted(answer.measured.undone.items())


def _finding(one: Finding) -> Iterator[str]:
    yield from _wrapped(f"{one.sentence} {one.must_staple}".strip(), "   ", _WORDS[one.gravity])
    if one.advice is not None:
        place = f" ({one.advice.place})" if one.advice.place else ""
        yield from _wrapped(f"-> {one.advice.text}{place} then {one.advice.then}", "      ")
    if one.nginx_cannot:
        yield from _wrapped(f"nginx itself: {one.nginx_cannot}", "      ")


def _thresholds(report: Report) -> Iterator[str]:
    for one in report.held:
        names = ", ".join(one.names[:_MOST_NAMES])
        yield printable(f"{one.outcome}: {one.threshold} at {names}: {one.said}")


def _wrapped(text: str, indent: str, first: str = "") -> Iterator[str]:
    begin = first.ljust(len(indent)) if first else indent
    yield from wrap(
        printable(text), _WIDTH, initial_indent=begin, subsequent_indent=indent or "  "
    )


def printable(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(
        one if one.isprintable() else f"\\x{ord(one):02x}" for one in text.replace("\n", " ")
    )
