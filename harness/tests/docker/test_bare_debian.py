"""The first hour: the README's two commands in bare containers of Debian, with git and make alone.

`make first-hour` runs them all, `make first-hour DRAW=N` a part: each release once, each in another
way; four draws in a row are all.  What is cloned is the last commit.  Each ends well, or with one
line that says what to do; what it says is done then, to the word, until all is well.  A mirror of
Debian has to be reached, by the image's own sources.

On forky this is also the run by the tools of OpenSSL 3.6: what `openssl s_client` says there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from staplelab.hosts import run_label
from staplelab.places import repository

RELEASES = ("bookworm", "trixie", "forky")
DRAW = os.environ.get("DRAW", "")
#: the scenarios that are run; what openssl's s_client says is among them
FEW = os.environ.get("K") or "first_steps"
USER, FOLDER = "somebody", "/home/somebody"
BUNDLE = "/staplelab.bundle"
#: of one command: on a slow line apt takes minutes
LONGEST = 900
_CLONE = f"git clone -q {BUNDLE} staplelab"
_RUN = f"cd staplelab && make run K='{FEW}'"
#: what make says, too, and what tells that something takes its time
_NOT_OURS = re.compile(r"make(\[\d+\])?: |$")
_UNDER_WAY = re.compile(
    "staplelab: (no nginx here, so Debian's is unpacked|installing|fetching|unpacking)"
)

pytestmark = pytest.mark.timeout(4 * LONGEST)


@dataclass(frozen=True)
class Way:
    """Who says it, with which rights."""

    user: str
    #: whether the programs have the rights of a container that was started with --cap-drop ALL
    confined: bool = False
    packages: tuple[str, ...] = ()
    #: how many lines with a remedy it takes until all is well
    lines: int = 0


WAYS = {
    "root": Way("root"),
    "sudo": Way(USER, packages=("sudo",)),
    "no-sudo": Way(USER, lines=1),
    # to install, and to judge
    "cap-drop-all": Way("root", confined=True, lines=2),
}


def chosen() -> list[tuple[str, str]]:
    if not DRAW:
        return [(release, way) for release in RELEASES for way in WAYS]
    ways = list(WAYS)
    return [(one, ways[(at + int(DRAW)) % len(ways)]) for at, one in enumerate(RELEASES)]


def docker(*arguments: str, longest: float = LONGEST) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=longest, check=False
    )


def base(release: str) -> str:
    """The image of that release which `make images` has found or made."""
    for image in (f"debian:{release}-slim", f"staplelab/debian:{release}"):
        if docker("image", "inspect", image).returncode == 0:
            return image
    raise AssertionError(f"there is no image of Debian {release}; `make images` makes it")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bundle") / "staplelab.bundle"
    command = ["git", "-C", str(repository()), "bundle", "create", "-q", str(file), "HEAD"]
    subprocess.run(command, check=True, timeout=60)
    file.chmod(0o644)
    file.parent.chmod(0o755)
    return file


class Bare:
    """A container of a release with git, make and a user, and without apt's lists."""

    def __init__(self, release: str, way: Way, bundle: Path) -> None:
        self._confined = way.confined
        options = ["--init", f"--volume={bundle}:{BUNDLE}:ro"]
        options += [f"--label={name}={text}" for name, text in run_label.labels().items()]
        made = docker("run", "--rm", "--detach", *options, base(release), "sleep", "3600")
        assert made.returncode == 0, made.stderr
        self.name = made.stdout.strip()

    def prepare(self, way: Way) -> None:
        packages = " ".join(("git", "make", "ca-certificates", *way.packages))
        script = f"""
            export DEBIAN_FRONTEND=noninteractive
            apt-get -qq update && apt-get -qq --no-install-recommends install {packages} >&2
            rm -rf /var/lib/apt/lists/*
            useradd --create-home --uid 1000 --shell /bin/bash {USER}
            [ ! -d /etc/sudoers.d ] || echo '{USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{USER}
        """
        done = self.administer(f"set -e\n{script}")
        assert done.returncode == 0, f"the container gets no packages: {done.stderr[-2000:]}"

    def administer(self, script: str) -> subprocess.CompletedProcess[str]:
        """As whoever has the machine does, also where the user may do nothing."""
        return docker("exec", self.name, "bash", "-c", script)

    def say(self, user: str, command: str) -> subprocess.CompletedProcess[str]:
        home = FOLDER if user == USER else "/root"
        options = ["--workdir", home, "--env", f"HOME={home}", "--env", f"USER={user}"]
        rights = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        # an engine drops them from the whole container, which would never get its packages then
        rights += ["--inh-caps=-all", "--bounding-set=-all"] if self._confined else []
        return docker("exec", *options, self.name, *rights, "bash", "-c", command)

    def clone(self, user: str) -> None:
        done = self.say(user, _CLONE)
        assert done.returncode == 0, done.stderr

    def results(self, user: str) -> dict[str, int]:
        home = FOLDER if user == USER else "/root"
        read = self.say(user, f"cat {home}/staplelab/results/results.json")
        totals: dict[str, int] = json.loads(read.stdout)["totals"]
        return totals

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self.name)


@pytest.fixture
def bare(release: str, way: str, bundle: Path) -> Iterator[Bare]:
    made = Bare(release, WAYS[way], bundle)
    try:
        made.prepare(WAYS[way])
        yield made
    finally:
        made.remove()


def remedy(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a run that did not end well."""
    said = [
        line
        for line in done.stderr.splitlines()
        if not _NOT_OURS.match(line) and not _UNDER_WAY.match(line)
    ]
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert len(said) == 1 and said[0].startswith("staplelab: "), done.stdout + done.stderr
    return said[0]


@pytest.mark.parametrize(("release", "way"), chosen())
def test_first_hour(bare: Bare, release: str, way: str) -> None:
    user = WAYS[way].user
    bare.clone(user)
    lines = []
    while (done := bare.say(user, _RUN)).returncode != 0:
        lines.append(remedy(done))
        assert len(lines) <= WAYS[way].lines, lines
        if found := re.search(r"as root(?: with its capabilities)?: (apt-get .*)$", lines[-1]):
            done = bare.administer(f"export DEBIAN_FRONTEND=noninteractive; ({found[1]}) <<<y")
            assert done.returncode == 0, (found[1], done.stderr)
        elif "run as an ordinary user (docker run --user 1000:1000)" in lines[-1]:
            user = USER
            bare.clone(user)
        else:
            raise AssertionError(f"it does not say what to do: {lines[-1]}")
    assert len(lines) == WAYS[way].lines, lines
    assert "Everything as expected." in done.stdout
    totals = bare.results(user)
    assert totals["pass"] >= 20 and totals["fail"] == totals["error"] == 0
