"""Known deviations: where a released nginx departs from a standard, pinned so a change shows."""

from __future__ import annotations

from dataclasses import dataclass

from staplelab.servers.sut import ServerUnderTest


@dataclass(frozen=True)
class Deviation:
    """One departure: what the standard says, where it says so, which versions depart."""

    #: the item of the conformance checklist, or another short and stable name
    item: str
    #: what a conforming server would do, one clause
    standard: str
    #: where that stands, and where nginx's behaviour is documented or can be read
    source: str
    #: the versions of nginx that deviate, such as ">=1.19.0,<1.23.0"; "" for all
    versions: str = ""
    #: the versions of OpenSSL with which it does, where the library decides it; "" for all
    openssl: str = ""

    def holds_for(self, server: ServerUnderTest) -> bool:
        """Whether this server is known to deviate."""
        return server.within(self.versions) and (
            not self.openssl or server.openssl_within(self.openssl)
        )

    def __str__(self) -> str:
        return f"{self.item}: {self.standard} ({self.source})"
