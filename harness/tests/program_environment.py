"""The environment in which the tests run one of the C programs."""

from __future__ import annotations

import os
from pathlib import Path

from staplelab.places import build_folder


def environment(clock: Path | None = None) -> dict[str, str]:
    """Of a program; the clock's library comes before the sanitizer's, which it must be told."""
    options = os.environ.get("ASAN_OPTIONS", "")
    variables = {**os.environ, "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0"}
    if clock is not None:
        variables["LD_PRELOAD"] = str(build_folder() / "lib" / "labclock.so")
        variables["STAPLELAB_CLOCK"] = str(clock)
    return variables
