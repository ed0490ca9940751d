"""The catalogue, its page and the suites do not drift apart."""

from __future__ import annotations

import re

import pytest

from staplelab import catalogue
from staplelab.hosts import network
from staplelab.places import build_folder, repository

PROGRAMS = ("faulty-ocspd", "faulty-dnsd")


def faults(program: str) -> list[str]:
    return [fault["name"] for fault in catalogue.read(build_folder() / "bin" / program)]


def test_the_page_is_what_the_programs_say() -> None:
    page = (repository() / "docs" / "faults.md").read_text()
    made = catalogue.page(build_folder())
    assert page == made, "run: python3 -m staplelab faults > docs/faults.md"


def suites() -> str:
    return "\n".join(path.read_text() for path in sorted((repository() / "suites").rglob("*.py")))


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_fault_has_a_scenario(program: str) -> None:
    """A fault that no scenario names would not be missed when it breaks."""
    assert sorted(set(faults(program)) - named()) == []


def test_every_fault_of_a_host_has_a_scenario() -> None:
    assert sorted(set(network.FAULTS) - named()) == []
    for _, name, written, _ in catalogue.PARTS:
        for call in re.findall(r"`lab\.(\w+)\(part([^`]*)\)`", written):
            pattern = rf'lab\.{call[0]}\("\w+"{", only=" if call[1] else ""}'
            assert re.search(pattern, suites()), f"{name}: no scenario has lab.{call[0]}"


def named() -> set[str]:
    """The names of faults that the suites speak of."""
    return set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+|[a-z]+)"', suites()))


def test_names_and_ids_are_unique() -> None:
    entries = [f for p in PROGRAMS for f in catalogue.read(build_folder() / "bin" / p)]
    names = [*(entry["name"] for entry in entries), *network.FAULTS]
    ids = [*(entry["id"] for entry in entries), *(fault.id for fault in network.FAULTS.values())]
    ids += [entry[0] for entry in catalogue.PARTS]
    for values in (names, ids):
        assert len(values) == len(set(values)), "one stands twice"
