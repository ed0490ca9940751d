"""A network namespace of the run's own, so that it may break its network without anybody noticing.

`staplelab run` enters one before anything else where the kernel lets it: as root directly, as an
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

_VARIABLE = "STAPLELAB_NETNS"
_CLONE_NEWNET = 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

WHY_NOT = (
    "faults of the network need a network namespace of the run's own, and this kernel or "
    "container does not let us have one (unshare --net)"
)


def is_own() -> bool:
    """Whether this run has its own network namespace."""
    return _VARIABLE in os.environ


def enter() -> None:
    """Puts this process into its own network namespace, or starts its command anew in one;
    returns when it is there or none can be had."""
    if not is_own():
        if os.geteuid() != 0:
            _start_anew()
            return
        if ctypes.CDLL(None).unshare(_CLONE_NEWNET) != 0:
            return
        os.environ[_VARIABLE] = "1"
    _raise_loopback()


def _start_anew() -> None:
    """Returns when a user namespace cannot be had."""
    unshare = ["unshare", "--net", "--user", "--map-current-user", "--keep-caps"]
    try:
        subprocess.run([*unshare, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return
    os.environ[_VARIABLE] = "1"
    os.execvp("unshare", [*unshare, sys.executable, "-m", "staplelab", *sys.argv[1:]])


def _raise_loopback() -> None:
    """The one interface that a new namespace has, and that is down at first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request)
        flags = struct.unpack("16sh14x", answer)[1]
        if not flags & _IFF_UP:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
