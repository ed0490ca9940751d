"""The life of the server under test in a scenario: start, new configuration, end, and its log."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar, overload

import pytest

from staplelab import servers
from staplelab.errors import LabError, check_word
from staplelab.hosts.base import NO_UNKNOWN_NAME
from staplelab.hosts.roles import ROLES
from staplelab.parts.part import Part
from staplelab.parts.pki import Pki
from staplelab.parts.responder import OcspResponder
from staplelab.parts.stub import DnsStub
from staplelab.parts.topology import OCSP_HOST
from staplelab.scenario.timeline import Timeline
from staplelab.scenario.world import World
from staplelab.servers import config, error_log
from staplelab.servers.base import Server
from staplelab.servers.config import Configuration, Given, Site
from staplelab.servers.refused import Refused
from staplelab.servers.sut import OPTIONAL, ServerUnderTest
from staplelab.waiting import until_written


Kind = TypeVar("Kind", bound=Part)


class Lifecycle:
    """What a scenario does to its server, and what the server says."""

    def __init__(self, world: World, folder: Path, profile: str) -> None:
        self._world = world
        self.folder = folder
        self.server: ServerUnderTest = world.server
        self.responder: OcspResponder = world.responder
        self.stub: DnsStub = world.stub
        self.timeline = Timeline()
        #: something was done that parts or server may have seen, and nobody has asked them since
        self._unseen = False
        self.nginx: Server = self._heard_of(servers.make(world.host, world.server, folder))
        self.pki: Pki = world.pki[profile]
        for part in world.parts.values():
            part.note = self._hear
            if isinstance(part, OcspResponder):
                part.profile = profile
        self._hosts_file = world.host.hosts_file(folder)
        self._hosts = {name: [address] for name, address in world.names().items()}
        self._files_written = 0
        #: the texts that the server was given
        self._configurations: list[str] = []
        self._claims: list[error_log.Claim] = []
        self._upgradable = False
        self._refused_to_start = False
        #: whether it looks for a name that is in no file
        self._asks_at_the_start = False
        self._left_behind: list[str] = []
        self._log_entered: Sequence[int] = (0, 0)

    # ----- what its configuration names -----

    def host_entry(self, name: str, *addresses: str) -> None:
        """What `name` resolves to when the server reads its files; nothing: unresolvable, and
        not applicable where the server would ask the machine's name servers then."""
        self._say("hosts", name=name, addresses=list(addresses))
        if addresses:
            self._hosts[name] = list(addresses)
        elif lacking := self._world.host.open_for_want_of:
            self.not_applicable(NO_UNKNOWN_NAME.format(lacking))
        else:
            self._hosts.pop(name, None)
            self._asks_at_the_start = True

    def address(self, role: str) -> str:
        """The address of a role: "responder", "responder-2", "stub", "stub-2", "nginx", ..."""
        check_word("role", role, ROLES)
        return self._world.host.address(role)

    def resolver(self, listener: str | None = None) -> str:
        """Where names are asked for, as `resolver` takes it: the topology's name server, another
        part ("stub"), or a listener of the stub ("stub-2", "stub-6")."""
        name = listener or self._world.topology.resolver
        if name in self._world.parts:
            return self._world.parts[name].resolver()
        return self.stub.resolver(name)

    @overload
    def part(self, name: str) -> Part: ...

    @overload
    def part(self, name: str, kind: type[Kind]) -> Kind: ...

    def part(self, name: str, kind: type[Part] = Part) -> Part:
        """A part of this scenario's topology, or a program that it has started beside.  `kind`: the
        class that is needed of it (OcspResponder, Program, ...)."""
        part = self._world.part(name)
        if not isinstance(part, kind):
            raise LabError(f"{name} is a {type(part).__name__}, not a {kind.__name__}")
        return part

    def has_listener(self, name: str) -> bool:
        """Whether the DNS stub has that listener ("stub-6" only where the machine has IPv6)."""
        return name in self.stub.listeners()

    def responder_url(self, path: str = "/") -> str:
        return f"http://{OCSP_HOST}:{self.responder.port}{path}"

    def file(self, name: str, content: str | bytes) -> Path:
        """Writes a file of the scenario's own for the server: certificates, an include."""
        path = self.folder / name
        octets = content.encode() if isinstance(content, str) else content
        self._say("file", name=name, octets=len(octets))
        self._write(path, octets)
        self._world.host.share(path)
        return path

    # ----- what it can -----

    def needs(self, **abilities: Any) -> None:
        """Ends the scenario where the server has other abilities (servers.base.Abilities)."""
        lacks = self.nginx.can.lacks(**abilities)
        if lacks:
            self.not_applicable(f"the scenario needs a server with {lacks}")

    def needs_module(self, *modules: str) -> None:
        """Ends the scenario where nginx is built --without one of these ("http_proxy_module"), or
        has not got one of those that it need not have ("stream")."""
        for module in modules:
            if not self.server.has(module):
                lacks = "has no " if module in OPTIONAL else "is built --without-"
                self.not_applicable(f"this nginx {lacks}{module}")

    # ----- its life -----

    def start(self, *sites: Site, expect: Refused | None = None, **choices: Any) -> None:
        """Starts the server.  `choices` that Configuration knows go there (workers, http, ...), the
        others describe the single site when none is given (verify, resolver, ...).  `given` stands
        alone: a configuration that was not described here (servers.config.Given).

        `expect`: it must not start, and say why; its words are claimed."""
        if self.nginx.started:
            raise LabError(f"{self.server.name} was started already: lab.restart() starts it anew")
        chosen = self._configuration("start", sites, choices)
        self._upgradable = chosen.upgradable
        begin = self.nginx.start if expect is None else self.nginx.refuse
        reasons = begin(self.render(chosen), self._hosts_file, upgradable=chosen.upgradable)
        if expect is None:
            self._has_started()
            return
        self._hold_refusal(expect, reasons or [])
        self._refused_to_start = True
        self._collect()
        self.nginx = self._heard_of(self.nginx.again())

    def restart(self, *sites: Site, expect: Refused | None = None, **choices: Any) -> None:
        """Ends the server and starts it anew, as `start` does."""
        status = self._end_server()
        self._collect()
        assert status == 0, f"{self.server.name} ended with status {status}"
        self.nginx = self._heard_of(self.nginx.again())
        self.start(*sites, expect=expect, **choices)

    def reconfigure(
        self, *sites: Site, expect: Refused | None = None, wait: bool = True, **choices: Any
    ) -> None:
        """Gives the server another configuration, said as for `start`, and reloads it.

        `expect`: it must refuse that, say why, and go on as it was; its words are claimed."""
        self.needs(reload=True)
        chosen = self._configuration("reconfigure", sites, choices)
        self.nginx.configure(self.render(chosen))
        self._reload(wait, expect)

    def reload(self, *, expect: Refused | None = None, wait: bool = True) -> None:
        """Lets the server read its configuration anew, as it is: the files that it names may have
        changed.  Returns once new workers serve and the old ones have ended."""
        self.needs(reload=True)
        self.write_hosts()
        self._note("reload")
        self._reload(wait, expect)

    def upgrade(self, *, expect: Refused | None = None) -> None:
        """Replaces the server by a new process of its binary (nginx: SIGUSR2, then SIGWINCH and
        SIGQUIT to the old one); returns once the new one serves and nothing of the old one is left.

        It must have been started as `upgradable`.  `expect`: the new one must refuse the
        configuration, and the old one go on."""
        self.needs(upgrade=True)
        if not self._upgradable:
            raise LabError(
                f"{self.server.name} was not started for an upgrade: "
                "start it by lab.start(upgradable=True)"
            )
        self.write_hosts()
        self._note("upgrade")
        self._after(self.nginx.upgrade(), expect)

    def quit(self, *, wait: bool = True) -> None:
        """Tells the server to finish what it has and to end (nginx: SIGQUIT); returns when it has
        ended, or, without `wait`, when it accepts no connection any more."""
        self._note("quit")
        self.nginx.quit(wait=wait)
        self._collect()

    def _reload(self, wait: bool, expect: Refused | None) -> None:
        if expect is not None and not wait:
            raise LabError("a refusal has to be waited for: leave wait=False out")
        self._after(self.nginx.reload(wait=wait), expect)

    def _after(self, reasons: Sequence[error_log.Line], expect: Refused | None) -> None:
        """Holds what became of a configuration against what was expected."""
        self._collect()
        if expect is not None:
            self._hold_refusal(expect, reasons)
            return
        said = "; ".join(map(str, reasons))
        assert not reasons, f"{self.server.name} refused the configuration: {said}"

    def _configuration(
        self, what: str, sites: Sequence[Site], choices: dict[str, Any]
    ) -> Given:
        """The configuration that the author describes or gives, with the hosts file for it."""
        given: Given | None = choices.get("given")
        if given is not None:
            if sites or len(choices) > 1:
                raise LabError("a given configuration stands alone: leave all other choices out")
            self.write_hosts()
            self._note(what, given=str(given))
            return given
        for site in sites:
            if not isinstance(site, Site):
                raise LabError(f"{site!r} is no Site; a choice has a name: certificates=(...)")
        known = {field.name for field in (*fields(Site), *fields(Configuration))} - {"sites"}
        for name in choices:
            check_word("choice of the server", name, sorted(known))
        for_all = {k: v for k, v in choices.items() if k in Configuration.__dataclass_fields__}
        for_site = {k: v for k, v in choices.items() if k not in for_all}
        if sites and for_site:
            raise LabError(f"there are Sites: say of one of them {', '.join(for_site)}")
        configuration = Configuration(sites=tuple(sites) or (Site(**for_site),), **for_all)
        self.write_hosts()
        several = {"sites": config.describe_sites(sites)} if sites else {}
        said = {**config.describe(configuration), **config.describe_site(for_site), **several}
        self._note(what, **said)
        return configuration

    def render(self, configuration: Given) -> str:
        text = self.nginx.render(configuration, self.pki, self.resolver())
        self._configurations.append(text)
        return text

    def write_hosts(self) -> None:
        """The hosts file that the server reads its configuration with."""
        lines = [f"{address} {name}" for name, found in self._hosts.items() for address in found]
        self._write(self._hosts_file, ("\n".join(lines) + "\n").encode())

    def _write(self, path: Path, octets: bytes) -> None:
        """A file that was written anew has another time of modification in whole seconds: by that
        alone notice it nss_wrapper, and an nginx that keeps certificates over a reload (1.27.4)."""
        path.write_bytes(octets)
        self._files_written += 1
        os.utime(path, (self._files_written, self._files_written))

    def _hold_refusal(self, expect: Refused, reasons: Sequence[error_log.Line]) -> None:
        expect.hold_against(reasons, self.server.name)
        claim = error_log.Claim(expect.text, None, alert=True)
        if claim not in self._claims:
            self._claims.append(claim)

    def _end_server(self) -> int:
        """Tells the server to end; its exit status."""
        if self._refused_to_start and not self.nginx.started:
            self.nginx.kill()  # there are only its sockets
            return 0
        self._note("stop")
        status = self.nginx.stop()
        self._left_behind += self.nginx.running.left
        return status

    # ----- what it says -----

    def wait_for_log(self, text: str, times: int = 1) -> None:
        """Returns once nginx has logged this text so many times in this scenario: what the kernel
        brings about in its own time."""
        self._say("wait for log", text=text, times=times)
        until_written(
            self.nginx.log_file,
            lambda: len(self.log_lines(text)) >= times,
            f"{self.server.name} to log {text!r}{f' {times} times' if times > 1 else ''}",
        )

    def log_lines(self, text: str) -> Sequence[error_log.Line]:
        """The lines of the server's log, of any level, that hold this text."""
        return [line for line in self.nginx.log() if text in line.text]

    def claim(
        self, text: str, times: int | None = 1, *, level: str = "error", alert: bool = False
    ) -> None:
        """Expects a line of that level with this text, `times` times (None: 1 or more).

        A line of level warn or above that nobody claimed fails the scenario; an [alert] or an
        [emerg] needs `alert=True`."""
        check_word("level", level, error_log.MUST_BE_CLAIMED)
        self._say("claim", text=text, times=times, level="alert" if alert else level)
        self._claims.append(error_log.Claim(text, times, alert, None if alert else level))

    def not_applicable(self, reason: str) -> NoReturn:
        """Ends the scenario: it does not apply here, and this is why."""
        self._say("not applicable", reason=reason)
        pytest.skip(reason)

    def shared(self, text: str) -> str:
        """The text, free of everything that differs from run to run."""
        return error_log.shared(text, self._names())

    def _names(self) -> dict[str, str]:
        """What differs from run to run in texts, and a name for it that every run shares."""
        return {
            **self._world.addresses,
            str(self.folder): "RUN",
            str(self._world.host.server_folder): "RUN",
            str(self.pki.folder): "PKI",
        }

    # ----- the timeline -----

    def _say(self, what: str, /, **details: Any) -> None:
        """What a scenario says: an entry that nothing is asked for."""
        self.timeline.add(self._world.clock.elapsed, "scenario", what, **details)

    def _note(self, what: str, /, **details: Any) -> None:
        """What a scenario does: it comes after all that was seen before it, and others will see
        something of it."""
        self._catch_up()
        self._say(what, **details)
        self._unseen = True

    def _hear(self, what: str, /, **details: Any) -> None:
        """What a scenario has done to a part or the server itself."""
        self._catch_up()
        self._say(what, **details)

    def _heard_of(self, server: Server) -> Server:
        server.note = self._hear
        return server

    def _catch_up(self) -> None:
        """Enters what was seen up to now, where anything may have been."""
        if self._unseen:
            self._collect()
        else:
            self._enter_events()

    def _has_started(self) -> None:
        """Its first lines come before whatever a client sets off; no part has seen anything by
        then, unless it fetches by itself."""
        if self.nginx.can.fetches_for == "clients":
            self._enter()
        else:
            self._collect()

    def _collect(self) -> None:
        """Collects what the parts saw, and enters it."""
        position = self.nginx.log_position()  # first: what it says comes of what they saw before
        for part in self._parts:
            part.collect()
        self._enter(position)

    @property
    def _parts(self) -> list[Part]:
        """The parts beside the server, those first whose octets go through the others."""
        return list(self._world.parts.values())

    def _enter(self, position: Sequence[int] | None = None) -> None:
        """Appends what was collected since the last time, and what the server has logged (up to
        that position).  Of one act the name servers come first, then the responders, then the log
        (scenario/timeline.py)."""
        self._unseen = False
        if position is None:
            position = self.nginx.log_position()
        self._enter_events()
        at = self._world.clock.elapsed
        for line in self.nginx.log(self._log_entered, position):
            self.timeline.add(at, self.server.name, str(line))
        self._log_entered = position

    def _enter_events(self) -> None:
        at = self._world.clock.elapsed
        for part in sorted(self._parts, key=lambda part: isinstance(part, OcspResponder)):
            for event in part.new_events():
                details = {k: v for k, v in event.items() if k not in ("seq", "time", "kind")}
                self.timeline.add(at, part.name, event["kind"], **details)
