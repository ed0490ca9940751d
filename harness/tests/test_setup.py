"""What judges coverage and what runs a fuzz target, beside a gcovr and a target of the tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from staplelab.places import repository

SETUP = repository() / "harness" / "setup"


def run(folder: Path, *argv: str | Path) -> tuple[int, str, str]:
    """Runs a program in the folder, where programs in bin/ come first."""
    environment = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    ended = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True)
    return ended.returncode, ended.stdout, ended.stderr


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A folder where 180 of 200 lines have run."""
    (tmp_path / "build" / "coverage").mkdir(parents=True)
    program(
        tmp_path / "bin" / "gcovr",
        "cat >build/coverage/lines.csv <<'END'\n"
        "filename,line_total,line_covered,line_percent\n"
        "pki/keys.c,150,140,0.933\n"
        "responders/dns/faults/alias.c,50,40,0.8\n"
        "END",
    )
    return tmp_path


def test_enough_lines(measured: Path) -> None:
    status, out, err = run(measured, SETUP / "coverage", "90")
    assert (status, err) == (0, "")
    assert out.splitlines()[1] == " 93.3 %   140 of  150  pki/keys.c"
    assert out.splitlines()[-1] == " 90.0 %  180 of 200 lines in all"


def test_too_few_lines(measured: Path) -> None:
    status, _, err = run(measured, SETUP / "coverage", "91")
    assert (status, err) == (1, "too low: the whole has 90.0 % (at least 91 %)\n")


def test_too_few_lines_of_a_file_of_faults(measured: Path) -> None:
    assert run(measured, SETUP / "coverage", "--faults", "80") == (
        0,
        " 90.0 %  180 of 200 lines in all\n",
        "",
    )
    status, _, err = run(measured, SETUP / "coverage", "--faults", "81")
    assert status == 1
    assert err == "too low: responders/dns/faults/alias.c has 80.0 % (at least 81 %)\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus_rules"
    folder.mkdir()
    (folder / "one").write_text("[]")
    return folder


def test_a_fuzz_target_that_holds(tmp_path: Path, corpus: Path) -> None:
    """It starts from a copy of the corpus: what it finds does not get into the check-out."""
    target = program(
        tmp_path / "fuzz_rules",
        'for found; do :; done; cat "$found"/one >>seen; echo "$*" >>seen\n'
        'echo "Done 12 runs in 7 second(s)"',
    )
    status, out, err = run(tmp_path, SETUP / "fuzz", target, corpus, "7")
    assert (status, out, err) == (0, "  FUZZ rules: 12 inputs in 7 s\n", "")
    seen = (tmp_path / "seen").read_text()
    assert seen.startswith("[]-max_total_time=7 ")
    assert seen.endswith(" build/fuzz/corpus/rules\n")


def test_a_fuzz_target_that_crashes(tmp_path: Path, corpus: Path) -> None:
    target = program(
        tmp_path / "fuzz_rules",
        "echo 'AddressSanitizer: heap-buffer-overflow' >&2\n"
        "echo \"artifact_prefix='x'; Test unit written to build/fuzz/crashes/rules-crash-1\" >&2\n"
        "exit 77",
    )
    status, out, err = run(tmp_path, SETUP / "fuzz", target, corpus, "7")
    assert (status, out) == (1, "")
    assert "AddressSanitizer: heap-buffer-overflow\n" in err
    assert "FAILED: fuzz target rules; the input: build/fuzz/crashes/rules-crash-1\n" in err
