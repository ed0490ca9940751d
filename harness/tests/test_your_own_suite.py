"""docs/your-own-suite.md: each of its commands is run as it stands, and what was installed needs no
check-out.  The network is not used: variables of pip say so, and the tests' Debian packages do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_run import nginx
from page import commands, hold, shell

from staplelab import __version__
from staplelab.places import repository

_PAGE = repository() / "docs" / "your-own-suite.md"
#: how many commands it has
_LEAST = 9
#: what pip does without the network (0: the option --no-build-isolation)
_OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
#: of the run that this test is part of
_NOT_INHERITED = re.compile("PYTEST|PYTHON|STAPLELAB_(?!TEST)|XDG_|PIP_|VIRTUAL_ENV|MAKE|TMPDIR")


def check_out(folder: Path) -> Path:
    """A copy of this one, with its programs where they are built: make finds nothing to do then."""
    ignored = shutil.ignore_patterns(".git", "build", "results", "__pycache__", ".*_cache")
    shutil.copytree(repository(), folder, ignore=ignored)
    built = repository() / "build" / "release"
    if built.is_dir():
        shutil.copytree(built, folder / "build" / "release")
    return folder


def variables(folder: Path) -> dict[str, str]:
    """Those of a user who has this home."""
    kept = {name: text for name, text in os.environ.items() if not _NOT_INHERITED.match(name)}
    (folder / "home").mkdir(exist_ok=True)
    return {**kept, **_OFFLINE, "HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}


def steps(page: str) -> Iterator[tuple[str, str]]:
    """The page's files (name and text) and its blocks of commands ("" and text), in order."""
    block = r"(?:`([\w.]+)`:\n\n)?^(```(?:console|python)\n(.*?)^```)"
    for name, whole, text in re.findall(block, page, re.DOTALL | re.MULTILINE):
        yield name, text if name else whole + "\n"


@pytest.mark.timeout(300)
def test_commands_of_the_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("s")
    around = variables(folder)
    page = _PAGE.read_text()
    copied = f"mv {check_out(folder / 'copy')} staplelab"
    here = {"git clone URL staplelab": copied, "/usr/sbin/nginx\n": f"{nginx()}\n"}
    for shown, meant in here.items():
        assert shown in page
        page = page.replace(shown, meant)
    own = folder / "own"
    own.mkdir()
    done = 0
    with shell(own, around) as bash:
        for name, text in steps(page):
            if name:
                (own / name).write_text(text)
                continue
            for command in commands(text):
                hold(bash, command)
                done += 1
    assert done >= _LEAST
    assert not (folder / "copy").exists() and not (own / "staplelab").exists()
    venv = Venv(own / "venv", around)
    venv.is_for_this_machine()
    before = venv.files()
    venv.works_in_another_folder(folder / "other")
    venv.says_what_to_do_about_itself(folder)
    venv.has_the_plugin_once(folder / "twice")
    venv.leaves_the_check_out_alone()
    assert venv.files() == before  # it may be read-only
    assert list((folder / "home" / ".cache" / "staplelab" / "keys").glob("*.pem"))


class Venv:
    """A virtual environment with the package."""

    def __init__(self, folder: Path, around: dict[str, str]) -> None:
        self._around = around
        self._bin = folder / "bin"
        (self._packages,) = folder.glob("lib/python3*/site-packages")

    def _run(self, folder: Path, program: str, *arguments: str) -> str:
        """What it says, having ended well."""
        done = subprocess.run(
            [self._bin / program, *arguments],
            cwd=folder,
            env=self._around,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def files(self) -> set[tuple[Path, int]]:
        return {(path, path.lstat().st_mtime_ns) for path in self._packages.rglob("*")}

    def is_for_this_machine(self) -> None:
        (wheel,) = self._packages.glob("staplelab-*.dist-info/WHEEL")
        assert "Root-Is-Purelib: false" in wheel.read_text()
        assert not re.search(r"^Tag: .*-any$", wheel.read_text(), re.MULTILINE)

    def works_in_another_folder(self, folder: Path) -> None:
        folder.mkdir()
        assert self._run(folder, "staplelab", "--version") == f"staplelab {__version__}\n"
        for page in ("faults", "deviations"):
            expected = (repository() / "docs" / f"{page}.md").read_text()
            assert self._run(folder, "staplelab", page) == expected
        chosen = ("-k", "test_life_of_a_staple")
        self._run(folder, "staplelab", "run", "--nginx", nginx(), *chosen)
        results = (folder / "results" / "results.json").read_text()
        # the ids are those of the check-out, so that the two can be compared
        assert '"suites/first_steps/test_life_of_a_staple.py::' in results
        assert "Everything as expected." in self._run(folder, "staplelab", "report", "results")
        assert sorted(path.name for path in folder.iterdir()) == ["results"]

    def says_what_to_do_about_itself(self, folder: Path) -> None:
        """There is no `make` where there is no check-out, and only its own Python has it."""
        none = {**self._around, "STAPLELAB_BUILD": str(folder / "none")}
        argv = [self._bin / "staplelab", "faults"]
        done = subprocess.run(argv, env=none, capture_output=True, text=True, check=False)
        again = "install the package again (pip install --force-reinstall)"
        assert done.stderr == f"staplelab: {folder}/none holds no programs; {again}\n"
        asked = "from staplelab import modules; print(modules.why_missing(['xdist', 'docker']))"
        python = self._bin / "python3"
        pip = f"{python} -m pip install pytest-xdist docker\n"
        assert self._run(folder, "python3", "-c", asked).endswith(f": {pip}")

    def has_the_plugin_once(self, folder: Path) -> None:
        """Also where somebody asks for it who does not know that it is there."""
        folder.mkdir()
        (folder / "conftest.py").write_text('pytest_plugins = ["staplelab.plugin"]\n')
        (folder / "test_none.py").write_text("def test_no_scenario():\n    pass\n")
        for options in ((), ("-p", "staplelab.plugin")):
            assert "1 passed" in self._run(folder, "python3", "-m", "pytest", *options)
        assert not (folder / "results").exists()

    def leaves_the_check_out_alone(self) -> None:
        """There its own plugin is loaded, not that of the package."""
        options = ("-p", "no:cacheprovider", "--fixtures", "harness/tests/test_places.py")
        said = self._run(repository(), "python3", "-m", "pytest", *options)
        assert "\nlab -- harness/staplelab/plugin.py:" in said


@pytest.mark.timeout(120)
def test_a_machine_without_the_libraries(tmp_path: Path) -> None:
    """One line has the command to copy, wherever pip prints it."""
    copied = check_out(tmp_path / "copy")
    asking = tmp_path / "bin" / "dpkg-query"
    asking.parent.mkdir()
    asking.write_text("#!/bin/sh\necho ' installed=gcc installed=libc6-dev installed=make '\n")
    asking.chmod(0o755)
    around = variables(tmp_path)
    done = subprocess.run(
        ["/usr/bin/python3", "-m", "pip", "wheel", "--no-deps", copied],
        cwd=tmp_path,
        env={**around, "PATH": f"{asking.parent}:{around['PATH']}"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    lacking = "libssl-dev libevent-dev libjansson-dev"
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"staplelab: missing packages: {lacking}; to install them: " in said
    assert f"apt-get install --no-install-recommends {lacking}\n" in said
    assert "Traceback" not in said
