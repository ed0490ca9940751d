"""What is looked at once before a run on the docker host: an image whose nginx does not start, or
cannot staple, is one line with nginx's words and not an error a scenario."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))

from lab_run import LabRun  # noqa: E402

from staplelab.hosts import containers, run_label  # noqa: E402

IMAGE = "staplelab/does-not-start"
_DOCKERFILE = f"""
FROM {containers.DEFAULT_IMAGE}
LABEL org.staplelab=1
COPY nginx /usr/local/sbin/nginx
"""
_WRAPPER = """#!/bin/sh
[ "$1" = -V ] && exec /usr/sbin/nginx "$@"
echo 'nginx: {said}' >&2
{ends}
exec /usr/sbin/nginx "$@"
"""
#: what the nginx in the image says on top, whether it ends then, and what the line holds
STARTS = {
    "emerg": (
        '[emerg] unknown directive "fastcgi_temp_path" in x:1',
        "exit 1",
        'does not start; it says: [emerg] unknown directive "fastcgi_temp_path" in x:1',
    ),
    "no-stapling": (
        '[warn] "ssl_stapling" ignored, not supported',
        "",
        "cannot staple: its TLS library is built without OCSP",
    ),
    "silent": ("[notice] good night", "exec sleep 1000", "does not start as the lab needs it"),
}


@pytest.fixture
def image(name: str) -> Iterator[str]:
    said, ends, _ = STARTS[name]
    octets = io.BytesIO()
    with tarfile.open(fileobj=octets, mode="w") as tar:
        texts = {"Dockerfile": _DOCKERFILE, "nginx": _WRAPPER.format(said=said, ends=ends)}
        for file, text in texts.items():
            entry = tarfile.TarInfo(file)
            entry.size, entry.mode = len(text.encode()), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    octets.seek(0)
    client = containers.connect()
    client.images.build(fileobj=octets, custom_context=True, tag=f"{IMAGE}:{name}", rm=True)
    yield f"{IMAGE}:{name}"
    client.images.remove(f"{IMAGE}:{name}", force=True)
    client.close()


@pytest.mark.parametrize("name", STARTS)
def test_an_image_that_cannot_be_judged(
    tmp_path_factory: pytest.TempPathFactory, image: str, name: str
) -> None:
    options = ("--host", "docker", "--nginx-image", image, "--out", "out", "--jobs", "1")
    folder = tmp_path_factory.mktemp("r")
    run = LabRun(folder, "staplelab", "run", *options, ".", scenarios="staple").end()
    assert run.status == 2
    (line,) = run.said().splitlines()
    assert line.startswith("staplelab: nginx 1.22.1 ") and f"({image})" in line
    assert STARTS[name][2] in line
    assert not run.out.exists() and run.folders() == []
    client = containers.connect()
    left = client.containers.list(all=True, filters={"label": run_label.LABEL, "ancestor": image})
    client.close()
    assert left == []
