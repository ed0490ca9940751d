"""The pages that say in tables what the schemas say: docs/events.md, docs/pki-mint.md."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from schemas import SCHEMAS, said

from staplelab.places import build_folder, key_pool_option, repository

_DOCS = repository() / "docs"


def rows(page: str, columns: int) -> list[list[str]]:
    """Those of its tables that have so many columns."""
    found = []
    for line in (_DOCS / page).read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == columns and not set(cells[0]) <= {"-", " "}:
            found.append(cells)
    return found[1:]


def quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# ----- events -----

_OF_ALL = ["seq", "time", "kind"]
_PLAN = ["rule", "generation", "ordinal", "draw", "planned"]


def members(event: dict[str, Any]) -> str:
    """In the order of the schema; what may be missing is in parentheses."""
    words = []
    for name in event["properties"]:
        word = "the plan" if name == _PLAN[0] else f"`{name}`"
        if name not in _OF_ALL + _PLAN[1:]:
            words.append(word if name in event["required"] else f"({word})")
    return ", ".join(words)


def kinds() -> list[list[str]]:
    found = []
    for event in SCHEMAS["events"]["$defs"].values():
        if "properties" in event:
            program, _, what = event["description"].partition(": ")
            kind = event["properties"]["kind"]["const"]
            found.append([f"`{program}`", f"`{kind}`", what, members(event)])
    return found


def test_every_kind_of_event_has_its_row() -> None:
    assert rows("events.md", 4) == kinds()


def test_the_plan_is_whole() -> None:
    """The page says what belongs to it, and the schema never has a part of it."""
    page = " ".join((_DOCS / "events.md").read_text().split())
    assert f"**The plan** is {quoted(_PLAN)}" in page
    for event in SCHEMAS["events"]["$defs"].values():
        there = set(event.get("properties", {})) & set(_PLAN)
        assert there in (set(), set(_PLAN))


def test_members_that_need_a_word_have_their_row() -> None:
    """All but those that the page speaks of above its tables."""
    named = {name for event in SCHEMAS["events"]["$defs"].values()
             for name in event.get("properties", {})}
    told = {name for cell, _ in rows("events.md", 2) for name in re.findall(r"`(\w+)`", cell)}
    assert told == named - {"seq", "time", "kind"}


# ----- descriptions -----


def description() -> list[list[str]]:
    """Each member of each kind of certificate: where it stands, and its default."""
    parts = {"authorities": "authority", "signers": "signer", "leaves": "leaf"}
    found: dict[str, list[str]] = {}
    for column, part in enumerate(parts.values()):
        schema = SCHEMAS["description"]["$defs"][part]
        for name, member in schema["properties"].items():
            cells = found.setdefault(name, ["", "", ""])
            default = member.get("default")
            word = f"`{json.dumps(default)}`" if default is not None else "may be left out"
            cells[column] = "needed" if name in schema["required"] else word.replace('"', "")
    return [[f"`{name}`", *cells] for name, cells in found.items()]


def test_every_member_of_a_description_has_its_row() -> None:
    assert [[row[0], *row[2:]] for row in rows("pki-mint.md", 5)] == description()


def example() -> str:
    (found,) = re.findall(
        r"^```json\n(.*?)^```", (_DOCS / "pki-mint.md").read_text(), re.DOTALL | re.MULTILINE
    )
    return str(found)


def test_the_example_is_minted(tmp_path: Path) -> None:
    assert said("description", json.loads(example())) == []
    command = [build_folder() / "bin" / "pki-mint", *key_pool_option()]
    done = subprocess.run(
        [*command, "--set=port=8888", "-", tmp_path / "out"],
        input=example(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown = re.search(r"`out/` then has (.*?)\.\n", (_DOCS / "pki-mint.md").read_text(), re.DOTALL)
    assert shown is not None
    names = re.findall(r"`([\w.-]+)`", shown[1])
    assert sorted(names) == sorted(path.name for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("page", ["events.md", "pki-mint.md", "exit-codes.md", "your-own-suite.md"])
def test_a_page_is_found_from_the_readme(page: str) -> None:
    assert f"(docs/{page})" in (repository() / "README.md").read_text()
