"""The lab: all that a scenario knows.

A scenario sets faults, starts nginx, shakes hands, moves the clock and says what it expects.
It never pauses: `settle` returns when nothing is under way any more.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

from staplelab import untrusted
from staplelab.errors import LabError, check_word
from staplelab.parts.part import unheard
from staplelab.parts.responder import OcspResponder
from staplelab.scenario import invariants, register
from staplelab.scenario.breaking import Breaking
from staplelab.scenario.deviation import Deviation, Outcome
from staplelab.scenario.world import World
from staplelab.servers import error_log


class Lab(Breaking):
    """One scenario's lab, on the long-lived parts of its World."""

    def __init__(self, world: World, folder: Path, profile: str) -> None:
        super().__init__(world, folder, profile)
        self.deviations: list[Deviation] = []
        self._extra: dict[str, Any] = {}
        self._ended = False
        self._exempt: list[str] = []

    # ----- verdicts -----

    def deviation(
        self,
        deviation: str | Deviation,
        seen: Outcome,
        *,
        conforms: Outcome | tuple[Outcome, ...],
        deviates: Outcome,
    ) -> None:
        """Pins a known deviation, by its id in the register (or one of your own): `seen` is what
        came of it, `conforms` what the standard asks for, `deviates` what nginx does instead.

        Fails when a version that is known to deviate conforms, the other way round, and on an
        outcome that is neither (Deviation.shows)."""
        known = register.find(deviation) if isinstance(deviation, str) else deviation
        self._say("deviation", id=known.id, seen=seen, conforms=conforms, deviates=deviates)
        if known.shows(self.server, seen, conforms=conforms, deviates=deviates):
            self.deviations.append(known)

    def observe(self, **facts: Any) -> None:
        """Adds facts to the results; they must not differ from run to run."""
        self._say("observe", facts=facts)
        self._extra.update(facts)

    def observed(self) -> dict[str, Any]:
        """What happened, free of everything that differs from run to run."""
        facts = {
            "handshakes": [one.observed() for one in self.handshakes],
            **({"clients": [one.observed() for one in self.clients]} if self.clients else {}),
            **{name: fact for part in self._parts for name, fact in part.observed().items()},
            "log": sorted(error_log.for_results(self.nginx.log(), self._names())),
            **self._extra,
        }
        if self._asks_at_the_start:  # in containers that comes to the stub, elsewhere nowhere
            facts.pop(self.stub.requests_observed)
        return facts

    # ----- what holds for every scenario -----

    def exempt(self, invariant: str, why: str) -> None:
        """Says that something which holds for every other scenario (scenario/invariants.py) does
        not hold for this one."""
        check_word("invariant", invariant, sorted(invariants.INVARIANTS))
        self._say("exempt", invariant=invariant, why=why)
        self._exempt.append(invariant)

    def _facts(self) -> invariants.Facts:
        straight = self._world.topology.resolver == self.stub.name
        return invariants.Facts(
            asked=[
                life
                for one in self._parts
                if isinstance(one, OcspResponder)
                for life in one.lives()
            ],
            queried=self.stub.events() if straight else [],
            handshakes=[*self.handshakes, *filter(None, (one.outcome for one in self.clients))],
            log=self.nginx.log(),
            in_certificates=[u for one in self.pki.certificates.values() for u in one.ocsp_urls],
            configurations=self._configurations,
            verbatim=register.find("NGX-011").holds_for(self.server),
        )

    # ----- the end -----

    def finish(self) -> None:
        """Ends nginx and holds the scenario to what every scenario must satisfy."""
        self._end_clients()
        late = self._since_settled()
        status = self._end_server()
        self._ended = True
        self._collect()
        wrong = self.causes() + late
        # not before: what was held up may come through now, at a moment of the kernel's choice
        wrong += self._end_network_faults()
        wrong += error_log.settle_claims(self.nginx.log(), self._claims, self.server.name)
        wrong += [f"{self.server.name} left behind: {process}" for process in self._left_behind]
        if status != 0:
            wrong.append(f"{self.server.name} ended with status {status}")
        for part in reversed(self._parts):
            wrong += part.findings()
        if self.server.name == "nginx":
            wrong += map(self.shared, invariants.violations(self._facts(), self._exempt))
            wrong += invariants.needless(self._facts(), self._exempt)
        assert not wrong, "\n".join(wrong)

    def causes(self) -> list[str]:
        """What explains whatever else went wrong: a sanitizer's reports, and processes of nginx
        that have crashed without a claim."""
        claimed = [claim.text for claim in self._claims if claim.alert]
        crashes = [one for one in self.nginx.crashes() if not any(c in one for c in claimed)]
        return [*self.nginx.reports(), *crashes]

    def ended_parts(self) -> list[str]:
        """The responders that have ended though nobody told them to, one sentence each.  Nothing
        is asked of them any more, and the next scenario gets new ones."""
        said = []
        for part in self._faulty_servers:
            status = part.ended()
            if status is not None:
                part.silent = True
                self._world.renew(part.name)
                name, words = f"the {part.name} ({part.program})", part.last_words()
                said.append(f"{name} ended with status {status}; {words}")
        return said

    def abandon(self) -> None:
        """Ends everything of this scenario, whatever state it is in."""
        for part in self._parts:
            part.note = unheard
            if part.silent:
                with contextlib.suppress(LabError, OSError):
                    part.resume()
        self._kill_clients()
        self._undo_network_faults()
        if not self._ended:
            self.nginx.kill()
            with contextlib.suppress(LabError):  # a part that does not respond has been told of
                self._collect()

    def keep(self, into: Path) -> None:
        """Copies what a person needs to understand a failure: configuration, logs, events, keys."""
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(self.folder, into, ignore=_special)
        untrusted.copy(self._world.host.server_folder, into)
        shutil.copytree(self.pki.folder, into / "pki")
        for part in self._parts:
            text = "\n".join(str(event) for event in part.events())
            (into / f"{part.name}.events").write_text(text + "\n")


def _special(folder: str, names: list[str]) -> list[str]:
    """Of these names those of neither files nor folders: a socket, a FIFO, a link to nowhere."""
    paths = {name: Path(folder, name) for name in names}
    return [name for name, path in paths.items() if not (path.is_file() or path.is_dir())]
