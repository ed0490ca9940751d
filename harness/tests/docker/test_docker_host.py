"""The docker host, by the engine's own view: who runs as what, and what is left of a killed run."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.types import LogConfig

from staplelab.hosts import choose, containers, run_label
from staplelab.hosts.base import Host
from staplelab.hosts.network import FAULTS, Target, commands
from staplelab.waiting import until, until_ended

#: a killed run's containers and networks are gone after so many seconds
GONE_SECONDS = 15.0
KILLS = int(os.environ.get("STAPLELAB_TEST_KILLS", "4"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    client = containers.connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def host(engine: Any) -> Iterator[Host]:
    """A docker host with all that it can have, the helper that breaks networks included."""
    made = choose("docker", containers.DEFAULT_IMAGE)
    for command in commands(FAULTS["partition"], Target("192.0.2.1", "tcp", 80), {}):
        made.network(command)
    yield made
    made.close()


def views(engine: Any, host: Host) -> list[dict[str, Any]]:
    """What the engine says of the host's containers."""
    found = engine.containers.list(filters={"label": f"{run_label.LABEL}={run_label.run()}"})
    return [container.attrs for container in found]


def faults_of(view: dict[str, Any]) -> list[str]:
    """What is wrong with a container, by the rules of the house."""
    config, host_config = view["Config"], view["HostConfig"]
    user = config["User"].partition(":")[0]
    wrong = {
        "privileged": host_config["Privileged"],
        "root": user in ("", "0", "root"),
        "published": bool(host_config["PortBindings"]) or host_config["PublishAllPorts"],
        "unlabelled": run_label.LABEL not in (config["Labels"] or {}),
        "writable root": not host_config["ReadonlyRootfs"],
        "capabilities": host_config["CapDrop"] != ["ALL"],
        "the machine's network": host_config["NetworkMode"] == "host",
        "memory without a limit": not 0 < host_config["Memory"] <= 1 << 30,
        "processes without a limit": not 0 < (host_config["PidsLimit"] or 0) <= 512,
        "files without a limit": not any(
            limit["Name"] == "fsize" for limit in host_config["Ulimits"] or []
        ),
        "a tmpfs without a size": "size=" not in (host_config["Tmpfs"] or {}).get("/tmp", ""),
        "a long log": host_config["LogConfig"]["Config"].get("max-size") != "1m",
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def test_no_part_may_anything(engine: Any, host: Host) -> None:
    seen = views(engine, host)
    assert len(seen) == 4, "nginx, responder, stub and the helper for the network"
    assert {view["Name"]: faults_of(view) for view in seen} == {view["Name"]: [] for view in seen}


def test_the_server_has_its_own_folders_alone(engine: Any, host: Host) -> None:
    """It may read what the driver gives it, and write what is its own; it is none of the parts."""
    by_role = {view["Config"]["Cmd"][0].rpartition("/")[2]: view for view in views(engine, host)}
    server = by_role.pop("door")
    binds = {bind.split(":")[1]: bind.split(":")[2] for bind in server["HostConfig"]["Binds"]}
    assert {path for path, mode in binds.items() if mode == "rw"} == {
        str(host.server_folder),
        str(host.folder / "doors" / "server"),
    }
    assert binds[str(host.given)] == "ro"
    assert str(host.folder) not in binds
    if os.geteuid() == 0:
        users = {view["Config"]["User"] for view in by_role.values()}
        assert server["Config"]["User"] not in users


def test_no_part_reaches_a_name_server_of_the_machine(engine: Any, host: Host) -> None:
    """In each network the lab's stub alone is asked: by what reads /etc/resolv.conf, and by the
    engine's own name server, which every container has at 127.0.0.11."""
    stub = host.address("stub")
    seen = [one for one in views(engine, host) if not one["HostConfig"]["CapAdd"]]
    assert len(seen) == 3
    for view in seen:
        assert view["HostConfig"]["Dns"] == [stub]
        container = engine.containers.get(view["Id"])
        status, text = container.exec_run(["cat", "/etc/resolv.conf"])
        assert (status, text.decode()) == (0, f"nameserver {stub}\n")


def test_nobody_else_sees_the_scratch_folder(host: Host) -> None:
    assert host.folder.stat().st_mode & 0o077 == 0


def test_one_helper_alone_has_a_capability(engine: Any, host: Host) -> None:
    """It shares nginx's network; nginx itself may change nothing."""
    seen = views(engine, host)
    able = [view for view in seen if view["HostConfig"]["CapAdd"]]
    assert len(able) == 1
    assert able[0]["HostConfig"]["CapAdd"] == ["NET_ADMIN", "NET_RAW"]
    assert able[0]["HostConfig"]["NetworkMode"].startswith("container:")
    others = [view for view in seen if view not in able]
    assert all("no-new-privileges" in view["HostConfig"]["SecurityOpt"] for view in others)


def test_networks_have_no_way_out(engine: Any, host: Host) -> None:
    found = engine.networks.list(filters={"label": f"{run_label.LABEL}={run_label.run()}"})
    assert len(found) == 2
    assert all(network.attrs["Internal"] and network.attrs["EnableIPv6"] for network in found)


def test_what_a_program_leaves_behind_is_told(host: Host) -> None:
    """And ended: a scenario fails by it, on this host as on the other."""
    script = "setsid sleep 600 & until grep -q sleep /proc/$!/comm; do :; done"
    launched = host.start("stub", ["sh", "-c", script], variables={}, stderr=host.folder / "said")
    assert launched.wait(10) == 0
    assert [text.partition(" (")[2] for text in launched.left] == ["sleep)"]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"privileged": True}, "privileged"),
        ({"user": "0:0"}, "root"),
        ({"ports": {"80/tcp": ("127.0.0.1", None)}}, "published"),
        ({"labels": {}}, "unlabelled"),
        ({"read_only": False}, "writable root"),
        ({"cap_drop": []}, "capabilities"),
        ({"network_mode": "host"}, "the machine's network"),
        ({"mem_limit": None, "memswap_limit": None}, "memory without a limit"),
        ({"pids_limit": None}, "processes without a limit"),
        ({"ulimits": None}, "files without a limit"),
        ({"tmpfs": {"/tmp": "mode=1777"}}, "a tmpfs without a size"),
        ({"log_config": LogConfig(config={"max-size": "1g"})}, "a long log"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_check_sees_what_it_looks_for(engine: Any, options: Any, fault: str) -> None:
    well = {**containers.confined(65534, 65534), "entrypoint": ["true"]}
    well["labels"] = run_label.labels()
    container = engine.containers.create(containers.DEFAULT_IMAGE, **{**well, **options})
    try:
        container.reload()
        assert faults_of(container.attrs) == [fault]
    finally:
        container.remove(force=True)


def started(out: Path, *options: str) -> subprocess.Popen[bytes]:
    """A run in containers, driven by a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "STAPLELAB_RUN"}
    return subprocess.Popen(
        [sys.executable, "-m", "staplelab", "run", "--host", "docker", "--out", str(out), *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # a shell's background job ignores Ctrl-C, and so would all that it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def of_run(engine: Any, name: str) -> int:
    """How many containers, networks and volumes of that run the engine has."""
    filters = {"label": f"{run_label.LABEL}={name}"}
    return (
        len(engine.containers.list(all=True, filters=filters, ignore_removed=True))
        + len(engine.networks.list(filters=filters))
        + len(engine.volumes.list(filters=filters))
    )


@pytest.mark.parametrize("kill", range(KILLS))
def test_nothing_is_left_of_a_killed_driver(engine: Any, tmp_path: Path, kill: int) -> None:
    """Killed at a moment that differs: when the engine has so many things of the run."""
    moment = random.Random(kill).randrange(1, 8)
    driver = started(tmp_path)
    name = run_label.name_of(driver.pid)
    assert name is not None
    until(lambda: of_run(engine, name) >= moment, f"the run to have {moment} things", 60)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    until(lambda: of_run(engine, name) == 0, f"the rest of run {name} to go", GONE_SECONDS)


def test_nothing_is_left_after_ctrl_c(engine: Any, tmp_path: Path) -> None:
    driver = started(tmp_path)
    name = run_label.name_of(driver.pid)
    assert name is not None
    until(lambda: of_run(engine, name) >= 4, "the run to have containers", 60)
    os.killpg(driver.pid, signal.SIGINT)
    until_ended(driver.pid, "the driver", 60)
    driver.wait()
    assert of_run(engine, name) == 0


def test_nothing_is_left_of_a_run_in_order(engine: Any, tmp_path: Path) -> None:
    """Not even the janitor, which has nothing to do."""
    driver = started(tmp_path, "-k", "test_first_handshake_is_bare")
    name = run_label.name_of(driver.pid)
    assert name is not None
    until(lambda: janitors(name) == 1, "the run to have its janitor", 60)
    until_ended(driver.pid, "the driver", 60)
    assert driver.wait() == 0
    assert of_run(engine, name) == 0
    assert janitors(name) == 0


def janitors(run: str) -> int:
    """How many processes there are to clean up after that run."""
    command = f"staplelab.hosts.janitor\0{run}\0".encode()
    found = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # no process, or none any more
            found += (entry / "cmdline").read_bytes().endswith(command)
    return found


def test_clean_removes_what_dead_runs_left(engine: Any) -> None:
    dead, alive = {run_label.LABEL: "999999999-1"}, run_label.labels()
    networks = [
        engine.networks.create(f"staplelab-test-{os.getpid()}-{i}", internal=True, labels=labels)
        for i, labels in enumerate((dead, alive))
    ]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "staplelab", "clean"], capture_output=True, text=True, check=True
        )
        # other runs on this engine may have died, too
        assert re.match("removed [1-9][0-9]* containers, networks and", done.stdout)
        left = {network.id for network in engine.networks.list()}
        assert [network.id in left for network in networks] == [False, True]
    finally:
        networks[1].remove()


def test_which_files_an_image_holds(engine: Any) -> None:
    """So it is known whether a module that is a file of its own is there."""
    server = containers.DEFAULT_IMAGE
    assert containers.holds(server, "/usr/sbin/nginx")
    assert not containers.holds(server, "/usr/sbin/nginx-that-is-not-there")
    assert not containers.holds(server, "/no/such/folder/file")
    ours = [f"{name}={value}" for name, value in run_label.labels().items()]
    left = engine.containers.list(all=True, filters={"label": ours, "status": "created"})
    assert left == []


def test_an_image_without_nginx(tmp_path: Path) -> None:
    """One line, and not what the engine and its runtime say of each other."""
    options = ("--host", "docker", "--nginx-image", "staplelab/lab-build")
    done = subprocess.run(
        [sys.executable, "-m", "staplelab", "run", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "staplelab: --nginx-image staplelab/lab-build: there is no nginx in it; give an image with "
        "one in its PATH, or none for the ready one\n"
    )
