"""The server under test: which nginx it is and what it was built with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from staplelab.errors import LabError

Version = tuple[int, ...]


def parse_version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


@dataclass(frozen=True)
class ServerUnderTest:
    """An nginx binary and what `nginx -V` says of it."""

    path: str
    version: str
    openssl: str
    built_with: str
    debug: bool

    @property
    def number(self) -> Version:
        return parse_version(self.version)

    def within(self, versions: str) -> bool:
        """Whether nginx's version lies in a range such as ">=1.19.0,<1.23.0" ("" for any)."""
        return _within(self.number, versions)

    def openssl_within(self, versions: str) -> bool:
        """The same for the version of OpenSSL that it runs with; false for another library."""
        number = re.match(r"\d+(\.\d+)*", self.openssl)
        return number is not None and _within(parse_version(number[0]), versions)

    def short(self) -> str:
        return f"nginx {self.version} with OpenSSL {self.openssl}"

    def describe(self) -> str:
        return f"{self.short()}, {self.path}"


def _within(number: Version, versions: str) -> bool:
    for part in filter(None, versions.replace(" ", "").split(",")):
        match = re.fullmatch(r"(>=|<)(\d+(?:\.\d+)*)", part)
        if match is None:
            raise ValueError(f'version range {versions!r}: write it as ">=1.19.0,<1.23.0"')
        reached = number >= parse_version(match[2])
        if reached != (match[1] == ">="):
            return False
    return True


def find(given: str | None) -> str:
    """The path of the nginx to judge: the one given, else the installed one."""
    found = given or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not found:
        raise LabError("no nginx is installed; name the one to judge with --nginx PATH")
    path = Path(found)
    if not path.exists():
        raise LabError(f"--nginx {found}: there is no such file; give the path of an nginx binary")
    if not os.access(path, os.X_OK) or path.is_dir():
        raise LabError(f"--nginx {found}: not an executable; give the path of an nginx binary")
    return str(path.resolve())


def probe(path: str) -> ServerUnderTest:
    """Asks the binary what it is; LabError when it is no nginx that can staple."""
    try:
        said = subprocess.run(
            [path, "-V"], capture_output=True, text=True, timeout=10, check=False
        ).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"--nginx {path}: cannot be run: {error}") from error
    return read_version(path, said)


def read_version(path: str, said: str) -> ServerUnderTest:
    """Reads what `nginx -V` printed."""
    version = re.search(r"nginx version: [^/\s]+/(\d+\.\d+\.\d+)", said)
    if version is None:
        first = (said.strip().splitlines() or ["nothing"])[0]
        raise LabError(f"--nginx {path}: not an nginx: to -V it says {first[:120]!r}")
    arguments = re.search(r"configure arguments:(.*)", said)
    options = arguments[1] if arguments else ""
    built = re.search(r"built with (.+?)(?: \(running with (.+)\))?$", said, re.MULTILINE)
    if "--with-http_ssl_module" not in options or built is None:
        raise LabError(
            f"--nginx {path}: nginx {version[1]} is built without SSL; "
            "one built --with-http_ssl_module is needed"
        )
    return ServerUnderTest(
        path=path,
        version=version[1],
        openssl=_library(built[2] or built[1]),
        built_with=_library(built[1]),
        debug="--with-debug" in options,
    )


def _library(text: str) -> str:
    """ "OpenSSL 3.0.20 7 Apr 2026" -> "3.0.20"; another library keeps its name, also one that
    calls itself "OpenSSL 1.1.1 (compatible; BoringSSL)"."""
    match = re.match(r"OpenSSL (\S+)(?!\S| \(compatible)", text)
    return match[1] if match else text
