"""What is looked at once, before a run: else each of its scenarios would fail over it by itself."""

from __future__ import annotations

import re
import resource
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from staplelab import __version__, hosts, servers
from staplelab.errors import LabError
from staplelab.hosts.base import Host
from staplelab.parts.clock import EPOCH, open_clock
from staplelab.parts.pki import STANDARD, Pki, profiles
from staplelab.parts.topology import OCSP_HOST
from staplelab.places import (
    BUILD_AGAIN,
    NO_PROGRAMS,
    build_folder,
    is_installed,
    key_pool_option,
    scratch,
)
from staplelab.servers.base import Server
from staplelab.servers.config import Configuration
from staplelab.servers.error_log import Line
from staplelab.servers.refused import reasons_among
from staplelab.servers.sut import ServerUnderTest

_PROGRAMS = ("faulty-ocspd", "faulty-dnsd", "staple-check", "pki-mint")
_OTHER_FILES = ("bin/launcher", "lib/labclock.so")
#: the server has its listening sockets at 100 and 101, and its connections behind them
_LEAST_DESCRIPTORS = 256
_DESCRIPTORS = 4096
#: of the path of a Unix socket, and what comes to the temporary folder: a run's own, a name in it
_SOCKET_PATH = 107
_IN_FOLDER = {
    "local": len(f"/staplelab-{'0' * 16}/another-responder.sock"),
    "docker": len(f"/staplelab-{'0' * 24}-{'0' * 8}/another-responder.sock"),
}
#: nobody listens there, and nobody asks before there is a client
_NO_RESOLVER = "127.0.0.1:9"
_GRAVE = ("emerg", "crit", "alert", "error")
_NO_STAPLING = '"ssl_stapling" ignored, not supported'
_WHY_A_WORKER_ENDED = re.compile(r"(?:initgroups|setgid|setuid|chown)\(.*not permitted")


def check(host: str) -> None:
    """LabError when this machine cannot have a run: one line, with the remedy."""
    _check_build(build_folder())
    _check_descriptors()
    try:
        temporary = Path(tempfile.gettempdir())
    except FileNotFoundError:
        raise LabError(
            "no folder for temporary files can be written; set TMPDIR, "
            "or give a container --tmpfs /tmp"
        ) from None
    _check_folder(scratch() if host == "local" else temporary, _SOCKET_PATH - _IN_FOLDER[host])


def _check_build(build: Path) -> None:
    programs = [build / "bin" / name for name in _PROGRAMS]
    files = [*programs, *(build / name for name in _OTHER_FILES)]
    if not any(file.exists() for file in files):
        raise LabError(NO_PROGRAMS.format(build))
    for file in files:
        if not file.exists():
            raise LabError(f"{file} is missing; {BUILD_AGAIN}")
    asked = [(program, _ask_version(program)) for program in programs]
    for program, process in asked:
        said = process.communicate()[0].strip()
        if said != f"{program.name} {__version__}":
            raise LabError(
                f"{program} is not of this version: it says {said[:80]!r}, and this is "
                f"{__version__}; {BUILD_AGAIN}"
            )


def _ask_version(program: Path) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen([program, "--version"], stdout=subprocess.PIPE, text=True)
    except OSError as error:
        again = BUILD_AGAIN if is_installed() else "run `make clean build` first"
        raise LabError(f"{program} cannot be run: {error.strerror}; {again}") from None


def _check_folder(folder: Path, most: int) -> None:
    length = len(str(folder).encode())
    if length > most:
        raise LabError(
            f"TMPDIR has {length} octets, and sockets lie below it, whose paths have a bound: give "
            f"one of at most {most} (TMPDIR=/tmp), or none"
        )


def _check_descriptors() -> None:
    """A small soft limit is raised without a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < _LEAST_DESCRIPTORS:
        raise LabError(
            f"the limit on open files is {most}, and a run needs {_LEAST_DESCRIPTORS}: raise the "
            f"hard limit (ulimit -Hn {_DESCRIPTORS}; a container: --ulimit nofile={_DESCRIPTORS})"
        )


# ----- one start -----


def try_start(where: str, server: ServerUnderTest, clock: str) -> None:
    """Starts the server once, on the host of that name, as each scenario does.  LabError, with its
    words, when it does not serve or cannot staple."""
    host = hosts.choose(where, server.path, server_alone=True)
    try:
        made = open_clock(clock, host.given)
        host.share(made.path)
        host.clock = made.preload
        folder = host.given / "scenario"
        folder.mkdir()
        host.share(folder)
        # a name that is not in it would be asked for outside
        hosts_file = host.hosts_file(folder)
        hosts_file.write_text(f"127.0.0.1 localhost {OCSP_HOST}\n")
        _start(servers.make(host, server, folder), server, _mint(host), hosts_file)
        made.close()
    finally:
        host.close()


def _mint(host: Host) -> Pki:
    folder = host.given / "pki"
    done = host.run(
        [
            host.tool("pki-mint"),
            f"--now={EPOCH}",
            *key_pool_option(),
            "--set=ocsp_port=80",
            f"--set=ocsp_address={host.address('responder')}",
            str(profiles()[STANDARD]),
            str(folder),
        ],
        variables={},
    )
    if done.status != 0:
        raise LabError(done.stderr.strip().removeprefix("pki-mint: "))
    host.share(folder)
    return Pki.load(folder)


def _start(made: Server, server: ServerUnderTest, pki: Pki, hosts_file: Path) -> None:
    try:
        made.start(made.render(Configuration(), pki, _NO_RESOLVER), hosts_file)
    except LabError as error:
        said = _gravest(made.log())
        raise LabError(
            _does_not_start(server, said)
            if said
            else f"{_named(server)} does not start as the lab needs it: {error}"
        ) from None
    else:
        # a worker that may not change its user says so and goes on
        if reasons := reasons_among(made.log()):
            raise LabError(_does_not_start(server, str(reasons[0])))
        if any(_NO_STAPLING in line.text for line in made.log()):
            raise LabError(
                f"{_named(server)} cannot staple: its TLS library is built without "
                f"OCSP (it says: {_NO_STAPLING}); take one that is built with OpenSSL"
            )
    finally:
        made.kill()


def _gravest(lines: Iterable[Line]) -> str:
    """What it says of its end: the gravest line, and of those the first."""
    grave = [line for line in lines if line.level in _GRAVE]
    grave.sort(key=lambda line: _GRAVE.index(line.level))
    return str(grave[0]) if grave else ""


def _does_not_start(server: ServerUnderTest, said: str) -> str:
    return f"{_named(server)} does not start; it says: {said}{_remedy(said)}"


def _named(server: ServerUnderTest) -> str:
    return f"{server.short()} ({server.path})"


def _remedy(said: str) -> str:
    if _WHY_A_WORKER_ENDED.search(said):
        return (
            "; root may not change its user here: run as an ordinary user (docker run --user "
            "1000:1000), or with --cap-add SETGID --cap-add SETUID"
        )
    return ""
