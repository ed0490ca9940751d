"""Where things lie: in a check-out, and while a run lasts."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

_IN_MEMORY = "/dev/shm"
#: what is said of a build folder without them
NO_PROGRAMS = "{} holds no programs; run `make build` first"
#: octets; each process of a run takes some 200 KiB
_ENOUGH = 32 << 20


def repository() -> Path:
    return Path(__file__).resolve().parents[2]


def build_folder() -> Path:
    """Where the C programs were built: STAPLELAB_BUILD, else build/release."""
    return repository() / os.environ.get("STAPLELAB_BUILD", "build/release")


def key_pool() -> Path | None:
    """RSA keys are made once and kept beside the programs: making one takes a third of a second.
    In a check-out of somebody else they are in the user's cache; None where that cannot be
    written either."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for folder in (repository() / "build" / "keys", Path(home) / "staplelab" / "keys"):
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(folder, os.R_OK | os.W_OK | os.X_OK) or _is_complete(folder):
                return folder
    return None


def _is_complete(folder: Path) -> bool:
    """Whether nothing has to be added to the keys, which this user may read."""
    return (folder / "made").exists() and all(
        os.access(key, os.R_OK) for key in folder.glob("*.pem")
    )


def key_pool_option() -> list[str]:
    """For pki-mint, which makes every key anew without it."""
    folder = key_pool()
    return [] if folder is None else [f"--key-pool={folder}"]


def scratch() -> Path:
    """Where a run keeps what goes with it: TMPDIR where that is set, else in memory where there is
    room.  Its files are small and every scenario has new ones, which costs a run in a container
    (overlayfs) a quarter of its time on the disk."""
    if not os.environ.get("TMPDIR") and os.access(_IN_MEMORY, os.W_OK | os.X_OK):
        room = os.statvfs(_IN_MEMORY)
        if room.f_bavail * room.f_frsize >= _ENOUGH:
            return Path(_IN_MEMORY)
    return Path(tempfile.gettempdir())
