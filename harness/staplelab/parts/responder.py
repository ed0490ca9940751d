"""The OCSP responder beside the server: faulty-ocspd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from staplelab.errors import LabError
from staplelab.hosts.base import Host
from staplelab.hosts.network import Target
from staplelab.parts.faulty import FaultyServer
from staplelab.parts.pki import STANDARD, Pki


class OcspResponder(FaultyServer):
    """An OCSP responder that nginx asks."""

    program = "faulty-ocspd"
    request_kind = "request"
    arrival_kind = "accept"
    sent = "made"
    arrivals = ("new connection", "new connections")

    def __init__(
        self,
        name: str,
        host: Host,
        pki: Mapping[str, Pki],
        listeners: Mapping[str, str],
        port: int,
    ) -> None:
        """`pki`: the certificates that it speaks for, by their profiles.  `listeners`: the
        addresses that it listens on, by their names."""
        argv = []
        for listener, address in listeners.items():
            argv += ["--listen", f"{listener}={bracketed(address)}:{port}"]
        for minted in pki.values():
            argv += ["--pki", str(minted.folder)]
        self.title = name
        self.requests_observed = "requests" if name == "responder" else f"requests to {name}"
        super().__init__(name, host, argv)
        self._pki = pki
        self.port = port
        #: the profile of the scenario
        self.profile = STANDARD

    def certificate(self, serial: str, **state: Any) -> None:
        """Sets what is said of a certificate: status, reason, revocation_time, validity, signer."""
        owners = {profile: pki.id_of(serial) for profile, pki in self._pki.items()}
        others = {profile: name for profile, name in owners.items() if name is not None}
        if others and self.profile not in others:
            profile, name = others.popitem()
            raise LabError(
                f"serial {serial!r} is that of {name} in the profile {profile!r}; the "
                f"certificates of this scenario are those of {self.profile!r}"
            )
        own = owners.get(self.profile)
        known = {} if own is None else {"certificate": own}
        self.note("certificate", part=self.name, serial=serial, **known, state=state)
        self.control.call("PUT", f"/v1/certificates/{serial}", state)

    def target(self) -> Target:
        return Target(self.listener(self.name)[0], "tcp", self.port)


def bracketed(address: str) -> str:
    """An address as it stands before a port."""
    return f"[{address}]" if ":" in address else address
