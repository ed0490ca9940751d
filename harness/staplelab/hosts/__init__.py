"""Where parts run: as processes of this machine (local) or in containers (docker)."""

from __future__ import annotations

from staplelab.errors import LabError
from staplelab.hosts.base import Host
from staplelab.hosts.local import LocalHost
from staplelab.places import NO_PROGRAMS, build_folder

NAMES = ("local", "docker")


def announce(name: str) -> None:
    """To be called in the driver, before it starts processes that open a host: what they leave
    when it is killed is then known to be its own."""
    if name == "docker":
        from staplelab.hosts import run_label

        run_label.announce()


def conclude(name: str) -> None:
    """To be called in the driver at its end: removes what interrupted processes of the run left.
    Where they did leave something the engine may still be at work for them: the janitor stays."""
    if name == "docker":
        from staplelab.hosts import containers, run_label

        mine = run_label.run()
        if run_label.remove_runs(containers.connect(), lambda run: run == mine) == (0, []):
            run_label.dismiss()


def choose(name: str, image: str, *, server_alone: bool = False) -> Host:
    """Opens the host of that name; `image` is the server's, where it comes from one.
    `server_alone`: nothing but the server will be started there."""
    build = build_folder()
    if not (build / "bin" / "launcher").exists():
        raise LabError(NO_PROGRAMS.format(build))
    if name == "docker":
        from staplelab.hosts.containers import DockerHost

        return DockerHost(build, image, server_alone)
    return LocalHost(build)
