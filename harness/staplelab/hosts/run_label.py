"""Labels that say to which run a container or network belongs, and removing what a run left.

A run is named by the process that drives it: its number and when it started, so that a number
used again is not mistaken for it.  A janitor of its own outlives a killed driver and cleans up.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import docker.errors

LABEL = "org.staplelab.run"
_VARIABLE = "STAPLELAB_RUN"
_janitor: subprocess.Popen[bytes] | None = None


def name_of(pid: int) -> str | None:
    """The run that this process drives, None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return f"{pid}-{stat.rpartition(')')[2].split()[19]}"


def run() -> str:
    """The run that this process belongs to: its driver's, else its own."""
    inherited = os.environ.get(_VARIABLE)
    if inherited is not None:
        return inherited
    name = name_of(os.getpid())
    assert name is not None
    return name


def labels() -> dict[str, str]:
    return {LABEL: run()}


def announce() -> None:
    """Names the run to the processes that this one starts, and gives it its janitor; once."""
    if _VARIABLE in os.environ:
        return
    os.environ[_VARIABLE] = run()
    global _janitor
    _janitor = subprocess.Popen(
        [sys.executable, "-m", "staplelab.hosts.janitor", run()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # whoever kills the driver's group spares it
    )


def dismiss() -> None:
    """Ends the janitor of a run that has left nothing."""
    if _janitor is not None:
        _janitor.kill()
        _janitor.wait()


def is_alive(name: str) -> bool:
    """Whether the process that drives this run still lives."""
    pid = name.partition("-")[0]
    return pid.isdigit() and name_of(int(pid)) == name


def remove_runs(client: Any, wanted: Any) -> int:
    """Removes the containers, networks and volumes of all runs for which `wanted(name)` holds;
    returns how many there were."""
    filters = {"label": LABEL}
    containers = client.containers.list(all=True, filters=filters, ignore_removed=True)
    networks = client.networks.list(filters=filters)
    volumes = client.volumes.list(filters=filters)
    mine = [
        [one for one in found if wanted(_label(one))] for found in (containers, networks, volumes)
    ]
    remove(client, mine[0], mine[1])
    for volume in mine[2]:
        with contextlib.suppress(docker.errors.APIError):
            volume.remove(force=True)
    return sum(len(found) for found in mine)


def _label(one: Any) -> str:
    attributes = one.attrs.get("Config", one.attrs)
    return str((attributes.get("Labels") or {}).get(LABEL, ""))


def remove(client: Any, containers: Iterable[Any], networks: Iterable[Any]) -> None:
    """Removes containers, then the networks that they were on; what is gone already is well."""
    for container in containers:
        with contextlib.suppress(docker.errors.APIError):
            container.remove(force=True)
    for network in networks:
        with contextlib.suppress(docker.errors.APIError):
            network.remove()
