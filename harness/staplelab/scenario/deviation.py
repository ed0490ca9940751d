"""Known deviations: where a released nginx departs from a standard, pinned so a change shows."""

from __future__ import annotations

from dataclasses import dataclass

from staplelab.errors import LabError
from staplelab.servers.sut import ServerUnderTest

#: what came of a scenario where it meets a deviation: a verdict, a number, a word of its own
Outcome = str | int | None


@dataclass(frozen=True)
class Deviation:
    """One departure: what the standard asks, what nginx does instead, which versions do."""

    #: NGX-001 and so on; never the form of a fault's id
    id: str
    #: a heading: the behaviour in a few words
    title: str
    #: what the standard asks, so that it can follow "expected"
    expected: str
    #: the words of the standard
    quotation: str
    #: the document and the section that these words stand in
    source: str
    #: what nginx does, so that it can follow "nginx"
    does: str
    #: nginx's function (and file) in which that is read
    read_in: str
    #: the versions of nginx that deviate, such as ">=1.19.0,<1.23.0"; "" for all
    versions: str = ""
    #: the TLS libraries with which it does, where the library decides it; none named: with all.
    #: Each may have a range ("OpenSSL <3.6"); OpenSSL stands for quictls, too.
    libraries: tuple[str, ...] = ()

    def holds_for(self, server: ServerUnderTest) -> bool:
        """Whether this server is known to deviate: an nginx, for the register is nginx's."""
        return server.name == "nginx" and server.within(self.versions) and (
            not self.libraries or any(_is_library(one, server) for one in self.libraries)
        )

    def shows(
        self,
        server: ServerUnderTest,
        seen: Outcome,
        *,
        conforms: Outcome | tuple[Outcome, ...],
        deviates: Outcome,
    ) -> bool:
        """Whether the server deviates, as it is known to.

        `conforms` is what the standard asks for (several: any of these), `deviates` what nginx
        does instead.  AssertionError when a server that is known to deviate conforms, or the other
        way round, and on an outcome that is neither: so a misspelt outcome cannot pass for ever.
        """
        asked = conforms if isinstance(conforms, tuple) else (conforms,)
        if deviates in asked:
            raise LabError(f"{self.id}: {deviates!r} cannot both conform and deviate")
        known = self.holds_for(server)
        if seen not in (*asked, deviates):
            either = " or ".join(repr(one) for one in (*asked, deviates))
            raise AssertionError(f"{seen!r} where {either} is known, {server.short()}: {self}")
        if seen == deviates and not known:
            raise AssertionError(f"{server.short()} is not known to deviate: {self}")
        if seen != deviates and known:
            raise AssertionError(f"no longer deviates, {server.short()}: {self}")
        return known

    def __str__(self) -> str:
        return f"{self.id}: expected {self.expected}; nginx {self.does}"


def _is_library(one: str, server: ServerUnderTest) -> bool:
    name, _, versions = one.partition(" ")
    return server.has_library(name, versions)
