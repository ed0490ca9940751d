"""The summary in the terminal: what ran, against which server, what deviates, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from staplelab import __version__
from staplelab.runs import remedies, views
from staplelab.runs.results import PARTIAL, Results


def lines(results: Results, out: Path | None) -> Iterator[str]:
    """The summary, line by line."""
    server = results.server
    totals = ", ".join(f"{count} {outcome}" for outcome, count in results.totals().items())
    yield f"Staplelab {__version__} judged {server.title} ({server.path})"
    where = f"host: {results.host}, clock: {results.clock}"
    yield f"  {server.library_title} (built with {server.built_with}), {where}"
    yield (
        f"  {len(results.scenarios)} scenarios in {results.seconds:.1f} s, "
        f"median {results.median_seconds() * 1000:.0f} ms: {totals}"
    )
    yield from _counted(
        "Known deviations from a standard, pinned:",
        [text for scenario in results.scenarios for text in scenario.deviations],
    )
    yield from remedies.lines(
        s.reason for s in results.scenarios if s.outcome == "not-applicable"
    )
    unexpected = [s for s in results.sorted() if s.unexpected]
    if unexpected:
        yield "Unexpected:"
    for scenario in unexpected:
        yield f"  {scenario.outcome}: {scenario.id}"
        yield f"    {scenario.reason}"
    if not results.complete:
        yield PARTIAL
    elif not unexpected:
        yield "Everything as expected."
    if out is not None:
        yield "Results: " + ", ".join(f"{out}/{name}" for name in views.PAGES)


def _counted(title: str, texts: list[str]) -> Iterator[str]:
    if not texts:
        return
    yield title
    for text, count in sorted(Counter(texts).items()):
        yield f"  {count:3} x {text}"
