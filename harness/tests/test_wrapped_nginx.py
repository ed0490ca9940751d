"""A wrapper script in nginx's place, as people have them for libraries or a profiler."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_run import LabRun, nginx

KEEPS = "a wrapper script that does not exec nginx keeps its sockets open"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")  # short: the path of a Unix socket has at most 107 octets


@pytest.mark.parametrize(
    ("line", "last"),
    [('exec {} "$@"', ("pass", "")), ('{} "$@"\nexit $?', ("not-applicable", KEEPS))],
    ids=["exec", "beside"],
)
def test_wrapper(folder: Path, line: str, last: tuple[str, str]) -> None:
    """One that stays in between passes on no signal, so the master itself is told."""
    wrapper = folder / "wrapper"
    wrapper.write_text(f"#!/bin/sh\n{line.format(nginx())}\n")
    wrapper.chmod(0o755)
    options = ("--out", "out", "--nginx", str(wrapper), "--jobs", "1", ".")
    run = LabRun(folder, "staplelab", "run", *options, scenarios="wrapped").end()
    assert run.status == 0, run.said()
    assert run.results()["server"]["path"] == str(wrapper)
    found = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    assert found == {
        **dict.fromkeys(("test_reload", "test_refused", "test_upgrade", "test_quit"), ("pass", "")),
        "test_quit_not_waited_for": last,
    }
    run.wait_for_nothing()
