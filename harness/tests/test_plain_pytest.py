"""Plain pytest, which stays in the machine's network, and so has no faults of the network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lab_run import LabRun, nginx

from staplelab.hosts import namespace
from staplelab.hosts.namespace import WHY_NOT, WHY_NOT_ENTERED

PLAIN = ("pytest", "-p", "staplelab.plugin")
RUN = ("staplelab", "run", "--jobs", "1")
REMEDY = "        to have them: `staplelab run PATH` in place of pytest (in a check-out: make run)"


@pytest.fixture
def folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    # this process may be in a network of a run's own already
    monkeypatch.delenv("STAPLELAB_NETNS", raising=False)
    return tmp_path_factory.mktemp("r")  # short: the path of a Unix socket has at most 107 octets


def cut_off(folder: Path, *how: str) -> tuple[str, str, list[str]]:
    run = LabRun(
        folder, *how, "--out", "out", "--nginx", nginx(), ".", scenarios="cut_off"
    ).end()
    (seen,) = run.results()["scenarios"]
    return seen["outcome"], seen["reason"], run.said().splitlines()


def test_plain_pytest_says_that_it_enters_no_namespace(folder: Path) -> None:
    outcome, reason, said = cut_off(folder, *PLAIN)
    assert (outcome, reason) == ("not-applicable", f"partition needs iptables: {WHY_NOT_ENTERED}")
    assert REMEDY in said


def test_under_xdist_too(folder: Path) -> None:
    outcome, reason, _ = cut_off(folder, *PLAIN, "-p", "xdist.plugin", "-n", "1")
    assert (outcome, reason) == ("not-applicable", f"partition needs iptables: {WHY_NOT_ENTERED}")


def test_the_remedy_works(folder: Path) -> None:
    """Where this kernel gives none, that is said, and not that nobody asked for it."""
    outcome, reason, said = cut_off(folder, *RUN)
    if outcome == "not-applicable":
        assert reason == f"partition needs iptables: {WHY_NOT}"
        assert REMEDY not in said
    else:
        assert (outcome, reason) == ("pass", "")


def test_a_namespace_that_is_not_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To an ordinary user, whose `unshare` fails: then the kernel is to blame."""
    program = folder / "unshare"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert namespace.why_no_faults() == WHY_NOT_ENTERED
    monkeypatch.setenv("STAPLELAB_NETNS", "")  # so that what comes is taken back
    monkeypatch.delenv("STAPLELAB_NETNS")
    namespace.enter()
    assert (namespace.is_own(), namespace.why_no_faults()) == (False, WHY_NOT)
