"""docs/writing-scenarios.md: its scenarios are run as they stand, and its topologies are all.
docs/nginx-tests.md: what it names is there."""

from __future__ import annotations

import re

import pytest
from lab_run import LabRun, nginx

from staplelab.parts.topology import TOPOLOGIES
from staplelab.places import repository

_PAGE = repository() / "docs" / "writing-scenarios.md"
#: how many of its blocks are whole scenarios
_LEAST = 7


def test_scenarios_of_the_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("r")
    blocks = re.findall(r"^```python\n(.*?)^```", _PAGE.read_text(), re.DOTALL | re.MULTILINE)
    scenarios = [block for block in blocks if re.search(r"^def test_\w+\(lab: Lab\)", block, re.M)]
    assert len(scenarios) >= _LEAST
    for number, scenario in enumerate(scenarios):
        (folder / f"test_page_{number}.py").write_text(scenario)
    run = LabRun(folder, "staplelab", "run", "--out", "out", "--nginx", nginx(), ".").end()
    seen = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    assert len(seen) >= len(scenarios)
    assert set(seen.values()) == {("pass", "")}, seen


def test_topologies_of_the_page() -> None:
    _, _, rest = _PAGE.read_text().partition("| topology | what is there |\n| --- | --- |\n")
    rows = rest.partition("\n\n")[0].splitlines()
    assert rows == [f"| `{name}` | {one.summary} |" for name, one in TOPOLOGIES.items()]


def test_scenarios_that_are_named_as_equivalents() -> None:
    """Each is a scenario of a suite; one that is named with its file stands there."""
    page = (repository() / "docs" / "nginx-tests.md").read_text()
    suites = repository() / "suites"
    stands_in: dict[str, set[str]] = {}
    for file in suites.rglob("test_*.py"):
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE):
            stands_in.setdefault(name, set()).add(file.name)
    named = re.findall(r"(?:\b(test_\w+\.py)::)?\b(test_\w+)\b(?!\.py)", page)
    assert len(named) > 40
    assert [
        f"{file}::{name}"
        for file, name in named
        if name not in stands_in or (file and file not in stands_in[name])
    ] == []
