"""The images as the engine sees and runs them; `make images` has made them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LAB = "staplelab/lab"
SERVERS = ["1.18.0", "1.22.1", "1.26.3", "1.30"]
PREFIX = "/opt/staplelab/build/release"
#: a user id that no passwd knows, and nothing that a container can be denied
CONFINED = [
    "run",
    "--rm",
    "--label=org.staplelab=1",
    "--network=none",
    "--read-only",
    "--tmpfs=/tmp",
    "--user=12345:12345",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
]


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def inspect(image: str) -> dict[str, Any]:
    done = docker("image", "inspect", image)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("image", [LAB, *(f"staplelab/nginx:{tag}" for tag in SERVERS)])
def test_image_asks_for_nothing(image: str) -> None:
    config = inspect(image)["Config"]
    assert config["User"] == "65534:65534"
    assert config["Labels"]["org.staplelab"] == "1"
    assert not config.get("ExposedPorts") and not config.get("Volumes")


@pytest.mark.parametrize("tag", SERVERS)
def test_server_says_which_nginx_it_is(tag: str) -> None:
    done = docker(*CONFINED, f"staplelab/nginx:{tag}")
    assert done.returncode == 0
    assert f"nginx version: nginx/{tag}" in done.stderr
    assert "--with-http_ssl_module" in done.stderr


@pytest.mark.parametrize("tag", SERVERS)
def test_what_a_server_gets_needs_no_library(tag: str) -> None:
    image = f"staplelab/nginx:{tag}"
    launcher = docker(*CONFINED, image, "ldd", f"{PREFIX}/bin/launcher")
    assert "not a dynamic executable" in launcher.stderr
    clock = docker(*CONFINED, image, "ldd", f"{PREFIX}/lib/labclock.so")
    assert clock.stdout.strip() == "statically linked"
    assert "SOCKET is missing" in docker(*CONFINED, image, f"{PREFIX}/bin/launcher").stderr


def test_a_server_gets_two_files_and_nothing_else() -> None:
    tag = SERVERS[0]
    layers = [
        inspect(image)["RootFS"]["Layers"]
        for image in ("staplelab/debian-nginx:bullseye", f"staplelab/nginx:{tag}")
    ]
    assert layers[1][: len(layers[0])] == layers[0]
    found = docker(*CONFINED, f"staplelab/nginx:{tag}", "find", "/opt", "-type", "f")
    assert sorted(found.stdout.split()) == [f"{PREFIX}/bin/launcher", f"{PREFIX}/lib/labclock.so"]
    assert len(layers[1]) - len(layers[0]) == 2


# ----- the lab in one container -----


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """A folder that the user id in the container may write, and what it wrote there is removed."""
    folder = tmp_path / "results"
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def test_the_main_job_in_one_container(out: Path) -> None:
    mount = f"--volume={out}:/results"
    done = docker(*CONFINED, mount, LAB, "--out", "/results", "-k", "first_steps")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything as expected." in done.stdout
    # it says nothing on stderr, and pytest has nothing to warn of
    assert done.stderr == "" and "warning" not in done.stdout
    results = json.loads((out / "results.json").read_text())
    assert results["totals"]["pass"] >= 20
    assert results["server"]["path"] == "/usr/sbin/nginx"


def test_the_users_nginx(tmp_path: Path, out: Path) -> None:
    created = docker("create", "--label=org.staplelab=1", "staplelab/nginx:1.22.1").stdout.strip()
    assert docker("cp", f"{created}:/usr/sbin/nginx", str(tmp_path)).returncode == 0
    assert docker("rm", created).returncode == 0
    mounts = [f"--volume={tmp_path}/nginx:/nginx:ro", f"--volume={out}:/results"]
    arguments = ["--env=NGINX=/nginx", "--env=OUT=/results", LAB, "-k", "test_word_for_word"]
    done = docker(*CONFINED, *mounts, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((out / "results.json").read_text())["server"]["path"] == "/nginx"


def test_a_drill_of_what_is_mounted(tmp_path: Path, out: Path) -> None:
    """As nobody, on a read-only root; the certificate is not there, so it is made up."""
    tls = "ssl_certificate www.pem; ssl_certificate_key www.key; ssl_stapling on;"
    conf = f"events {{ }} http {{ server {{ listen 443 ssl; {tls} }} }}\n"
    (tmp_path / "nginx.conf").write_text(conf)
    tmp_path.chmod(0o755)
    mounts = [f"--volume={tmp_path}:/etc/nginx:ro", f"--volume={out}:/out"]
    done = docker(*CONFINED, *mounts, LAB, "drill", "--out", "/out", "--survive", "24h")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "held: --survive 1 d" in done.stdout
    (site,) = json.loads((out / "drill.json").read_text())["sites"]
    assert site["stapling"] == "on" and not site["certificate"]["read"]
    wrong = docker(*CONFINED, LAB, "drill", "/none")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1


def test_an_nginx_that_is_not_there() -> None:
    done = docker(*CONFINED, LAB, "--nginx", "/nginx")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "staplelab: --nginx /nginx: there is no such file; give the path of an nginx binary"
    ]


# ----- the network's faults -----

_FIREWALL = """
iptables -A OUTPUT -p tcp --dport 80 -j REJECT --reject-with tcp-reset && iptables -S OUTPUT
"""


def test_a_firewall_without_root() -> None:
    helper = [option for option in CONFINED if not option.startswith("--security-opt")]
    helper += ["--cap-add=NET_ADMIN", "--cap-add=NET_RAW", "--entrypoint=sh"]
    done = docker(*helper, LAB, "-c", _FIREWALL)
    assert done.returncode == 0, done.stderr
    assert "--dport 80 -j REJECT --reject-with tcp-reset" in done.stdout
    # without the capability it does not even start
    assert docker(*CONFINED, "--entrypoint=iptables", LAB, "-S").returncode != 0
