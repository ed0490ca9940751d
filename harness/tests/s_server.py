"""`openssl s_server -status` as a second server under test, as docs/adding-a-server.md has it."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from staplelab import processes, servers
from staplelab.errors import LabError, NotHere
from staplelab.hosts.base import Host, Running
from staplelab.parts.part import Note, unheard
from staplelab.parts.pki import Pki
from staplelab.servers.base import Abilities
from staplelab.servers.config import Configuration, Given, Site
from staplelab.servers.error_log import Line
from staplelab.servers.sut import ServerUnderTest
from staplelab.waiting import BOUND_SECONDS, until

NAME = "s_server"

#: what differs from run to run at the beginning of an error of OpenSSL's
_THREAD = re.compile(r"^[0-9A-F]+:(?=error:)")


def probe(path: str) -> ServerUnderTest:
    """Asks the program what it is; LabError when it is no OpenSSL."""
    try:
        said = subprocess.run(
            [path, "version"], capture_output=True, text=True, timeout=BOUND_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"--server {NAME}={path}: cannot be run: {error}") from error
    version = re.match(r"OpenSSL (\d+\.\d+\.\d+)", said)
    if version is None:
        raise LabError(f"--server {NAME}={path}: not an OpenSSL: to version it says {said[:80]!r}")
    library = ("OpenSSL", version[1], f"OpenSSL {version[1]}")
    return ServerUnderTest(path, version[1], *library, debug=False, name=NAME)


class SServer:
    """One `openssl s_server`: it asks the responder in each handshake, and keeps nothing."""

    can = Abilities(
        fetches_for="clients",
        cache="nobody",
        workers=False,
        reload=False,
        upgrade=False,
        separate_times=True,
    )

    def __init__(self, host: Host, server: ServerUnderTest, folder: Path) -> None:
        self._host = host
        self.note: Note = unheard
        self._server = server
        self._folder = folder
        self._running: Running | None = None
        self._listener = host.listen("nginx", 443)
        self.listen = f"{self._listener.address}:{self._listener.port}"
        self.log_file = folder / "stderr.log"

    @property
    def started(self) -> bool:
        return self._running is not None

    @property
    def running(self) -> Running:
        if self._running is None:
            raise LabError("s_server was not started in this scenario: call lab.start()")
        return self._running

    def again(self) -> SServer:
        return SServer(self._host, self._server, self._folder)

    # its configuration: its options, one a line

    def render(self, configuration: Given, pki: Pki, resolver: str) -> str:
        if not isinstance(configuration, Configuration):
            raise NotHere("s_server has no configuration but the lab's own")
        site = configuration.sites[0]
        known = Configuration(
            sites=(Site(certificates=site.certificates[:1], stapling=site.stapling),)
        )
        if replace(configuration, log_level=known.log_level) != known:
            raise NotHere("s_server has a certificate and -status, and no other choice")
        certificate = pki.certificates[site.certificates[0]]
        options = ["-accept", self.listen, "-www"]
        options += ["-cert", str(certificate.file), "-key", str(certificate.private_key)]
        options += ["-CAfile", str(certificate.trusted)]
        options += ["-status"] if site.stapling else []
        return "\n".join(options)

    def configure(self, text: str) -> Path:
        path = self._folder / "s_server.options"
        path.write_text(text)
        return path

    # its life

    def start(self, text: str, hosts: Path, *, upgradable: bool = False) -> None:
        options = self.configure(text).read_text().splitlines()
        self._listener.close()  # it inherits no socket: it opens its own at that address
        self._running = self._host.start(
            "nginx",
            [self._host.server_program(self._server.path), "s_server", *options],
            variables=self._host.part_variables(hosts),
            stderr=self.log_file,
        )
        until(self._listens_or_has_ended, "s_server to listen")
        if self.running.poll() is not None:
            raise LabError(f"s_server did not start: {'; '.join(map(str, self.log()))}")

    def _listens_or_has_ended(self) -> bool:
        if self.running.poll() is not None:
            return True
        where = (self._listener.address, self._listener.port)
        return processes.listens(self.running.pid, "tcp", *where)

    def refuse(self, text: str, hosts: Path, *, upgradable: bool) -> Sequence[Line]:
        raise NotHere("s_server says in too many ways why it does not start")

    def wake(self) -> None:
        """It fetches while its client waits: when that has its staple nothing is under way."""

    def reload(self, *, wait: bool = True) -> Sequence[Line]:
        raise NotHere("s_server takes no other configuration")

    def upgrade(self) -> Sequence[Line]:
        raise NotHere("s_server takes no other binary")

    def quit(self, *, wait: bool = True) -> None:
        raise NotHere("s_server knows one way to end")

    def stop(self) -> int:
        """SIGTERM ends it as it ends any program."""
        if self.running.poll() is not None:
            return self.running.wait(BOUND_SECONDS)
        self.running.signal(signal.SIGTERM)
        status = self.running.wait(BOUND_SECONDS)
        return 0 if status == 128 + signal.SIGTERM else status

    def kill(self) -> None:
        self._listener.close()
        if self._running is not None:
            self._running.kill()

    # what it says

    def has_leaving_workers(self) -> bool:
        return False

    def reports(self) -> list[str]:
        return []

    def crashes(self) -> Sequence[str]:
        return []

    def log_position(self) -> Sequence[int]:
        return [len(self.log())]

    def log(
        self, since: Sequence[int] = (0,), up_to: Sequence[int | None] = (None,)
    ) -> Sequence[Line]:
        said = self.log_file.read_text(errors="replace") if self.log_file.exists() else ""
        lines = [_THREAD.sub("", line) for line in said.split("\n")[:-1]]
        return [Line(_level(line), line) for line in lines[since[0] : up_to[0]]]


def _level(line: str) -> str:
    """A line of its own about the responder has to be claimed when something went wrong; OpenSSL's
    lines about the details, "error:...", differ between its versions."""
    well = line.startswith(("cert_status: AIA URL", "cert_status: ocsp response sent"))
    return "error" if line.startswith("cert_status: ") and not well else "info"


servers.KINDS[NAME] = servers.Kind(probe, SServer)
