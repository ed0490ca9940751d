"""The recipes for CI systems and clusters, held to the schemas of those who read them.

`make test-recipes` runs this with the python of build/recipe-checkers, which has the checkers.
What the recipes do is tested with an engine, in test_recipes_run.py.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
CI = ROOT / "docker/ci"
JOB = ROOT / "docker/kubernetes-job.yaml"
COMPOSE = ROOT / "docker/compose.yaml"
SCHEMAS = {
    **{path.name: "vendor.github-workflows" for path in CI.glob("github-*.yml")},
    **{path.name: "vendor.gitlab-ci" for path in CI.glob("gitlab-*.yml")},
}
#: an older one, and the newest that the checker knows
KUBERNETES = [["-k", "1.30.0"], []]
#: what the Restricted Pod Security Standard asks of a pod and of each of its containers
RESTRICTED_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def check(*command: str | Path) -> subprocess.CompletedProcess[str]:
    checker = Path(sys.executable).parent / command[0]
    return subprocess.run(
        [checker, *command[1:]], capture_output=True, text=True, timeout=60, check=False
    )


def schema_check(schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    return check("check-jsonschema", "--builtin-schema", schema, path)


def misspelt(path: Path, right: str, wrong: str, folder: Path) -> Path:
    """A copy with one word changed, wherever it stands."""
    text = path.read_text()
    assert right in text
    copy = folder / path.name
    copy.write_text(text.replace(right, wrong))
    return copy


def load(path: Path) -> dict[str, Any]:
    found = yaml.safe_load(path.read_text())
    assert isinstance(found, dict)
    return found


def test_every_recipe_is_checked() -> None:
    assert sorted(SCHEMAS) == sorted(path.name for path in CI.iterdir())
    assert len(SCHEMAS) == 4


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_recipe_fits_its_schema(name: str) -> None:
    done = schema_check(SCHEMAS[name], CI / name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("github-actions.yml", "runs-on:", "run-on:"), ("gitlab-ci.yml", "script:", "scripts:")],
)
def test_schema_sees_a_misspelt_word(name: str, right: str, wrong: str, tmp_path: Path) -> None:
    done = schema_check(SCHEMAS[name], misspelt(CI / name, right, wrong, tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr


def test_playground_fits_the_compose_specification(tmp_path: Path) -> None:
    done = schema_check("vendor.compose-spec", COMPOSE)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = misspelt(COMPOSE, "cap_drop:", "cap_dropped:", tmp_path)
    assert schema_check("vendor.compose-spec", wrong).returncode == 1


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_takes_the_job(version: list[str], tmp_path: Path) -> None:
    done = check("kubernetes-validate", "--strict", *version, JOB)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = misspelt(JOB, "completionMode:", "completionsMode:", tmp_path)
    assert check("kubernetes-validate", "--strict", *version, wrong).returncode == 1


def test_github_uploads_whatever_happened() -> None:
    for path in CI.glob("github-*.yml"):
        jobs = load(path)["jobs"]
        assert set(jobs) == {"suites", "drill", "merge"}
        for job in jobs.values():
            uploads = [one for one in job["steps"] if "upload-artifact" in one.get("uses", "")]
            assert [one["if"] for one in uploads] == ["always()"]
        assert jobs["merge"]["if"] == "always()"
        assert jobs["suites"]["strategy"] == {
            "fail-fast": False,
            "matrix": {"shard": [1, 2, 3, 4]},
        }


def test_gitlab_uploads_whatever_happened() -> None:
    for path in CI.glob("gitlab-*.yml"):
        jobs = load(path)
        assert jobs["suites"]["parallel"] == 4
        assert jobs["merge"]["when"] == "always"
        for name in ("suites", "drill", "merge"):
            assert jobs[name]["artifacts"]["when"] == "always"


def test_pods_are_restricted() -> None:
    jobs = [one for one in yaml.safe_load_all(JOB.read_text()) if one["kind"] == "Job"]
    assert [one["metadata"]["name"] for one in jobs] == ["staplelab", "staplelab-merge"]
    for job in jobs:
        pod = job["spec"]["template"]["spec"]
        assert pod["securityContext"].items() >= RESTRICTED_POD.items()
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert not [one for one in pod["volumes"] if "hostPath" in one]
        for container in pod["containers"]:
            assert container["securityContext"] == RESTRICTED


def test_every_shard_has_a_pod() -> None:
    job = next(one for one in yaml.safe_load_all(JOB.read_text()) if one["kind"] == "Job")
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert spec["completionMode"] == "Indexed"
    assert container["env"] == [{"name": "SHARDS", "value": str(spec["completions"])}]
