"""What is looked at once, before a run: each obstacle ends it in one line, with the remedy."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import child_run
import pytest
from lab_run import SCENARIOS, nginx

from staplelab import __version__, places
from staplelab.places import build_folder


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def run(
    folder: Path,
    server: str | Path,
    *,
    limits: Callable[[], None] | None = None,
    **variables: str,
) -> tuple[int, str, str]:
    """`staplelab run` of one scenario."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    shutil.copy(SCENARIOS / "staple.py", folder / "test_staple.py")
    options = ("--nginx", str(server), "--out", "out", "--jobs", "1", ".")
    done = subprocess.run(
        [sys.executable, "-m", "staplelab", "run", *options],
        cwd=folder,
        env={**child_run.environment(), **variables},
        preexec_fn=limits,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def refusal(ended: tuple[int, str, str]) -> str:
    """The one line that a run ended with."""
    status, out, err = ended
    assert (status, out) == (2, ""), out + err
    (line,) = err.splitlines()
    return line.removeprefix("staplelab: ")


# ----- one start of nginx -----

#: what the wrapper says on top, and what the line holds
STARTS = {
    "emerg": ("[emerg] unknown directive \"fastcgi_temp_path\" in x:1", "exit 1", (
        'does not start; it says: [emerg] unknown directive "fastcgi_temp_path" in x:1',
    )),
    "root-in-name-alone": ("[emerg] initgroups(root, 0) failed (1: Operation not permitted)", "", (
        "does not start; it says: [emerg] initgroups(root, 0) failed",
        "docker run --user 1000:1000",
        "--cap-add SETGID --cap-add SETUID",
    )),
    "no-stapling": ('[warn] "ssl_stapling" ignored, not supported', "", (
        "cannot staple: its TLS library is built without OCSP",
        "take one that is built with OpenSSL",
    )),
}  # fmt: skip


@pytest.mark.parametrize("name", STARTS)
def test_an_nginx_that_cannot_be_judged_here(tmp_path: Path, name: str) -> None:
    said, ends, expected = STARTS[name]
    wrapper = program(
        tmp_path / "nginx",
        f'case $1 in -V | -t) exec {nginx()} "$@" ;; esac\n'
        f"echo 'nginx: {said}' >&2\n{ends}\nexec {nginx()} \"$@\"",
    )
    line = refusal(run(tmp_path, wrapper))
    assert line.startswith("nginx ") and str(wrapper) in line
    for part in expected:
        assert part in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("version", ["1.10.3", "1.17.10"])
def test_an_nginx_that_is_too_old(tmp_path: Path, version: str) -> None:
    wrapper = program(
        tmp_path / "nginx",
        f"printf 'nginx version: nginx/{version}\\nbuilt with OpenSSL 1.1.1 1 Jan 2018\\n"
        "configure arguments: --with-http_ssl_module\\n' >&2",
    )
    assert refusal(run(tmp_path, wrapper)) == (
        f"--nginx {wrapper}: nginx {version} is too old: the suites know what nginx does from "
        "1.18.0 on"
    )


# ----- this machine -----


def test_a_temporary_folder_with_a_long_name(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    line = refusal(run(tmp_path, nginx(), TMPDIR=str(folder)))
    assert line.startswith(f"TMPDIR has {len(str(folder))} octets, ")
    assert line.endswith("give one of at most 57 (TMPDIR=/tmp), or none")


def test_the_longest_temporary_folder_will_do(tmp_path: Path) -> None:
    folder = Path("/tmp") / f"{os.getpid()}".rjust(57 - len("/tmp/"), "x")
    folder.mkdir()
    try:
        status, out, err = run(tmp_path, nginx(), TMPDIR=str(folder))
        assert status == 0, out + err
    finally:
        folder.rmdir()


def set_limit(soft: int, hard: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_too_few_open_files(tmp_path: Path) -> None:
    assert refusal(run(tmp_path, nginx(), limits=set_limit(64, 64))) == (
        "the limit on open files is 64, and a run needs 256: raise the hard limit (ulimit -Hn "
        "4096; a container: --ulimit nofile=4096)"
    )


def test_a_soft_limit_is_raised(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, nginx(), limits=set_limit(64, 256))
    assert status == 0, out + err


# ----- the build -----


def test_a_build_of_another_version(tmp_path: Path) -> None:
    shutil.copytree(build_folder() / "bin", tmp_path / "bin")
    shutil.copytree(build_folder() / "lib", tmp_path / "lib")
    program(tmp_path / "bin" / "pki-mint", "echo pki-mint 0.0.9")
    line = refusal(run(tmp_path, nginx(), STAPLELAB_BUILD=str(tmp_path)))
    assert line == (
        f"{tmp_path}/bin/pki-mint is not of this version: it says 'pki-mint 0.0.9', and this is "
        f"{__version__}; run `make build` first"
    )
    (tmp_path / "bin" / "pki-mint").write_bytes(b"of another machine")
    line = refusal(run(tmp_path, nginx(), STAPLELAB_BUILD=str(tmp_path)))
    assert line.endswith("pki-mint cannot be run: Exec format error; run `make clean build` first")
    (tmp_path / "bin" / "pki-mint").unlink()
    line = refusal(run(tmp_path, nginx(), STAPLELAB_BUILD=str(tmp_path)))
    assert line == f"{tmp_path}/bin/pki-mint is missing; run `make build` first"


@pytest.fixture
def somebody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A check-out where no folder for keys can be made; the user has a cache."""
    (tmp_path / "build").write_text("in the way")
    monkeypatch.setattr(places, "repository", lambda: tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_keys_in_a_check_out_of_somebody_else(somebody_elses: Path) -> None:
    pool = somebody_elses / "cache" / "staplelab" / "keys"
    assert places.key_pool_option() == [f"--key-pool={pool}"]
    assert pool.stat().st_mode & 0o777 == 0o700


def test_keys_that_can_only_be_read(
    somebody_elses: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an image: all are there, and none can be added."""
    pool = somebody_elses / "build" / "keys"
    (somebody_elses / "build").unlink()
    pool.mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda path, mode: mode == os.R_OK)
    assert places.key_pool() != pool
    (pool / "made").touch()
    (pool / "rsa2048-01.pem").touch()
    assert places.key_pool() == pool


def test_keys_where_nothing_can_be_written(somebody_elses: Path) -> None:
    (somebody_elses / "cache").write_text("in the way")
    assert places.key_pool_option() == []
