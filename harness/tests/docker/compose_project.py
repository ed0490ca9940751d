"""The playground under a project name and ports of its own, driven as a newcomer drives it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parents[3] / "docker"
FILE = _FOLDER / "compose.yaml"
FAST_FILE = _FOLDER / "compose.fast.yaml"
_CERTIFICATE_NAME = "www.staplelab.test"
_BOUND = 30


def compose_command() -> list[str]:
    """COMPOSE in the environment, else docker-compose (1.29), else Compose v2."""
    if "COMPOSE" in os.environ:
        return shlex.split(os.environ["COMPOSE"])
    return ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]


class Project:
    """One playground; `engine` is a client of the Docker SDK, `speed` how many seconds pass there
    in a real one."""

    def __init__(self, engine: Any, suffix: str = "", speed: int = 1) -> None:
        self._engine = engine
        self._files = [FILE] if speed == 1 else [FILE, FAST_FILE]
        self._token = ""
        name = f"staplelab-test-{os.getpid()}{suffix}"
        self.label = f"com.docker.compose.project={name}"
        self._environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": name,
            "STAPLELAB_TOKEN": "",
            "STAPLELAB_HTTPS_PORT": "0",
            "STAPLELAB_RESPONDER_PORT": "0",
            "STAPLELAB_STUB_PORT": "0",
            "STAPLELAB_SPEED": str(speed),
        }

    def compose(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        files = [word for file in self._files for word in ("-f", str(file))]
        return subprocess.run(
            [*compose_command(), *files, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def up(self) -> None:
        begin = int(time.time())
        done = self.compose("up", "-d")
        assert done.returncode == 0, done.stdout + done.stderr
        # nginx is the last to start
        filters = {"label": [self.label, "com.docker.compose.service=nginx"]}
        events = self._engine.events(
            since=begin,
            until=int(time.time()) + _BOUND,
            decode=True,
            filters={**filters, "event": "health_status"},
        )
        status = next((event["status"] for event in events), "no health status")
        events.close()
        assert status == "health_status: healthy", self.compose("logs").stdout

    def down(self) -> None:
        done = self.compose("down", "-v")
        assert done.returncode == 0, done.stdout + done.stderr

    def container(self, service: str) -> Any:
        filters = {"label": [self.label, f"com.docker.compose.service={service}"]}
        (found,) = self._engine.containers.list(all=True, filters=filters)
        return found

    def left(self) -> list[Any]:
        filters = {"label": self.label}
        containers = self._engine.containers.list(all=True, filters=filters)
        networks = self._engine.networks.list(filters=filters)
        return [*containers, *networks, *self._engine.volumes.list(filters=filters)]

    def verdict(self) -> str:
        """What staple-check says of one handshake with nginx."""
        done = self.compose("run", "--rm", "-T", "check")
        return str(json.loads(done.stdout.splitlines()[-1])["verdict"])

    def openssl(self) -> str:
        """What openssl s_client shows of the staple."""
        command = ["openssl", "s_client", "-connect", self.address("nginx", 8443), "-status"]
        done = subprocess.run(
            [*command, "-servername", _CERTIFICATE_NAME],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_BOUND,
            check=False,
        )
        return done.stdout

    def address(self, service: str, port: int) -> str:
        (published,) = self.container(service).ports[f"{port}/tcp"]
        return f"{published['HostIp']}:{published['HostPort']}"

    def token(self) -> str:
        """The token of the control API, which the playground has made for itself."""
        done = self.compose("exec", "-T", "responder", "cat", "/playground/token")
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")

    def control(
        self, service: str, method: str, path: str, body: Any = None, token: str = ""
    ) -> Any:
        """An answer of the control API; the status of a refusal."""
        self._token = self._token or self.token()
        request = urllib.request.Request(
            f"http://{self.address(service, 8090)}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token or self._token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_BOUND) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code

    def last_event(self, service: str) -> int:
        return int(self.control(service, "GET", "/v1/events?limit=1")["last"])

    def wait_for_event(self, service: str, since: int, match: dict[str, Any]) -> None:
        question = {"match": match, "since": since, "bound_ms": 1000 * _BOUND}
        answer = self.control(service, "POST", "/v1/events/wait", question)
        assert isinstance(answer, dict), f"{service}: no {match}: {answer}"

    def reload(self) -> None:
        """nginx -s reload; returns when the worker with the former cache has ended."""
        nginx = self.container("nginx")
        before = nginx.logs().count(b"\n")
        done = self.compose("exec", "-T", "nginx", "nginx", "-s", "reload")
        assert done.returncode == 0, done.stderr
        self.wait_for_log("exited with code 0", before)

    def wait_for_log(self, words: str, after: int = 0) -> None:
        """Returns when nginx has logged these words, behind so many lines; pytest's own timeout
        is the bound."""
        lines = self.container("nginx").logs(stream=True, follow=True)
        seen = 0
        rest = b""
        for chunk in lines:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                seen += 1
                if seen > after and words.encode() in line:
                    lines.close()
                    return
        raise AssertionError(f"nginx ended without logging {words!r}")
