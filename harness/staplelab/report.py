"""The HTML report: one self-contained page, a timeline a scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from staplelab import __version__
from staplelab.results import OUTCOMES, Results


def write(results: Results, folder: Path) -> None:
    """Writes report.html into the folder."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters["compact"] = _compact
    page = environment.get_template("report.html.j2").render(
        version=__version__,
        results=results,
        scenarios=results.sorted(),
        totals=results.totals(),
        outcomes=OUTCOMES,
    )
    (folder / "report.html").write_text(page)


def _compact(details: Mapping[str, Any]) -> str:
    return " ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in details.items()
    )
