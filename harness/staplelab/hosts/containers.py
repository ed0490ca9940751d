"""The docker host: each part in a container of its own, on private networks without a way out.

A container lives as long as the pytest process; nginx starts anew inside it, by the launcher.
Control sockets, clock, certificates and configuration come over one scratch folder, mounted under
the same path everywhere; the server under test has only those parts of it that it may read, and one
that it may write (docs/security.md).  No part runs as root, none has a capability, nothing is
published.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker
import docker.errors
import docker.types
from requests.exceptions import RequestException

from staplelab import untrusted
from staplelab.errors import LabError, NotHere
from staplelab.hosts import roles, run_label
from staplelab.hosts.base import NO_CLOCK, Endpoint, Finished, Listener, Running
from staplelab.hosts.launcher import DESCRIPTORS, ContainerLauncher, Launched, LocalLauncher
from staplelab.waiting import PROGRAM_SECONDS, until

DEFAULT_IMAGE = "staplelab/nginx:1.22.1"
LAB_IMAGE = "staplelab/lab"

#: where the images keep our programs
_PREFIX = "/opt/staplelab/build/release"
#: who the parts are when the driver is root, and the server under test, that is none of them
_PARTS_USER = 65534
_SERVER_USER = 65533
_SERVER = "nginx"
#: what one container may take: octets of memory, processes, octets in /tmp, octets of a file
_MEMORY = 1 << 30
_PROCESSES = 512
_TEMPORARY = 64 << 20
_LONGEST_FILE = 256 << 20
#: the parts whose containers every lab has; the others get theirs when they start
_PARTS = (_SERVER, "responder", "stub")
#: in a container nobody but its programs listens
_FIRST_FREE_PORT = 20000
_NETWORK_ATTEMPTS = 200
_ANSWER_SECONDS = 30
_ANSWER_LINES = 200


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
        asked = client.containers.run(
            image,
            entrypoint=["nginx", "-V"],
            detach=True,
            **confined(_SERVER_USER, _SERVER_USER),
            network_mode="none",
            labels=run_label.labels(),
        )
        try:
            asked.wait(timeout=_ANSWER_SECONDS)
            return str(asked.logs(stdout=False, tail=_ANSWER_LINES).decode(errors="replace"))
        finally:
            asked.remove(force=True)
    except (docker.errors.DockerException, RequestException) as error:
        if re.search(r"executable file.* not found|no such file", str(error), re.IGNORECASE):
            raise LabError(
                f"--nginx-image {image}: there is no nginx in it; give an image with one in its "
                "PATH, or none for the ready one"
            ) from None
        raise LabError(f"--nginx-image {image}: nginx -V cannot be run: {error}") from None


def holds(image: str, file: str) -> bool:
    """Whether there is such a file in an image."""
    run_label.announce()
    try:
        made = connect().containers.create(image, labels=run_label.labels())
        try:
            octets, _ = made.get_archive(file)
            octets.close()
        finally:
            made.remove(force=True)
    except docker.errors.NotFound:
        return False
    except (docker.errors.DockerException, RequestException) as error:
        raise LabError(f"--nginx-image {image}: {file} cannot be looked for: {error}") from None
    return True


def confined(user: int, group: int) -> dict[str, Any]:
    """What every container of ours has in common."""
    return {
        "user": f"{user}:{group}",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": {"/tmp": f"mode=1777,size={_TEMPORARY}"},
        "mem_limit": _MEMORY,
        "memswap_limit": _MEMORY,
        "pids_limit": _PROCESSES,
        "ulimits": [docker.types.Ulimit(name="fsize", soft=_LONGEST_FILE, hard=_LONGEST_FILE)],
        # what it writes to its own log is kept by the engine, but not without an end
        "log_config": docker.types.LogConfig(
            type="json-file", config={"max-size": "1m", "max-file": "1"}
        ),
    }


class DockerHost:
    """Containers on two private networks, which only this process and its parts share."""

    name = "docker"
    root = False
    open_for_want_of = ""

    def __init__(self, build: Path, image: str, server_alone: bool = False) -> None:
        self._build = build
        self.clock = NO_CLOCK
        ours = (os.geteuid(), os.getegid())
        self._user = ours if os.geteuid() != 0 else (_PARTS_USER, _PARTS_USER)
        self._server_user = ours if os.geteuid() != 0 else (_SERVER_USER, _SERVER_USER)
        self._networks: dict[str, Any] = {}
        self._containers: dict[str, Any] = {}
        self._launchers: dict[str, ContainerLauncher] = {}
        #: of what runs on this machine; made when something does
        self._beside: LocalLauncher | None = None
        self._free_ports = itertools.count(_FIRST_FREE_PORT)
        self._client = connect()
        run_label.announce()  # a host without a probe before it is the first to make something
        self.folder = Path(tempfile.mkdtemp(prefix=run_label.folder_prefix()))
        self.given = self.folder / "given"
        self.server_folder = self.folder / "server"
        try:
            self._make_folders()
            self._hosts = self.folder / "hosts"
            self._hosts.write_text("127.0.0.1 localhost\n")
            self._make_networks()
            self._resolv_conf = self.folder / "resolv.conf"
            self._resolv_conf.write_text(f"nameserver {self.address('stub')}\n")
            for part in _PARTS[:1] if server_alone else _PARTS:
                self._make_container(part, image if part == _SERVER else LAB_IMAGE)
        except BaseException:
            self.close()
            raise

    def _make_folders(self) -> None:
        """Nobody else on this machine sees what is in the scratch folder."""
        for folder in (self.given, self.server_folder, self._door(_SERVER).parent):
            folder.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(self.folder, *self._user)
            for folder in (self.server_folder, self._door(_SERVER).parent):
                os.chown(folder, *self._server_user)
        self.share(self.given)

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
        door = self._door(part)
        user = self._server_user if part == _SERVER else self._user
        limits = {**confined(*user), **host_config}
        user_words = limits.pop("user")
        networking = None
        if "network_mode" not in host_config:
            # the engine has a name server in each container, which asks this one
            limits["dns"] = [self.address("stub")]
            endpoint = api.create_endpoint_config(
                ipv4_address=self.address(part), ipv6_address=self.ipv6_address(part)
            )
            networking = api.create_networking_config({self._networks["a"].name: endpoint})
        try:
            created = api.create_container(
                image,
                entrypoint=[f"{_PREFIX}/bin/launcher"],
                command=[str(door)],
                user=user_words,
                labels=run_label.labels(),
                healthcheck={"test": ["NONE"]},
                host_config=api.create_host_config(
                    **limits, auto_remove=True, binds=self._binds(part)
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
        self._launchers[part] = ContainerLauncher(door, container.attrs["State"]["Pid"])

    def _door(self, part: str) -> Path:
        """Where a part's launcher is asked; the server's is in a folder that no other part has."""
        return self.folder / ("doors/server/door" if part == _SERVER else f"{part}.door")

    def _binds(self, part: str) -> dict[str, dict[str, str]]:
        """What a container has of this machine.  The parts are ours and have the scratch folder.
        The server has what it is to read, a folder to write into, and our launcher, whatever its
        image has under that name."""
        binds = {
            str(self._hosts): {"bind": "/etc/hosts", "mode": "ro"},
            str(self._resolv_conf): {"bind": "/etc/resolv.conf", "mode": "ro"},
        }
        if part != _SERVER:
            return {**binds, str(self.folder): {"bind": str(self.folder), "mode": "rw"}}
        for folder, mode in (
            (self.given, "ro"),
            (self.server_folder, "rw"),
            (self._door(part).parent, "rw"),
        ):
            binds[str(folder)] = {"bind": str(folder), "mode": mode}
        launcher = f"{_PREFIX}/bin/launcher"
        binds[str((self._build / "bin" / "launcher").resolve())] = {"bind": launcher, "mode": "ro"}
        return binds

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
        """What lies in `given` is the driver's own: no server can have put a link there."""
        root = os.geteuid() == 0
        for one in [path, *path.rglob("*")]:
            if one.is_symlink():
                continue
            if root:  # otherwise the parts run as we do
                os.chown(one, *self._user, follow_symlinks=False)
            one.chmod(one.stat().st_mode | (0o555 if one.is_dir() else 0o444))

    def hosts_file(self, folder: Path) -> Path:
        return self._hosts

    def network(self, argv: Sequence[str]) -> str:
        if "network" not in self._launchers:
            # shares the server's network and may change it; the programs in the image that do so
            # take the capability from their files, so it is not root either
            self._make_container(
                "network",
                LAB_IMAGE,
                network_mode=f"container:{self._containers[_SERVER].id}",
                cap_add=["NET_ADMIN", "NET_RAW"],
                security_opt=[],
            )
        done = self._launchers["network"].run(argv, {})
        if done.status != 0:
            raise NotHere(f"{' '.join(argv)}: {done.stderr.strip()}")
        return done.stdout

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

    def run(
        self, argv: Sequence[str], *, variables: Mapping[str, str], bound: float = PROGRAM_SECONDS
    ) -> Finished:
        if self._beside is None:
            self._beside = LocalLauncher(self.tool("launcher"), self.folder / "beside")
        return self._beside.run(argv, variables, bound)

    def close(self) -> None:
        if self._beside is not None:
            self._beside.close()
        for launcher in self._launchers.values():
            launcher.close()
        run_label.remove(self._containers.values(), self._networks.values())
        if self.server_folder.exists():
            untrusted.empty(self.server_folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._client.close()


def _subnets() -> Iterator[int]:
    """Private networks of 256 addresses to try, 10.x.y.0, where they begin differs by process."""
    first = 200 * 256 + os.getpid() % 8000
    yield from range(first, first + _NETWORK_ATTEMPTS)
