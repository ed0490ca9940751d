"""nginx built in other ways than Debian's: each is judged, or refused with one clear line.

It takes the sources of `make nginx-asan` and half a minute: so `make test-asan` runs this, and
`make test` does not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lab_run import LabRun

from staplelab.places import repository

pytestmark = pytest.mark.timeout(300)

#: all that `configure` can leave out of HTTP; without the last, a build has no regular expressions
WITHOUT = re.compile(r"--without-http_\w+_module")
MORE = ("--without-http-cache", "--without-pcre")
#: all suites, on a machine that has other things to do
_LONGEST_RUN = 240.0
IPV6 = re.compile(r"#ifndef NGX_HAVE_INET6\n.*\n#endif\n")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, without what was built of them."""
    sources = Path(os.environ["STAPLELAB_ASAN_NGINX"]).parents[1]
    copy = tmp_path_factory.mktemp("nginx") / "tree"
    return Path(shutil.copytree(sources, copy, ignore=shutil.ignore_patterns("objs")))


def do(tree: Path, *argv: str) -> None:
    # a make above this one would pass its flags on, -s for instance
    environment = {name: text for name, text in os.environ.items() if name != "MAKEFLAGS"}
    done = subprocess.run(
        argv, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def bare(tree: Path) -> Path:
    """Configured with no module but that of TLS."""
    without = sorted(set(WITHOUT.findall((tree / "auto" / "options").read_text())))
    assert "--without-http_rewrite_module" in without and len(without) > 25
    do(tree, "./configure", "--with-http_ssl_module", "--with-cc-opt=-O0", *without, *MORE)
    return tree


def judged(tree: Path, folder: Path, *suites: str) -> LabRun:
    do(tree, "make", f"-j{os.cpu_count()}")
    options = ("--nginx", str(tree / "objs" / "nginx"), "--out", "out", *suites)
    return LabRun(folder, "staplelab", "run", *options).end(_LONGEST_RUN)


def test_no_module_but_ssl(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What needs another module says so; all else is as it is with Debian's nginx."""
    run = judged(bare, tmp_path_factory.mktemp("r"), str(repository() / "suites"))
    assert run.status == 0, run.said()
    assert run.results()["totals"]["pass"] > 300
    reasons = {one["reason"] for one in run.results()["scenarios"] if "built" in one["reason"]}
    assert reasons == {
        "this nginx is built without --with-debug",
        "this nginx is built --without-http_proxy_module",
        "this nginx is built --without-http_rewrite_module",
    }
    run.wait_for_nothing()


def test_no_ipv6(bare: Path, tmp_path: Path) -> None:
    header = bare / "objs" / "ngx_auto_config.h"
    text, count = IPV6.subn("", header.read_text())
    assert count == 1, "this machine has no IPv6 to be built without"
    header.write_text(text)
    run = judged(bare, tmp_path, ".")
    assert run.status == 2 and run.said().count("\n") == 1, run.said()
    assert " is built without IPv6: " in run.said()
    run.wait_for_nothing()
