"""Where things lie: in a check-out or an installed package, and while a run lasts."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from pathlib import Path

_IN_MEMORY = "/dev/shm"
#: octets; each process of a run takes some 200 KiB
_ENOUGH = 32 << 20
#: what an installed package has instead of a check-out, laid out alike; setup.py makes it
_DATA = Path(__file__).resolve().parent / "data"


def is_installed() -> bool:
    """Whether this is a package that needs no check-out."""
    return _DATA.is_dir()


def repository() -> Path:
    """The check-out."""
    return Path(__file__).resolve().parents[2]


def _home() -> Path:
    return _DATA if is_installed() else repository()


def suites() -> Path:
    """The scenarios that come with the lab."""
    return _home() / "suites"


def profiles() -> Path:
    """The descriptions that pki-mint makes certificates of."""
    return _home() / "pki" / "profiles"


def build_folder() -> Path:
    """Where the C programs were built: STAPLELAB_BUILD, else build/release."""
    return _home() / os.environ.get("STAPLELAB_BUILD", "build/release")


#: what to do about programs that are not as they should be
BUILD_AGAIN = (
    "install the package again (pip install --force-reinstall)"
    if is_installed()
    else "run `make build` first"
)
#: what is said of a build folder without them
NO_PROGRAMS = "{} holds no programs; " + BUILD_AGAIN


def cache() -> Path:
    """The user's folder for what is found or made once; `make run` unpacks an nginx there."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "staplelab"


def key_pool() -> Path | None:
    """RSA keys are made once and kept beside the programs: making one takes a third of a second.
    Those of an installed package, or in a check-out of somebody else, are in the user's cache;
    None where that cannot be written either."""
    beside = [] if is_installed() else [repository() / "build" / "keys"]
    for folder in (*beside, cache() / "keys"):
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


def new_scratch() -> Path:
    """A folder in there for one host, which is not made yet."""
    return scratch() / f"staplelab-{secrets.token_hex(8)}"


def is_scratch(path: Path) -> bool:
    """Whether a folder has the name of such a one, or of the one of a run in containers."""
    return re.fullmatch(r"staplelab-[0-9a-f]{16}(?:[0-9a-f]{8}-\w{8})?", path.name) is not None


def scratch() -> Path:
    """Where a run keeps what goes with it: TMPDIR where that is set, else in memory where there is
    room.  Its files are small and every scenario has new ones, which costs a run in a container
    (overlayfs) a quarter of its time on the disk."""
    if not os.environ.get("TMPDIR") and os.access(_IN_MEMORY, os.W_OK | os.X_OK):
        room = os.statvfs(_IN_MEMORY)
        if room.f_bavail * room.f_frsize >= _ENOUGH:
            return Path(_IN_MEMORY)
    return Path(tempfile.gettempdir())
