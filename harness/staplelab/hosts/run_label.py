"""Labels that say to which run a container or network belongs, and removing what a run left.

A run is named by the process that drives it: its number and when it started, so that a number
used again is not mistaken for it.  A janitor of its own outlives a killed driver and cleans up.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import docker.errors

LABEL = "org.staplelab.run"
_VARIABLE = "STAPLELAB_RUN"
_FOLDER = "staplelab-"
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


def folder_prefix() -> str:
    """How the names of its scratch folders begin."""
    return f"{_FOLDER}{run()}-"


def remove_folders(wanted: Any) -> int:
    """Removes the scratch folders of all runs for which `wanted(name)` holds; returns how many
    there were."""
    found = 0
    for path in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*-*"):
        name = path.name.removeprefix(_FOLDER).rpartition("-")[0]
        if wanted(name) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
            found += 1
    return found


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


class Removed(NamedTuple):
    """What of dead runs was there."""

    #: how many are gone now
    gone: int
    #: the names of those that the engine does not let go
    stuck: list[str]


def remove_runs(client: Any, wanted: Any) -> Removed:
    """Removes the containers, networks and volumes of all runs for which `wanted(name)` holds."""
    filters = {"label": LABEL}
    containers = client.containers.list(all=True, filters=filters, ignore_removed=True)
    networks = client.networks.list(filters=filters)
    volumes = client.volumes.list(filters=filters)
    found = [one for one in (*containers, *networks, *volumes) if wanted(_label(one))]
    stuck = [str(one.name) for one in found if not _is_removed(one)]
    return Removed(len(found) - len(stuck), stuck)


def _label(one: Any) -> str:
    attributes = one.attrs.get("Config", one.attrs)
    return str((attributes.get("Labels") or {}).get(LABEL, ""))


def remove(containers: Iterable[Any], networks: Iterable[Any]) -> None:
    """Removes containers, then the networks that they were on; what is gone already is well."""
    for one in (*containers, *networks):
        _is_removed(one)


def _is_removed(one: Any) -> bool:
    """Removes a container, network or volume; whether it is gone then."""
    try:
        one.remove(**({} if hasattr(one, "connect") else {"force": True}))
    except docker.errors.NotFound:
        return True
    except docker.errors.APIError as error:
        return "is already in progress" in str(error)
    return True
