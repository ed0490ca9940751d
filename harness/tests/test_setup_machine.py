"""What the set-up says of a machine that lacks something: one line, and the command to copy.

The scripts are copied into a check-out of the test's own; apt is a program of the test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from staplelab.places import repository

NOBODY = 65534


class CheckOut:
    """The set-up scripts in a folder; `bin` comes first in PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(repository() / "harness" / "setup", folder / "harness" / "setup")
        (folder / "bin").mkdir()

    def program(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(
        self,
        script: str,
        *arguments: str,
        user: int | None = None,
        before: tuple[str, ...] = (),
        **variables: str,
    ) -> tuple[int, str]:
        """The exit status and what it wrote to standard error."""
        names = ("NGINX", "NO_INSTALL", "XDG_CACHE_HOME")
        kept = {name: value for name, value in os.environ.items() if name not in names}
        done = subprocess.run(
            [*before, self.folder / "harness" / "setup" / script, *arguments],
            env={**kept, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", **variables},
            user=user,
            extra_groups=None if user is None else [],
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        return done.returncode, done.stderr


@pytest.fixture
def check_out() -> Iterator[CheckOut]:
    """In a folder that every user can look into."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield CheckOut(folder)
    shutil.rmtree(folder)


# ----- the release -----

RELEASES = {
    "bullseye": 'ID=debian\nVERSION_ID="11"\nVERSION_CODENAME=bullseye\n',
    "buster": 'ID=debian\nVERSION_ID="10"\nVERSION_CODENAME=buster\n',
}
FINE = {
    "bookworm": 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
    "testing": "ID=debian\nVERSION_CODENAME=forky\n",
    "other": 'ID=alpine\nVERSION_ID="3.20.1"\n',
}


@pytest.mark.parametrize("script", [("check-out",), ("packages", "build")])
@pytest.mark.parametrize("name", RELEASES)
def test_a_debian_that_is_too_old(check_out: CheckOut, name: str, script: tuple[str, ...]) -> None:
    said = check_out.folder / "os-release"
    said.write_text(RELEASES[name])
    status, err = check_out.run(*script, STAPLELAB_OS_RELEASE=str(said))
    assert status == 1
    (line,) = err.splitlines()
    number = RELEASES[name].partition('"')[2][:2]
    assert line.startswith(f"staplelab: Debian {number} ({name}) is too old: ")
    assert "Debian 12 (bookworm)" in line


@pytest.mark.parametrize("name", FINE)
def test_a_release_that_will_do(check_out: CheckOut, name: str) -> None:
    said = check_out.folder / "os-release"
    said.write_text(FINE[name])
    assert check_out.run("check-out", STAPLELAB_OS_RELEASE=str(said)) == (0, "")


# ----- the check-out -----


def somebody_else() -> int | None:
    """Another user than the one whose the folder is; who is not root sees its mode alone."""
    return NOBODY if os.geteuid() == 0 else None


def test_a_check_out_that_cannot_be_written(check_out: CheckOut) -> None:
    check_out.folder.chmod(0o555)
    status, err = check_out.run("check-out", user=somebody_else())
    check_out.folder.chmod(0o755)
    (line,) = err.splitlines()
    assert status == 1
    assert line.startswith("staplelab: this check-out cannot be written by ")
    assert line.endswith("or work in one of your own: git clone . FOLDER")


def test_what_somebody_else_has_built(check_out: CheckOut) -> None:
    built = check_out.folder / "build" / "keys"
    built.mkdir(parents=True)
    assert check_out.run("check-out") == (0, "")
    built.chmod(0o500)
    status, err = check_out.run("check-out", user=somebody_else())
    built.chmod(0o700)
    (line,) = err.splitlines()
    assert status == 1
    assert line.startswith("staplelab: build") and " belongs to " in line
    assert "as its owner say make clean, or work in one of your own: git clone" in line


# ----- packages -----


def with_apt(check_out: CheckOut, result: int = 0) -> Path:
    """A machine on which nothing is installed, and where apt installs all; what apt was told."""
    told = check_out.folder / "told"
    check_out.program("dpkg-query", 'cat "$0.installed" 2>/dev/null || true')
    check_out.program(
        "apt-get",
        f'echo "$*" >>{told}\ncase "$*" in *--simulate*|*download-only*|*update*) exit 0 ;; esac\n'
        f'[ {result} = 0 ] || {{ echo "E: no room" >&2; exit {result}; }}\n'
        f"printf 'installed=one installed=two ' >{check_out.folder}/bin/dpkg-query.installed",
    )
    check_out.program("sudo", 'exec "$@"')
    return told


def by_hand() -> str:
    """`with_apt` has made a sudo."""
    return ("" if os.geteuid() == 0 else "sudo ") + "apt-get install --no-install-recommends"


def test_missing_packages_come_with_the_command_to_copy(check_out: CheckOut) -> None:
    told = with_apt(check_out)
    status, err = check_out.run("packages", "one", "two", NO_INSTALL="1")
    assert status == 1
    assert err == f"staplelab: missing packages: one two; to install them: {by_hand()} one two\n"
    assert told.read_text() == "-qq --simulate install one two\n"  # which does nothing


def test_the_command_to_copy_where_apt_has_no_lists(check_out: CheckOut) -> None:
    with_apt(check_out)
    check_out.program("apt-get", "exit 100")
    _, err = check_out.run("packages", "one", NO_INSTALL="1")
    update, install = err.split("to install them: ")[1].split(" && ")
    assert (update, install) == (by_hand().replace("install --no-install-recommends", "update"),
                                 f"{by_hand()} one\n")  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have lost what root may do")
def test_root_in_name_alone(check_out: CheckOut) -> None:
    """As in a container without capabilities: apt would fail in the midst, in words of its own."""
    told = with_apt(check_out)
    bounded = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")
    status, err = check_out.run("packages", "one", before=bounded)
    assert status == 1
    assert err == (
        "staplelab: root has lost its capabilities here (--cap-drop), and without them nothing can "
        f"be installed; install the packages, as root with its capabilities: {by_hand()} one\n"
    )
    assert "update" not in told.read_text()


def test_each_phase_of_an_installation_shows(check_out: CheckOut) -> None:
    with_apt(check_out)
    assert check_out.run("packages", "one", "two") == (
        0,
        "staplelab: installing the missing packages: one two\n"
        "staplelab: fetching the packages ...\n"
        "staplelab: unpacking them ...\n",
    )
    assert check_out.run("packages", "one", "two") == (0, "")


def test_an_installation_that_fails(check_out: CheckOut) -> None:
    with_apt(check_out, result=100)
    status, err = check_out.run("packages", "one")
    assert status == 1
    assert "staplelab: fetching the lists of packages ...\n" in err
    assert err.splitlines()[-1] == (
        "staplelab: apt-get install failed: E: no room (its whole output: build/setup.log); to try "
        f"it by hand: {by_hand()} one"
    )


# ----- nginx -----


def test_no_folder_for_an_nginx(check_out: CheckOut) -> None:
    """Where none is installed, and the user's home cannot be written."""
    script = check_out.folder / "harness" / "setup" / "find-nginx"
    text = script.read_text()
    assert "\ncommand -v nginx && exit\n" in text
    script.write_text(text.replace("\ncommand -v nginx && exit\n", "\n"))
    (check_out.folder / "home").write_text("in the way")
    home = check_out.folder / "home"
    status, err = check_out.run("find-nginx", XDG_CACHE_HOME=f"{home}/.cache")
    assert status == 2
    (_, line) = err.splitlines()
    assert line == (
        f"staplelab: {home}/.cache/staplelab cannot be written, to unpack an nginx there: set "
        "XDG_CACHE_HOME=FOLDER, or give NGINX=/path/to/nginx"
    )


def test_no_folder_for_an_nginx_with_sanitizers(check_out: CheckOut) -> None:
    check_out.program("dpkg-query", 'shift 3; for one; do printf "installed=%s " "$one"; done')
    (check_out.folder / "home").write_text("in the way")
    status, err = check_out.run("nginx-asan", XDG_CACHE_HOME=f"{check_out.folder}/home/.cache")
    assert status == 2
    assert err == (
        f"staplelab: {check_out.folder}/home/.cache/staplelab cannot be written, to build an nginx "
        "there: set XDG_CACHE_HOME=FOLDER\n"
    )


# ----- make -----


def test_a_matrix_builds_first_and_takes_k() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "matrix", "K=refresh", "NGINX_IMAGES=a b", "JOBS=1"],
        cwd=repository(),
        env={**os.environ, "K": "refresh"},
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    packages, build, matrix = (
        done.stdout.find(word)
        for word in ("packages build run docker", "-f build.mk", "staplelab matrix")
    )
    assert 0 <= packages < build < matrix
    assert '${K:+-k "$K"}' in done.stdout and "a b" in done.stdout[matrix:]


def test_a_build_is_a_line_for_each_library_and_program() -> None:
    """And all of it with V=1."""

    def said(*options: str) -> str:
        target = "build/release/responders/engine.a"
        words = ["make", "--no-print-directory", "-B", "-f", "build.mk", "BUILD_DIR=build/said"]
        done = subprocess.run(
            [*words, *options, target.replace("release", "said")],
            cwd=repository(),
            capture_output=True,
            text=True,
            timeout=50,
            check=True,
        )
        shutil.rmtree(repository() / "build" / "said")
        return done.stdout

    assert said() == "  AR   build/said/responders/engine.a\n"
    assert "engine/fault.c" in said("V=1")
