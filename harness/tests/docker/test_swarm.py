"""docker/swarm-run for real, on a swarm of this one node: cut, spread, merged, nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from staplelab.hosts import containers
from staplelab.waiting import until_written

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = str(ROOT / "docker/swarm-run")
FEW = ["--", "-k", "first_steps"]
SERVICE = "com.docker.swarm.service.name"
BOUND = 60

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def engine() -> Iterator[Any]:
    """The engine, in no swarm; and nothing may be left of one at the end."""
    client = containers.connect()
    assert state(client) == "inactive", "this engine is in a swarm; these tests make one of theirs"
    before = things(client)
    yield client
    assert state(client) == "inactive"
    assert things(client) == before
    client.close()


def state(client: Any) -> str:
    return str(client.info()["Swarm"]["LocalNodeState"])


def things(client: Any) -> set[str]:
    """Tasks' containers and the networks that a swarm brings along."""
    found = client.containers.list(all=True, filters={"label": SERVICE}, ignore_removed=True)
    networks = {one.name for one in client.networks.list()}
    ours = {name for name in networks if name.startswith("staplelab-job-")}
    return {one.name for one in found} | ours | (networks & {"ingress", "docker_gwbridge"})


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def swarm_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments], capture_output=True, text=True, timeout=500, check=False
    )


def without_times(file: Path) -> dict[str, Any]:
    results = json.loads(file.read_text())
    for scenario in results["scenarios"]:
        del scenario["seconds"]
    assert isinstance(results, dict)
    return results


def job_starts(client: Any, script: subprocess.Popen[str], begin: int, until: int) -> Iterator[Any]:
    """The starts of the script's tasks, as they happen."""
    events = client.events(
        since=begin, until=until, decode=True, filters={"label": SERVICE, "event": "start"}
    )
    for event in events:
        attributes = event["Actor"]["Attributes"]
        if attributes[SERVICE].startswith(f"staplelab-job-{script.pid}-"):
            yield event
    events.close()


def test_four_shards_equal_the_whole(engine: Any, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    whole.chmod(0o777)
    command = ["docker", "run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp"]
    command += ["--cap-drop=ALL", f"--volume={whole}:/results", "--env=OUT=/results"]
    done = subprocess.run(
        [*command, "staplelab/lab"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

    cut = tmp_path / "cut"
    done = swarm_run("--shards", "4", "--out", str(cut))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything as expected." in done.stdout
    assert sorted(one.name for one in (cut / "shards").iterdir()) == ["1", "2", "3", "4"]
    merged = without_times(cut / "results.json")
    assert len(merged["scenarios"]) > 100
    assert merged == without_times(whole / "results.json")
    assert (cut / "junit.xml").exists() and (cut / "report" / "index.html").exists()


def test_a_killed_task_is_repeated(engine: Any, tmp_path: Path) -> None:
    begin = int(time.time())
    script = start("--shards", "2", "--out", str(tmp_path), *FEW)
    first = next(job_starts(engine, script, begin, begin + BOUND))
    engine.api.kill(first["id"], "SIGKILL")
    said, complaint = script.communicate(timeout=120)
    assert script.returncode == 0, said + complaint
    assert len(list(job_starts(engine, script, begin, int(time.time())))) == 3


def until_attempt(folder: Path, number: int) -> None:
    """Returns when the task of this shard has begun for the so-manieth time."""
    attempts = folder / "attempts"

    def begun() -> bool:
        return attempts.exists() and attempts.read_text().count("\n") == number

    until_written(folder, begun, f"attempt {number} in {folder}")


def test_a_task_that_always_dies_is_given_up(engine: Any, tmp_path: Path) -> None:
    begin = int(time.time())
    script = start("--shards", "2", "--out", str(tmp_path), *FEW)
    victim = ""
    deaths = 0
    for event in job_starts(engine, script, begin, begin + BOUND):
        slot = event["Actor"]["Attributes"]["com.docker.swarm.task.name"].split(".")[1]
        victim = victim or slot
        if slot != victim:
            continue
        deaths += 1
        until_attempt(tmp_path / "shards" / (str(int(slot) + 1) if slot.isdigit() else "1"), deaths)
        engine.api.kill(event["id"], "SIGKILL")
        if deaths == 3:
            break
    _, complaint = script.communicate(timeout=BOUND)
    assert script.returncode == 1
    assert "staplelab: no results in" in complaint


def test_a_task_may_do_nothing_else(engine: Any, tmp_path: Path) -> None:
    begin = int(time.time())
    script = start("--shards", "2", "--out", str(tmp_path), *FEW)
    first = next(job_starts(engine, script, begin, begin + BOUND))
    view = engine.api.inspect_container(first["id"])
    names = view["NetworkSettings"]["Networks"]
    internal = [engine.networks.get(name).attrs["Internal"] for name in names]
    script.communicate(timeout=BOUND)
    assert script.returncode == 0
    assert view["Config"]["User"] == f"{os.getuid() or 65534}:{os.getgid() or 65534}"
    assert view["HostConfig"]["ReadonlyRootfs"] and not view["HostConfig"]["Privileged"]
    assert view["HostConfig"]["CapDrop"] == ["ALL"] and not view["HostConfig"]["PortBindings"]
    assert internal == [True]


def test_terminated_it_leaves_nothing(engine: Any, tmp_path: Path) -> None:
    begin = int(time.time())
    script = start("--shards", "2", "--out", str(tmp_path))
    next(job_starts(engine, script, begin, begin + BOUND))
    script.send_signal(signal.SIGTERM)
    script.communicate(timeout=BOUND)
    assert script.returncode == 128 + signal.SIGTERM


def test_a_swarm_that_was_there_stays(engine: Any, tmp_path: Path) -> None:
    engine.swarm.init(advertise_addr="127.0.0.1", listen_addr="127.0.0.1")
    try:
        before = things(engine)
        done = swarm_run("--shards", "2", "--at-once", "1", "--out", str(tmp_path), *FEW)
        assert done.returncode == 0, done.stdout + done.stderr
        assert state(engine) == "active"
        assert engine.services.list() == []
        assert things(engine) - {"docker_gwbridge"} == before - {"docker_gwbridge"}
    finally:
        engine.swarm.leave(force=True)
        for network in engine.networks.list(names=["docker_gwbridge"]):
            network.remove()


def test_a_task_without_results_is_a_failure(engine: Any, tmp_path: Path) -> None:
    done = swarm_run("--shards", "2", "--out", str(tmp_path), "--", "-k", "wrong(")
    assert done.returncode == 1
    assert "Wrong expression passed to '-k'" in done.stderr
    assert f"staplelab: no results in {tmp_path}/shards/1" in done.stderr


def test_it_waits_no_longer_than_told(engine: Any, tmp_path: Path) -> None:
    arguments = ["--shards", "1", "--bound", "5", "--image", "staplelab/no-such-image"]
    done = swarm_run(*arguments, "--out", str(tmp_path))
    assert done.returncode == 1
    assert "No such image: staplelab/no-such-image" in done.stderr
    assert "staplelab: the job was not done within 5 s" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shards", "0"], "--shards '0': give a number from 1 on"),
        (["--at-once", "x"], "--at-once 'x': give a number from 1 on"),
        (["--bound"], "--bound needs a value"),
        (["--shard", "4"], "unknown argument --shard"),
        (["--out", "a,b"], "no comma and no quote may stand in it"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [SCRIPT, *arguments],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "DOCKER_HOST": "unix:///nowhere"},
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("staplelab: swarm-run: ") and said in done.stderr
