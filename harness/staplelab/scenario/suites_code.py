"""The suites as code: what scenarios they have, whether or not a server can run them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

from staplelab.errors import LabError


def scenarios(suites: Path) -> Iterator[tuple[str, FunctionType]]:
    """Each scenario's name, as the results have it without its cases, and its function."""
    if str(suites.parent) not in sys.path:
        sys.path.insert(0, str(suites.parent))
    for file in sorted(suites.rglob("test_*.py")):
        path = file.relative_to(suites.parent)
        try:
            module = importlib.import_module(".".join(path.with_suffix("").parts))
        except ModuleNotFoundError as error:
            raise LabError(f"{path}: {error}; run it with the python that runs them") from None
        for name, function in vars(module).items():
            if name.startswith("test_") and isinstance(function, FunctionType):
                yield f"{path}::{name}", function


def cases(scenario: FunctionType) -> Iterator[tuple[str, Any]]:
    """The cases of the table that a scenario walks: the name of each, and what it is."""
    for mark in getattr(scenario, "pytestmark", ()):
        if mark.name == "parametrize":
            name_of: Callable[[Any], str] = mark.kwargs.get("ids", str)
            for value in mark.args[1]:
                yield name_of(value) if callable(name_of) else str(value), value
