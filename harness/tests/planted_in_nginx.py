"""Mistakes planted in nginx's stapling code, and what a run of the lab says of them.

It needs the nginx that `make nginx-asan` builds, which takes a minute: so `make test-asan` runs
this, and `make test` does not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lab_run import LabRun

SOURCE = "src/event/ngx_event_openssl_stapling.c"
STAPLED = "    staple->staple = response;\n"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree with its object files."""
    binary = Path(os.environ["STAPLELAB_ASAN_NGINX"])
    copy = tmp_path_factory.mktemp("nginx") / "tree"
    shutil.copytree(binary.parents[1], copy, symlinks=True)
    return copy


def judged(tree: Path, folder: Path, planted: str) -> tuple[LabRun, str, str]:
    """The outcome and the reason of a scenario with these statements behind the one that takes a
    new staple."""
    # a make above this one would pass its flags on, -s for instance
    environment = {name: text for name, text in os.environ.items() if name != "MAKEFLAGS"}
    whole = (tree / SOURCE).read_text()
    assert whole.count(STAPLED) == 1
    try:
        (tree / SOURCE).write_text(whole.replace(STAPLED, STAPLED + planted))
        built = subprocess.run(
            ["make"], cwd=tree, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        (tree / SOURCE).write_text(whole)
    assert built.returncode == 0, built.stderr
    assert built.stdout.count(" -c ") == 1, f"not one file was compiled: {built.stdout}"
    options = ("--nginx", str(tree / "objs" / "nginx"), "--out", "out", "--jobs", "1")
    run = LabRun(folder, "staplelab", "run", *options, ".", scenarios="staple").end()
    one = run.scenarios()["test_staple"]
    return run, one["outcome"], one["reason"]


def test_nothing_wrong(tree: Path, tmp_path: Path) -> None:
    _, outcome, reason = judged(tree, tmp_path, "\n")
    assert (outcome, reason) == ("pass", "")


def test_use_after_free(tree: Path, tmp_path: Path) -> None:
    run, outcome, reason = judged(tree, tmp_path, "    ngx_free(response.data);\n")
    assert outcome == "fail"
    where = f"ngx_ssl_certificate_status_callback {SOURCE}:"
    assert reason.startswith(f"AddressSanitizer: heap-use-after-free in {where}")
    assert reason in run.said()
    (report,) = (run.out / "kept").glob("*/sanitizer.*")
    assert "freed by thread T0 here:" in report.read_text()


def test_undefined_behaviour(tree: Path, tmp_path: Path) -> None:
    overflow = "    volatile int i = 2147483647; i += 1;\n"
    _, outcome, reason = judged(tree, tmp_path, overflow)
    assert outcome == "fail"
    assert reason.startswith(f"UndefinedBehaviorSanitizer: {SOURCE}:")
    assert "runtime error: signed integer overflow" in reason
