"""The docker host: each part in a container of its own, on private networks without a way out.

A container lives as long as the pytest process; nginx starts anew inside it, by the launcher.
Control sockets, clock, certificates and configuration come over one scratch folder, mounted under
the same path everywhere.  No part runs as root, none has a capability, nothing is published.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker
import docker.errors
import docker.types

from staplelab.errors import LabError, NotHere
from staplelab.hosts import roles, run_label
from staplelab.hosts.base import NO_CLOCK, Endpoint, Finished, Listener, Running
from staplelab.hosts.launcher import DESCRIPTORS, Launched, Launcher, of_container
from staplelab.hosts.local import run_beside
from staplelab.waiting import until

DEFAULT_IMAGE = "staplelab/nginx:1.22.1"
LAB_IMAGE = "staplelab/lab"

#: where the images keep our programs
_PREFIX = "/opt/staplelab/build/release"
_NOBODY = 65534
#: the parts whose containers every lab has; the others get theirs when they start
_PARTS = ("nginx", "responder", "stub")
#: in a container nobody but its programs listens
_FIRST_FREE_PORT = 20000
_NETWORK_ATTEMPTS = 200


def connect() -> docker.DockerClient:
    """A client of the engine (DOCKER_HOST is honoured); LabError when there is none."""
    try:
        client = docker.from_env()
        client.ping()
    except docker.errors.DockerException as error:
        raise LabError(f"no Docker engine answers: {error}; start one, or --host local") from None
    return client


def say_version(image: str) -> str:
    """What the nginx in an image prints for -V."""
    client = connect()
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        raise LabError(f"there is no image {image}; `make images` makes the ready ones") from None
    run_label.announce()  # from the first container on, somebody cleans up
    try:
        said = client.containers.run(
            image,
            entrypoint=["nginx", "-V"],
            remove=True,
            stdout=False,
            stderr=True,
            **_confined(_NOBODY, _NOBODY),
            network_mode="none",
            labels=run_label.labels(),
        )
    except docker.errors.DockerException as error:
        raise LabError(f"--nginx-image {image}: nginx -V cannot be run: {error}") from None
    return str(said.decode())


def _confined(user: int, group: int) -> dict[str, Any]:
    """What every container of ours has in common."""
    return {
        "user": f"{user}:{group}",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": {"/tmp": "mode=1777"},
    }


class DockerHost:
    """Containers on two private networks, which only this process and its parts share."""

    name = "docker"
    root = False

    def __init__(self, build: Path, image: str) -> None:
        self._build = build
        self.clock = NO_CLOCK
        self._user = (os.geteuid(), os.getegid()) if os.geteuid() != 0 else (_NOBODY, _NOBODY)
        self._networks: dict[str, Any] = {}
        self._containers: dict[str, Any] = {}
        self._launchers: dict[str, Launcher] = {}
        self._free_ports = itertools.count(_FIRST_FREE_PORT)
        self._client = connect()
        run_label.announce()  # a host without a probe before it is the first to make something
        self.folder = Path(tempfile.mkdtemp(prefix="staplelab-"))
        self.share(self.folder)
        try:
            self._hosts = self.folder / "hosts"
            self._hosts.write_text("127.0.0.1 localhost\n")
            self._make_networks()
            for part in _PARTS:
                self._make_container(part, image if part == "nginx" else LAB_IMAGE)
        except BaseException:
            self.close()
            raise

    # ----- networks and containers -----

    def _make_networks(self) -> None:
        candidates = _subnets()
        for name in ("a", "b"):
            for subnet in candidates:
                try:
                    self._networks[name] = self._make_network(name, subnet)
                    break
                except docker.errors.APIError as error:
                    # taken by a network of somebody else
                    if "overlap" not in str(error):
                        raise LabError(f"the engine makes no network: {error}") from None
            else:
                raise LabError("the engine has no room for another network; try `staplelab clean`")

    def _make_network(self, name: str, subnet: int) -> Any:
        high, low = divmod(subnet, 256)
        pools = [
            docker.types.IPAMPool(subnet=f"10.{high}.{low}.0/24", gateway=f"10.{high}.{low}.1"),
            docker.types.IPAMPool(subnet=f"fd53:7461:{subnet:x}::/64"),
        ]
        network = self._client.networks.create(
            f"staplelab-{run_label.run()}-{os.getpid()}-{name}",
            driver="bridge",
            internal=True,
            enable_ipv6=True,
            ipam=docker.types.IPAMConfig(pool_configs=pools),
            labels=run_label.labels(),
        )
        network.lab_prefix = f"10.{high}.{low}"
        network.lab_prefix6 = f"fd53:7461:{subnet:x}::"
        return network

    def _make_container(self, part: str, image: str, **host_config: Any) -> None:
        """A container with a launcher in it.  Without a `network_mode` of its own it gets its
        addresses on both networks."""
        api = self._client.api
        door = self.folder / f"{part}.door"
        confined = {**_confined(*self._user), **host_config}
        user = confined.pop("user")
        networking = None
        if "network_mode" not in host_config:
            endpoint = api.create_endpoint_config(
                ipv4_address=self.address(part), ipv6_address=self.ipv6_address(part)
            )
            networking = api.create_networking_config({self._networks["a"].name: endpoint})
        try:
            created = api.create_container(
                image,
                entrypoint=[f"{_PREFIX}/bin/launcher"],
                command=[str(door)],
                user=user,
                labels=run_label.labels(),
                host_config=api.create_host_config(
                    **confined,
                    auto_remove=True,
                    binds={
                        str(self.folder): {"bind": str(self.folder), "mode": "rw"},
                        str(self._hosts): {"bind": "/etc/hosts", "mode": "ro"},
                    },
                ),
                networking_config=networking,
            )
        except docker.errors.ImageNotFound:
            raise LabError(f"there is no image {image}; `make images` makes it") from None
        container = self._client.containers.get(created["Id"])
        self._containers[part] = container
        if networking is not None:
            second = f"{self._networks['b'].lab_prefix}.{roles.find(part).octet}"
            self._networks["b"].connect(container, ipv4_address=second)
        container.start()
        until(door.exists, f"the launcher of the container for {part}")
        container.reload()
        self._launchers[part] = of_container(door, container.attrs["State"]["Pid"])

    # ----- what the lab asks -----

    def address(self, role: str) -> str:
        return f"{self._network_of(role).lab_prefix}.{roles.find(role).octet}"

    def ipv6_address(self, role: str) -> str | None:
        return f"{self._network_of(role).lab_prefix6}{roles.find(role).octet:x}"

    def _network_of(self, role: str) -> Any:
        return self._networks["b" if roles.find(role).second else "a"]

    def ports(self, standard: int) -> Sequence[int]:
        return [standard]

    def port(self, standard: int) -> int:
        return standard

    def endpoint(self, role: str) -> Endpoint:
        return Endpoint(self.address(role), next(self._free_ports))

    def listen(self, role: str, standard: int) -> Listener:
        # the launcher opens it, inside
        return Listener(self.address(role), standard, DESCRIPTORS[standard])

    def tool(self, name: str) -> str:
        return str(self._build / "bin" / name)

    def program(self, name: str) -> str:
        return f"{_PREFIX}/bin/{name}"

    def server_program(self, path: str) -> str:
        return "nginx"

    def share(self, path: Path) -> None:
        if os.geteuid() != 0:
            return  # the parts run as we do
        for folder, _, files in os.walk(path):
            for one in (folder, *(os.path.join(folder, name) for name in files)):
                os.chown(one, *self._user)
        if path.is_file():
            os.chown(path, *self._user)

    def hosts_file(self, folder: Path) -> Path:
        return self._hosts

    def network(self, argv: Sequence[str]) -> str:
        if "network" not in self._launchers:
            # shares the server's network and may change it; the programs in the image that do so
            # take the capability from their files, so it is not root either
            self._make_container(
                "network",
                LAB_IMAGE,
                network_mode=f"container:{self._containers['nginx'].id}",
                cap_add=["NET_ADMIN", "NET_RAW"],
                security_opt=[],
            )
        status, text = self._launchers["network"].run(argv, self.folder / "network.out")
        if status != 0:
            raise NotHere(f"{' '.join(argv)}: {text.strip()}")
        return text

    def pause(self, role: str, running: Running) -> None:
        self._containers[role].pause()

    def resume(self, role: str, running: Running) -> None:
        self._containers[role].unpause()

    def client_variables(self) -> dict[str, str]:
        return self._clock_variables(self._build)

    def part_variables(self, hosts: Path | None = None) -> dict[str, str]:
        return self._clock_variables(Path(_PREFIX))

    def _clock_variables(self, build: Path) -> dict[str, str]:
        if not self.clock.library:
            return {}
        return {**self.clock.variables, "LD_PRELOAD": str(build / "lib" / self.clock.library)}

    def start(
        self,
        role: str,
        argv: Sequence[str],
        *,
        variables: Mapping[str, str],
        stderr: Path,
        listeners: Sequence[Listener] = (),
        read_stdout: bool = False,
        log_stdout: bool = False,
    ) -> Launched:
        if role not in self._launchers:
            self._make_container(role, LAB_IMAGE)
        return self._launchers[role].start(
            argv,
            variables=variables,
            stderr=stderr,
            listeners=listeners,
            read_stdout=read_stdout,
            log_stdout=log_stdout,
        )

    def run(self, argv: Sequence[str], *, variables: Mapping[str, str]) -> Finished:
        return run_beside(argv, variables)

    def close(self) -> None:
        for launcher in self._launchers.values():
            launcher.close()
        run_label.remove(self._client, self._containers.values(), self._networks.values())
        shutil.rmtree(self.folder, ignore_errors=True)
        self._client.close()


def _subnets() -> Iterator[int]:
    """Private networks of 256 addresses to try, 10.x.y.0, where they begin differs by process."""
    first = 200 * 256 + os.getpid() % 8000
    yield from range(first, first + _NETWORK_ATTEMPTS)
