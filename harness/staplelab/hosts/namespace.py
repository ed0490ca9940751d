"""Namespaces of the run's own: a network that it may break without anybody noticing, and a /dev/shm
that goes with it.

`staplelab run` enters them before anything else where the kernel lets it: as root directly, as an
ordinary user, and anew, within a user namespace that keeps the user's number and capabilities.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

SHM = Path("/dev/shm")

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 2, 4, 1 << 14, 1 << 18


class _Space(NamedTuple):
    #: there as long as a run has its own
    variable: str
    flag: int
    option: str


_NETWORK = _Space("STAPLELAB_NETNS", 0x40000000, "--net")
_MOUNTS = _Space("STAPLELAB_MOUNTNS", 0x00020000, "--mount")
#: what the variables say
_ENTERED, _NOT_GIVEN = "1", "not given"
#: what that of the mounts says once /dev/shm is the run's own
_SHM_IS_OWN = "shm"

_WHAT = "a network namespace of the run's own, which "
NOT_GIVEN = _WHAT + "this kernel or container does not give (unshare --net)"
NOT_ENTERED = _WHAT + "`staplelab run` enters, and plain pytest does not"
_WHY = "faults of the network need {}"
WHY_NOT = _WHY.format(NOT_GIVEN)
WHY_NOT_ENTERED = _WHY.format(NOT_ENTERED)
WHY_NO_SHM = (
    "libfaketime leaves files in /dev/shm, so that the run needs one of its own; `staplelab run` "
    "makes it where the kernel or container lets it (unshare --mount)"
)


def is_own() -> bool:
    """Whether this run has its own network namespace."""
    return _is_there(_NETWORK)


def what_is_missing() -> str:
    """What it has not, and why.  A pytest that nobody started by `staplelab run`
    never asks for one: its other tests may want the machine's network."""
    return NOT_GIVEN if _NETWORK.variable in os.environ else NOT_ENTERED


def why_no_faults() -> str:
    """Why it has no faults of the network."""
    return _WHY.format(what_is_missing())


def _is_there(space: _Space) -> bool:
    return os.environ.get(space.variable, _NOT_GIVEN) != _NOT_GIVEN


def has_own_shm() -> bool:
    """Whether this run has its own /dev/shm."""
    return os.environ.get(_MOUNTS.variable) == _SHM_IS_OWN


def enter(*, network: bool = True, shm: bool = False) -> None:
    """Puts this process into namespaces of its own, or starts its command anew in them; returns
    when it is there or none can be had."""
    wanted = [space for space, asked in ((_NETWORK, network), (_MOUNTS, shm)) if asked]
    new = [space for space in wanted if not _is_there(space)]
    os.environ.update({space.variable: _NOT_GIVEN for space in new})
    if new and os.geteuid() != 0:
        _start_anew(new)
        return
    for space in new:
        if ctypes.CDLL(None).unshare(space.flag) == 0:
            os.environ[space.variable] = _ENTERED
    if network and is_own():
        _raise_loopback()
    if shm and os.environ.get(_MOUNTS.variable) == _ENTERED and _mount_shm():
        os.environ[_MOUNTS.variable] = _SHM_IS_OWN


def _start_anew(spaces: list[_Space]) -> None:
    """Returns when a user namespace cannot be had."""
    options = [space.option for space in spaces]
    unshare = ["unshare", *options, "--user", "--map-current-user", "--keep-caps"]
    try:
        subprocess.run([*unshare, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return
    os.environ.update({space.variable: _ENTERED for space in spaces})
    os.execvp("unshare", [*unshare, sys.executable, "-m", "staplelab", *sys.argv[1:]])


def _mount_shm() -> bool:
    """An empty one, which is gone with the last process that sees it."""
    mount = ctypes.CDLL(None).mount
    if mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        return False
    options = b"mode=1777"
    return bool(mount(b"tmpfs", bytes(SHM), b"tmpfs", _MS_NOSUID | _MS_NODEV, options) == 0)


def _raise_loopback() -> None:
    """The one interface that a new namespace has, and that is down at first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request)
        flags = struct.unpack("16sh14x", answer)[1]
        if not flags & _IFF_UP:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
