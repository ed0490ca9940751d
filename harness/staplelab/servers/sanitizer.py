"""A server built with AddressSanitizer or UndefinedBehaviorSanitizer: what it needs, what it found.

Each process of the server writes its reports into a file of the scenario's folder.  Only gcc's
UndefinedBehaviorSanitizer, when AddressSanitizer is beside it, knows no such file: its lines go to
standard error, which is nginx's log.
"""

from __future__ import annotations

import functools
import mmap
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from staplelab import untrusted

_SCRIPT = b"#!"
#: every program that is built with one holds one of these symbols
_RUNTIME = (b"__asan_init", b"__ubsan_handle_")
_REPORT = "sanitizer"
#: lines of a report that stand in the reason's details
_FIRST_LINES = 24

_PROCESS = re.compile(r"^==\d+==(?:ERROR: )?")
#: where it is in memory differs from run to run
_ADDRESS = re.compile(r"(?: on)?(?: unknown)?(?: address)? [\[(]?0x[0-9a-f].*")
#: a line of a stack: "#1 0x55aa in FUNCTION FILE:LINE"; the sanitizer's own functions come first
_FRAME = re.compile(r"^ +#\d+ 0x[0-9a-f]+ (in (?!__)\S+ \S+:\d+)", re.MULTILINE)
_UNDEFINED = re.compile(r"^\S+: runtime error: .*", re.MULTILINE)


@functools.cache
def is_in(program: str) -> bool:
    """Whether this program was built with a sanitizer, or may start one that was (a script); false
    for one that cannot be read here (it is in a container)."""
    try:
        with open(program, "rb") as file:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
                return octets[:2] == _SCRIPT or any(octets.find(symbol) >= 0 for symbol in _RUNTIME)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


def variables(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables of a server with a sanitizer in it, on top of the `given` ones.

    nginx frees little when it ends, so leaks are not looked for.  nss_wrapper loads libraries in a
    way (RTLD_DEEPBIND) that AddressSanitizer refuses."""
    log = f"log_path='{folder / _REPORT}'"
    return {
        **given,
        "ASAN_OPTIONS": ":".join(filter(None, [given.get("ASAN_OPTIONS"), log, "detect_leaks=0"])),
        "UBSAN_OPTIONS": ":".join(
            filter(None, [given.get("UBSAN_OPTIONS"), log, "print_stacktrace=1"])
        ),
        "NSS_WRAPPER_DISABLE_DEEPBIND": "1",
    }


def reports(folder: Path, logs: Iterable[Path]) -> list[str]:
    """What the sanitizers have reported in this scenario, in the server's folder and in its logs:
    of each report its essence in one line that is the same in every run, then its first lines."""
    files = [folder / name for name in untrusted.names(folder) if name.startswith(f"{_REPORT}.")]
    files.sort(key=lambda path: path.lstat().st_mtime_ns)
    found = [text for text in map(_read, files) if text.strip("= \n")]
    for log in logs:
        found += dict.fromkeys(_UNDEFINED.findall(_read(log)))
    return [_essence(report) for report in found]


def _read(path: Path) -> str:
    return untrusted.read(path).decode(errors="replace")


def _essence(report: str) -> str:
    lines = [line for line in report.splitlines() if line.strip("= ")]
    headline = _ADDRESS.sub("", _PROCESS.sub("", lines[0]))
    if _UNDEFINED.match(headline):
        headline = f"UndefinedBehaviorSanitizer: {headline}"
    elif frame := _FRAME.search(report):
        headline = f"{headline} {frame[1]}"
    return "\n".join([headline, *(f"    {line}" for line in lines[:_FIRST_LINES])])
