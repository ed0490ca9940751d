"""The staple's life over an outage: an SVG for the page, a line of characters for the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from staplelab.drill.findings import Answer, span
from staplelab.drill.measured import Outage
from staplelab.drill.outage import DAY

_WIDTH, _ROW = 640, 30
_CHARACTERS = 48


@dataclass(frozen=True)
class Row:
    """One outage, drawn from its beginning to when all is well again."""

    label: str
    outage: Outage

    @property
    def whole(self) -> int:
        ends = [self.outage.length, *(one.end for one in self.outage.life)]
        return max(ends)


def rows(answer: Answer) -> list[Row]:
    """The longest outage from either moment, and those with a reload or a restart in them."""
    tried = [one for one in answer.measured.outages if not one.within]
    longest = max((one.length for one in tried), default=0)
    found = [Row(f"{one.moment} moment", one) for one in tried if one.length == longest]
    for within in ("reload", "restart"):
        one = answer.measured.outage("best", DAY, within)
        if one is not None and not any(one.life == row.outage.life for row in found):
            found.append(Row(f"with a {within}", one))
    return found


def ascii(row: Row) -> str:
    """# stapled, . not; the outage lies under the line of ="""
    whole = max(row.whole, 1)

    def at(second: int) -> int:
        return min(_CHARACTERS, round(second * _CHARACTERS / whole))

    line = ["#"] * _CHARACTERS
    for one in row.outage.life:
        if not one.stapled:
            first = min(at(one.begin), _CHARACTERS - 1)
            for place in range(first, max(at(one.end), first + 1)):
                line[place] = "."
    end = max(1, at(row.outage.length))
    return f"{''.join(line)}\n{'=' * end}{' ' * (_CHARACTERS - end)}"


def svg(row: Row) -> str:
    """Numbers and words of our own alone; nothing of a configuration is in it."""
    whole = max(row.whole, 1)

    def x(second: int) -> float:
        return round(second * _WIDTH / whole, 1)

    bars = []
    for one in row.outage.life:
        kind = "stapled" if one.stapled else "bare"
        width = max(x(one.end) - x(one.begin), 2)
        title = f"{kind} from {span(one.begin)} to {span(one.end)}"
        bars.append(
            f'<rect class="{kind}" x="{x(one.begin)}" y="0" width="{width}" height="14">'
            f"<title>{title}</title></rect>"
        )
    last = [one.end for one in row.outage.life][-1:] or [row.outage.length]
    if last[0] < row.outage.length:
        bars.append(
            f'<rect class="stapled" x="{x(last[0])}" y="0" '
            f'width="{x(row.outage.length) - x(last[0])}" height="14"/>'
        )
    outage = f'<rect class="down" x="0" y="17" width="{x(row.outage.length)}" height="5"/>'
    described = f"{row.label}: outage of {span(row.outage.length)}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_ROW - 6}" role="img" aria-label="{described}" '
        f'preserveAspectRatio="none">{"".join(bars)}{outage}</svg>'
    )
