"""The files that a run leaves: pages from templates, and several that change together."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import jinja2

from staplelab.errors import LabError


def environment() -> jinja2.Environment:
    """For the pages of HTML in templates/."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """All of them, by their names, or none: a disk that is full keeps those that are there
    (LabError)."""
    beside = {name: folder / f"{name}.new" for name in texts}
    name = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            beside[name].write_text(text, encoding="utf-8", errors="backslashreplace")
        for name in texts:
            beside[name].replace(folder / name)
    except OSError as error:
        raise LabError(f"{folder / name}: cannot be written: {error.strerror}") from None
    finally:
        for file in beside.values():
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
