"""What can be said of the images without an engine: their Dockerfiles, and a missing engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from staplelab.places import repository

DOCKER = repository() / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """The instructions as (name, rest), comments and continuations resolved."""
    lines = [line for line in dockerfile.read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = []
    for line in filter(None, joined.splitlines()):
        name, _, rest = line.partition(" ")
        found.append((name.upper(), rest.strip()))
    return found


def test_there_are_dockerfiles() -> None:
    assert {path.name for path in DOCKERFILES} >= {"lab.Dockerfile", "server.Dockerfile"}


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_default_user_is_not_root(dockerfile: Path) -> None:
    found = instructions(dockerfile)
    last_stage = max(at for at, (name, _) in enumerate(found) if name == "FROM")
    users = [rest for name, rest in found[last_stage:] if name == "USER"]
    assert users, "the last stage names no user, so the image runs as root"
    user, _, group = users[-1].partition(":")
    # a number: only that is known not to be root whatever /etc/passwd says
    assert int(user) != 0 and int(group) != 0


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_every_image_is_labelled(dockerfile: Path) -> None:
    found = instructions(dockerfile)
    starts = [at for at, (name, _) in enumerate(found) if name == "FROM"]
    for start, end in zip(starts, [*starts[1:], len(found)], strict=True):
        stage = found[start + 1 : end]
        # a stage without an instruction is another image by another name
        if any(name != "ARG" for name, _ in stage):
            labels = [rest for name, rest in stage if name == "LABEL"]
            assert any("org.staplelab=1" in rest.split() for rest in labels), found[start]


# ----- no engine -----


def make_images(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("bash") or "bash", DOCKER / "make-images", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for PATH with what the script needs to look for an engine, and no engine."""
    for tool in ("dirname", "head"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    return tmp_path


def fake_docker(folder: Path, words: str) -> None:
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    path.chmod(0o755)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Status 2 and one line, which it returns."""
    assert (done.returncode, done.stdout) == (2, ""), done
    line, nothing = done.stderr.split("\n")
    assert line.startswith("staplelab: ") and nothing == ""
    return line


def test_no_client(tools: Path) -> None:
    assert "no docker client" in refused(make_images(PATH=str(tools)))


def test_no_daemon(tools: Path) -> None:
    fake_docker(tools, "Cannot connect to the Docker daemon at unix:///x. Is it running?")
    line = refused(make_images(PATH=str(tools)))
    assert "not reachable" in line and "unix:///x" in line


def test_no_permission(tools: Path) -> None:
    fake_docker(tools, "permission denied while trying to connect to the Docker daemon socket")
    assert "no permission" in refused(make_images(PATH=str(tools)))


def test_unknown_option() -> None:
    line = refused(make_images("--frehs"))
    assert "--frehs" in line and "--fresh" in line
