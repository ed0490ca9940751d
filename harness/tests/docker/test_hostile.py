"""A hostile image: its nginx tries to get at the machine and at its judge (docs/security.md)."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))

from lab_run import LabRun  # noqa: E402

from staplelab.hosts import containers, run_label  # noqa: E402

PROGRAM = Path(__file__).parent / "hostile" / "nginx"
DOCKERFILE = f"""
FROM {containers.DEFAULT_IMAGE}
USER root
RUN mv /usr/sbin/nginx /usr/sbin/nginx.real
COPY --chmod=755 nginx /usr/sbin/nginx
ENV LD_PRELOAD=
HEALTHCHECK --interval=1s CMD touch /tmp/healthy
USER 65534:65534
"""
IMAGE = "staplelab/hostile"
#: a run of one scenario; the driver waits 10 s for nginx to respond
LONGEST = 60.0


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this machine that is nobody's business."""
    folder = tmp_path_factory.mktemp("victim")
    (folder / "file").write_text("untouched\n")
    return folder


@pytest.fixture(scope="module")
def image(victim: Path) -> Iterator[str]:
    client = containers.connect()
    octets = io.BytesIO()
    with tarfile.open(fileobj=octets, mode="w") as tar:
        program = PROGRAM.read_text().replace("@VICTIM@", str(victim)).encode()
        for name, text in (
            ("Dockerfile", DOCKERFILE.replace("--chmod=755 ", "").encode()),
            ("nginx", program),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o755
            tar.addfile(entry, io.BytesIO(text))
    octets.seek(0)
    client.images.build(fileobj=octets, custom_context=True, tag=IMAGE, rm=True)
    yield IMAGE
    client.images.remove(IMAGE, force=True)
    client.close()


@pytest.fixture(scope="module")
def run(image: str, tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    folder = tmp_path_factory.mktemp("r")
    options = ("--host", "docker", "--nginx-image", image, "--out", "out", "--jobs", "1")
    begin = time.monotonic()
    run = LabRun(folder, "staplelab", "run", *options, ".", scenarios="hostile").end()
    assert time.monotonic() - begin < LONGEST
    return run


def loot(run: LabRun) -> list[str]:
    kept = run.out / "kept" / "test_hostile.py_test_first"
    assert (kept / "loot").exists(), run.said()
    return (kept / "loot").read_text().splitlines()


def test_it_could_do_nothing(run: LabRun) -> None:
    said = loot(run)
    assert said[-1] == "done"
    assert len(said) > 20
    allowed = {"did put itself in the place of its door"}
    assert [line for line in said if line.startswith("did ") and line not in allowed] == []


def test_every_scenario_has_its_say(run: LabRun) -> None:
    """The first one meets it, the second what it has left."""
    seen = run.scenarios()
    assert seen, run.said()
    assert {name: one["outcome"] for name, one in seen.items()} == {
        "test_first": "error",
        "test_second": "error",
    }
    assert seen["test_first"]["reason"].startswith("nginx does not respond")
    assert "INTERNALERROR" not in run.said()


def test_the_machine_is_as_it_was(run: LabRun, victim: Path) -> None:
    assert [path.name for path in victim.iterdir()] == ["file"]
    assert (victim / "file").read_text() == "untouched\n"
    assert victim.stat().st_uid == os.getuid()


def test_nothing_of_the_machine_was_copied(run: LabRun) -> None:
    """Neither by a link that it has put where the driver reads, nor from a FIFO."""
    kept = [path for path in (run.out / "kept").rglob("*") if path.is_file()]
    assert not any(path.is_symlink() for path in kept)
    words = [path.read_bytes() for path in kept]
    assert not any(b"untouched" in text or b"root:" in text for text in words)
    report = [path.read_text() for path in (run.out / "report").rglob("*") if path.is_file()]
    assert report and not any("untouched" in text or "root:" in text for text in report)


def test_nothing_is_left(run: LabRun) -> None:
    assert run.folders() == []
    client = containers.connect()
    found: Any = client.containers.list(all=True, filters={"label": run_label.LABEL})
    mine = [one for one in found if one.attrs["Config"]["Image"] == IMAGE]
    client.close()
    assert mine == []
