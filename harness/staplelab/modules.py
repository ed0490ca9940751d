"""The Python modules that are not ours: which Debian package has one that is missing."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator

from staplelab.errors import LabError
from staplelab.places import is_installed

_PACKAGES = {
    "pytest": "python3-pytest",
    "xdist": "python3-pytest-xdist",
    "pytest_timeout": "python3-pytest-timeout",
    "jinja2": "python3-jinja2",
    "markupsafe": "python3-jinja2",
    "httptools": "python3-httptools",
    "docker": "python3-docker",
    "requests": "python3-docker",
}
_DEBIAN = "/usr/bin/python3"


def why_missing(names: list[str]) -> str:
    """One line about modules that this Python does not have, and what to do."""
    packages = " ".join(dict.fromkeys(_PACKAGES.get(name, name) for name in names))
    lacks = f"{sys.executable} has no module {', '.join(names)}"
    if is_installed():  # only this Python has the package
        return f"{lacks}: {sys.executable} -m pip install {packages.replace('python3-', '')}"
    what = f"{lacks}: apt-get install {packages}"
    return what if sys.executable == _DEBIAN else f"{what}, and take {_DEBIAN}"


def need(*names: str) -> None:
    """LabError unless these modules are there."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise LabError(why_missing(missing))


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """A module that is missing ends the program with one line."""
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in _PACKAGES:
            raise
        print(f"staplelab: {why_missing([name])}", file=sys.stderr)
        sys.exit(2)
