"""docs/nginx-tests.md: the rows that its section about the resolver names are there, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from staplelab.places import repository

_WORD = re.compile(r"`([^`]+)`")


def named() -> Iterator[tuple[Path, str]]:
    """Each test function or row that the last cell of a line names, and the file or the folder that
    was named before it; in `suites/resolver` where none was."""
    page = (repository() / "docs" / "nginx-tests.md").read_text()
    for line in page.partition("\n## The resolver\n")[2].splitlines():
        if not line.startswith("| ") or line.startswith(("| ---", "| assertion")):
            continue
        folder = place = repository() / "suites" / "resolver"
        for word in _WORD.findall(line.rstrip(" |").rpartition(" | ")[2]):
            if word.endswith(".py"):
                place = repository() / word if "/" in word else folder / word
            elif word.startswith("suites/"):
                place = repository() / word
            else:
                yield place, word


def text_of(place: Path) -> str:
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    assert files and all(one.is_file() for one in files), f"there is no {place}"
    return "\n".join(one.read_text() for one in files)


def test_each_scenario_is_there() -> None:
    words = list(named())
    assert len(words) > 50
    for place, word in words:
        function, _, row = word.partition("[")
        if function.startswith("test_"):
            assert f"def {function}(" in text_of(place), f"{place.name} has no {function}"
        else:
            row = row or function
        row = row.rstrip("]").removesuffix("-…")
        if row:
            folder = place if place.is_dir() else place.parent
            assert f'"{row}"' in text_of(folder), f"{folder.name} has no row {row}: {word}"
