"""What the recipes tell their runners to do, done: every shard in one container, then merged.

The commands and rights are the recipes' own; only the scenarios are fewer.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

RECIPES = Path(__file__).resolve().parents[3] / "docker"
SHARDS = 4
IMAGE = "staplelab/lab"
#: the user of the files, as a runner arranges it
MINE = f"{os.getuid() or 65534}:{os.getgid() or 65534}"
FEW = {"PYTEST_ADDOPTS": "-p no:cacheprovider -k first_steps"}

pytestmark = pytest.mark.timeout(180)


def inside(
    script: str, folder: Path, environment: Mapping[str, str], options: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Runs a script in the image as a runner does: by a shell, in a folder that is mounted."""
    command = ["docker", "run", "--rm", f"--volume={folder}:{folder}", f"--workdir={folder}"]
    command += [f"--env={name}={value}" for name, value in {**FEW, **environment}.items()]
    return subprocess.run(
        [*command, *options, "--entrypoint=/bin/sh", IMAGE, "-ec", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def expect_merged(file: Path) -> None:
    scenarios = json.loads(file.read_text())["scenarios"]
    assert len(scenarios) > SHARDS
    assert all("first_steps" in one["id"] for one in scenarios)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o777)
    return tmp_path


def test_github_actions(folder: Path) -> None:
    jobs = yaml.safe_load((RECIPES / "ci/github-actions.yml").read_text())["jobs"]
    options = jobs["suites"]["container"]["options"]
    options = options.replace("--user 1001", f"--user {MINE}").split()
    suites, drill, merge = (
        "\n".join(step["run"] for step in jobs[name]["steps"] if "run" in step)
        for name in ("suites", "drill", "merge")
    )
    environment = {"GITHUB_WORKSPACE": str(folder), "NGINX": ""}
    for shard in jobs["suites"]["strategy"]["matrix"]["shard"]:
        script = suites.replace("${{ matrix.shard }}", str(shard))
        done = inside(script, folder, environment, options)
        assert done.returncode == 0, done.stdout + done.stderr
    done = inside(merge, folder, environment, options)
    assert done.returncode == 0, done.stdout + done.stderr
    expect_merged(folder / "results/results.json")
    expect_drilled(drill, folder, environment, options)


def expect_drilled(
    script: str, folder: Path, environment: dict[str, str], options: list[str]
) -> None:
    """The job about a configuration of one's own: here it has a site whose certificate is not in
    the repository."""
    conf = folder / "nginx" / "nginx.conf"
    conf.parent.mkdir()
    tls = "ssl_certificate www.pem; ssl_certificate_key www.key; ssl_stapling on;"
    conf.write_text(f"events {{ }} http {{ server {{ listen 443 ssl; {tls} }} }}\n")
    done = inside(script, folder, environment, options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "held: --survive 1 d" in done.stdout
    (suite,) = ElementTree.parse(folder / "drill" / "drill-junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")


def test_gitlab_ci(folder: Path) -> None:
    jobs = yaml.safe_load((RECIPES / "ci/gitlab-ci.yml").read_text())
    environment = {"CI_PROJECT_DIR": str(folder), "CI_NODE_TOTAL": str(jobs["suites"]["parallel"])}
    environment |= {"NGINX": jobs["variables"]["NGINX"]}
    for shard in range(1, SHARDS + 1):
        node = {**environment, "CI_NODE_INDEX": str(shard)}
        done = inside("\n".join(jobs["suites"]["script"]), folder, node, [])
        assert done.returncode == 0, done.stdout + done.stderr
    done = inside("\n".join(jobs["merge"]["script"]), folder, environment, [])
    assert done.returncode == 0, done.stdout + done.stderr
    expect_merged(folder / "results/results.json")
    expect_drilled("\n".join(jobs["drill"]["script"]), folder, environment, [])


def pod(job: dict[str, Any], folder: Path, index: int) -> subprocess.CompletedProcess[str]:
    """Runs the container of a Job with what the manifest allows it."""
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    user = spec["securityContext"]["runAsUser"]
    group = spec["securityContext"]["runAsGroup"]
    command = ["docker", "run", "--rm", "--network=none", f"--user={user}:{group}", "--read-only"]
    command += ["--cap-drop=ALL", "--security-opt=no-new-privileges"]
    sources = {"results": f"--volume={folder}:", "tmp": "--tmpfs="}
    for mount in container["volumeMounts"]:
        command.append(sources[mount["name"]] + mount["mountPath"])
    environment = {one["name"]: one["value"] for one in container.get("env", [])}
    environment |= {**FEW, "JOB_COMPLETION_INDEX": str(index)}
    command += [f"--env={name}={value}" for name, value in environment.items()]
    command += [f"--entrypoint={container['command'][0]}", IMAGE, *container["command"][1:]]
    return subprocess.run(
        [*command, *container["args"]], capture_output=True, text=True, timeout=120, check=False
    )


def test_kubernetes_job(folder: Path) -> None:
    documents = yaml.safe_load_all((RECIPES / "kubernetes-job.yaml").read_text())
    suites, merge = [one for one in documents if one["kind"] == "Job"]
    for index in range(suites["spec"]["completions"]):
        done = pod(suites, folder, index)
        assert done.returncode == 0, done.stdout + done.stderr
    done = pod(merge, folder, 0)
    assert done.returncode == 0, done.stdout + done.stderr
    expect_merged(folder / "results.json")


def test_kubernetes_repeats_only_what_was_killed(folder: Path) -> None:
    """A run that found something has ended; one without results has not."""
    documents = yaml.safe_load_all((RECIPES / "kubernetes-job.yaml").read_text())
    suites = next(one for one in documents if one["kind"] == "Job")
    (container,) = suites["spec"]["template"]["spec"]["containers"]
    container["args"] = [container["args"][0].replace("/opt/staplelab/docker/entrypoint", "ran")]
    script = container["args"][0]
    for ending, status in (("touch $OUT/results.json; return 1", 0), ("return 2", 1), ("", 1)):
        container["args"] = [f"ran() {{ mkdir -p $OUT; {ending or 'kill -9 $$'}; }}\n{script}"]
        assert bool(pod(suites, folder, 0).returncode) == bool(status), ending
