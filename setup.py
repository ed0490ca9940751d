"""Builds the C programs and puts them, with all that a run needs, into the package: into a folder
`data`, laid out as the check-out is (staplelab/places.py).  The rest is said in pyproject.toml."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
#: where setuptools works; beside the sources it would leave a package that looks installed
WORK = ROOT / "build" / "wheel"
DATA = ("build/release/bin", "build/release/lib", "pki/profiles", "suites")
#: the scenarios' ids begin with "suites/", as in the check-out
PYTEST_INI = "[pytest]\n"


def call(*argv: str | Path) -> None:
    """The program has said in one line what is wrong; pip shows it."""
    status = subprocess.run(argv, cwd=ROOT, env={**os.environ, "NO_INSTALL": "1"}).returncode
    if status != 0:
        raise SystemExit(status)


class BuildAll(build_py):
    def run(self) -> None:
        call(ROOT / "harness" / "setup" / "packages", "build")
        call("make", "--no-print-directory", "-f", "build.mk", f"-j{os.cpu_count()}", "build")
        if self.editable_mode:  # the check-out is the package
            super().run()
            return
        shutil.rmtree(self.build_lib, ignore_errors=True)  # may hold what is no more
        super().run()
        data = Path(self.build_lib) / "staplelab" / "data"
        for folder in DATA:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / folder, data / folder, ignore=ignored)
        (data / "pytest.ini").write_text(PYTEST_INI)


class WithPrograms(Distribution):
    """No package for every machine."""

    def has_ext_modules(self) -> bool:
        return True


call(ROOT / "harness" / "setup" / "check-out")
WORK.mkdir(parents=True, exist_ok=True)
setup(
    cmdclass={"build_py": BuildAll},
    distclass=WithPrograms,
    options={"build": {"build_base": str(WORK)}, "egg_info": {"egg_base": str(WORK)}},
)
