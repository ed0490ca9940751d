"""The files that a run or a drill leaves: pages from templates, several that change together."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import jinja2

from staplelab.errors import LabError

#: what XML 1.0 has no place for, not even escaped
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(said: str) -> str:
    """The text without what no XML may hold."""
    return _NO_XML.sub(lambda odd: f"#x{ord(odd[0]):02X}", said)


def environment(templates: Path) -> jinja2.Environment:
    """For the pages of HTML in that folder; what is put into them is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """All of them, by their names (which may have folders in them), or none: a disk that is full
    keeps those that are there (LabError)."""
    beside = {name: folder / f"{name}.new" for name in texts}
    made: list[Path] = []
    name = ""
    try:
        for name, text in texts.items():
            _make_folder(beside[name].parent, made)
            beside[name].write_text(text, encoding="utf-8", errors="backslashreplace")
        for name in texts:
            beside[name].replace(folder / name)
    except OSError as error:
        raise LabError(f"{folder / name}: cannot be written: {error.strerror}") from None
    finally:
        for file in beside.values():
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
        for one in reversed(made):  # those in which nothing was put
            with contextlib.suppress(OSError):
                one.rmdir()


def see_to(out: Path) -> None:
    """Makes the folder of --out; LabError, before anything runs, where nothing can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out).close()
    except OSError as error:
        raise LabError(f"--out {out}: cannot be written: {error.strerror}") from None


def _make_folder(folder: Path, made: list[Path]) -> None:
    """With those above it; what was not there before is noted."""
    for one in (*reversed(folder.parents), folder):
        if not one.exists():
            one.mkdir()
            made.append(one)
