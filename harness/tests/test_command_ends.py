"""The command's ends that nobody planned: one line each, and no traceback."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import child_run
import pytest

from staplelab.places import build_folder


def command(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, *arguments],
        **{"env": child_run.environment(), "stderr": subprocess.PIPE, "text": True, **options},
        timeout=50,
        check=False,
    )


def without_packages(folder: Path, *but: str) -> dict[str, str]:
    """Variables for `python -S`, which sees no package of this machine but these."""
    for name in but:
        found = importlib.util.find_spec(name)
        assert found is not None and found.origin is not None
        (folder / name).symlink_to(Path(found.origin).parent)
    variables = child_run.environment()
    return {**variables, "PYTHONPATH": f"{variables['PYTHONPATH']}:{folder}"}


def test_a_python_without_pytest(tmp_path: Path) -> None:
    variables = without_packages(tmp_path, "jinja2", "markupsafe", "httptools")
    done = command("-S", "-m", "staplelab", "run", env=variables, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        f"staplelab: {sys.executable} has no module pytest, pytest_timeout, xdist: apt-get install "
        "python3-pytest python3-pytest-timeout python3-pytest-xdist"
    )
    assert line.endswith(", and take /usr/bin/python3") == (sys.executable != "/usr/bin/python3")


def test_a_drill_by_a_python_without_pytest(tmp_path: Path) -> None:
    variables = without_packages(tmp_path, "jinja2", "markupsafe", "httptools")
    done = command("-S", "-m", "staplelab", "drill", env=variables, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "has no module pytest: apt-get install python3-pytest" in line


def test_a_python_without_jinja(tmp_path: Path) -> None:
    variables = without_packages(tmp_path, "httptools")
    done = command("-S", "-m", "staplelab", "faults", env=variables, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "has no module jinja2: apt-get install python3-jinja2" in line


def test_faults_without_a_build(tmp_path: Path) -> None:
    variables = {**child_run.environment(), "STAPLELAB_BUILD": str(tmp_path)}
    done = command("-m", "staplelab", "faults", env=variables, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"staplelab: {tmp_path} holds no programs; run `make build` first\n"


@pytest.mark.parametrize("what", ["deviations", "--help"])
def test_a_reader_that_has_seen_enough(what: str) -> None:
    """As `| head`."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = command("-m", "staplelab", what, stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("what", ["faults", "--version"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written(what: str, unbuffered: str) -> None:
    variables = {**child_run.environment(), "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = command("-m", "staplelab", what, stdout=full, env=variables)
    said = "staplelab: output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, said)


@pytest.mark.parametrize("option", ["--version", "--help"])
@pytest.mark.parametrize("name", ["staple-check", "pki-mint", "faulty-ocspd", "faulty-dnsd"])
def test_a_program_whose_output_cannot_be_written(name: str, option: str) -> None:
    program = build_folder() / "bin" / name
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([program, option], stdout=full, stderr=subprocess.PIPE, text=True)
    said = f"{name}: standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("what", [("diff", "deep", "deep"), ("report", "deep")])
def test_json_that_is_too_deep(tmp_path: Path, what: tuple[str, ...]) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("results.json", "record.jsonl"):
        (tmp_path / "deep" / name).write_text("[" * 100_000 + "]" * 100_000 + "\n")
    done = command("-m", "staplelab", *what, cwd=tmp_path, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("staplelab: deep/re") and "not JSON: maximum recursion depth" in line
