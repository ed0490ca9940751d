"""Where things lie in a check-out."""

from __future__ import annotations

import os
from pathlib import Path


def repository() -> Path:
    return Path(__file__).resolve().parents[2]


def build_folder() -> Path:
    """Where the C programs were built: STAPLELAB_BUILD, else build/release."""
    return repository() / os.environ.get("STAPLELAB_BUILD", "build/release")


def key_pool() -> Path:
    """RSA keys are made once and kept beside the programs: making one takes a third of a second."""
    return repository() / "build" / "keys"
