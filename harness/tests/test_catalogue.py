"""The catalogue, its page and the suites do not drift apart."""

from __future__ import annotations

import re

import pytest

from staplelab import catalogue
from staplelab.places import build_folder, repository

PROGRAMS = ("faulty-ocspd", "faulty-dnsd")


def faults(program: str) -> list[str]:
    return [fault["name"] for fault in catalogue.read(build_folder() / "bin" / program)]


def test_the_page_is_what_the_programs_say() -> None:
    page = (repository() / "docs" / "faults.md").read_text()
    made = catalogue.page(build_folder())
    assert page == made, "run: python3 -m staplelab faults > docs/faults.md"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_fault_has_a_scenario(program: str) -> None:
    """A fault that no scenario names would not be missed when it breaks."""
    text = "\n".join(path.read_text() for path in sorted((repository() / "suites").rglob("*.py")))
    named = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+|[a-z]+)"', text))
    assert sorted(set(faults(program)) - named) == []


def test_names_and_ids_are_unique() -> None:
    entries = [f for p in PROGRAMS for f in catalogue.read(build_folder() / "bin" / p)]
    for member in ("name", "id"):
        values = [entry[member] for entry in entries]
        assert len(values) == len(set(values)), f"a {member} stands twice"
