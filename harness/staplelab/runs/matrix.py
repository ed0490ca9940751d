"""The matrix: the suites on several servers, and every difference between them with its reason."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from staplelab import processes
from staplelab.runs import results
from staplelab.errors import LabError

_SHORT = {
    "pass": "pass",
    "known-deviation": "deviates",
    "not-applicable": "n/a",
    "fail": "FAIL",
    "error": "ERROR",
}


def run(images: Sequence[str], out: Path, options: Sequence[str]) -> int:
    """Runs the suites on each image, prints the table, writes it to OUT/matrix.md.

    Returns the exit status: 0 when nothing was unexpected on any of them.
    """
    runs: dict[str, dict[str, Any]] = {}
    for image in images:
        folder = out / re.sub(r"[^\w.-]+", "_", image)
        _judge(image, folder, options)
        loaded = results.load(folder)
        if not loaded["complete"]:
            raise LabError(f"{image}: {results.PARTIAL}")
        _hold_to_a_judgement(image, loaded)
        name = _column(loaded["server"])
        runs[name if name not in runs else image] = loaded
    lines = list(table(runs))
    out.mkdir(parents=True, exist_ok=True)
    (out / "matrix.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    unexpected = sum(one["totals"]["fail"] + one["totals"]["error"] for one in runs.values())
    print(f"\n{unexpected} unexpected on {len(runs)} servers; the table is in {out}/matrix.md")
    return 1 if unexpected else 0


def _column(server: dict[str, Any]) -> str:
    """The version of an nginx; what is none bears its name."""
    product = server.get("product", "nginx")
    own = server.get("product_version", server["version"])
    return str(own if product == "nginx" else f"{product} {own}")


def _hold_to_a_judgement(image: str, loaded: dict[str, Any]) -> None:
    """Where everything is an error nothing was judged, and images would look alike."""
    reasons = [entry["reason"] for entry in loaded["scenarios"] if entry["outcome"] == "error"]
    if reasons and len(reasons) == len(loaded["scenarios"]):
        raise LabError(
            f"{image}: each of its {len(reasons)} scenarios is an error; the first: {reasons[0]}"
        )


def _judge(image: str, folder: Path, options: Sequence[str]) -> None:
    """One run; its own words are shown only when it did not come to results."""
    print(f"judging {image} ...", flush=True)
    argv = [sys.executable, "-m", "staplelab", "run", "--host", "docker"]
    argv += ["--nginx-image", image, "--out", str(folder), *options]
    (folder / "results.json").unlink(missing_ok=True)
    ends_with_us = partial(processes.end_with_parent, signal.SIGTERM)
    done = subprocess.run(
        argv, preexec_fn=ends_with_us, capture_output=True, text=True, check=False
    )
    if not (folder / "results.json").exists():
        words = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise LabError(f"{image}: no results: {words.splitlines()[-1]}")


def table(runs: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The matrix in Markdown: totals, then every scenario whose outcome differs, with the reason,
    then what else was observed differently."""
    versions = list(runs)
    yield f"| outcome | {' | '.join(versions)} |"
    yield f"| --- |{' ---: |' * len(versions)}"
    for outcome in results.OUTCOMES:
        counts = (str(runs[version]["totals"][outcome]) for version in versions)
        yield f"| {outcome} | {' | '.join(counts)} |"
    yield ""
    scenarios = _by_scenario(runs)
    differing = [name for name in sorted(scenarios) if _differs(scenarios[name], "outcome")]
    if not differing:
        yield "No scenario ends differently on any of them."
    else:
        yield f"| scenario | {' | '.join(versions)} | reason |"
        yield f"| --- |{' --- |' * (len(versions) + 1)}"
    for name in differing:
        entries = scenarios[name]
        cells = (_SHORT[entry["outcome"]] if entry else "-" for entry in entries)
        reasons = dict.fromkeys(entry["reason"] for entry in entries if entry and entry["reason"])
        yield f"| {name} | {' | '.join(cells)} | {'; '.join(reasons)} |"
    observed = [name for name in sorted(scenarios) if _differs(scenarios[name], "observed")]
    if observed:
        yield ""
        yield f"Observed differently in {len(observed)} scenarios (`staplelab diff` shows each):"
    for fact, count in sorted(_facts(scenarios[name] for name in observed).items()):
        yield f"- {fact}: {count}"


def _by_scenario(runs: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any] | None]]:
    """For every scenario its entry in each run, None where it was not run."""
    found: dict[str, list[dict[str, Any] | None]] = {}
    for column, one in enumerate(runs.values()):
        for entry in one["scenarios"]:
            found.setdefault(entry["id"], [None] * len(runs))[column] = entry
    return found


def _differs(entries: list[dict[str, Any] | None], member: str) -> bool:
    return len({json.dumps(entry and entry[member], sort_keys=True) for entry in entries}) > 1


def _facts(differing: Iterator[list[dict[str, Any] | None]]) -> dict[str, int]:
    """How many scenarios differ in each of the observed facts."""
    counts: dict[str, int] = {}
    for entries in differing:
        names = {name for entry in entries if entry for name in entry["observed"]}
        for name in names:
            values = {json.dumps(e and e["observed"].get(name), sort_keys=True) for e in entries}
            if len(values) > 1:
                counts[name] = counts.get(name, 0) + 1
    return counts
