"""The situation in which nginx asks about the certificate of a client (`ssl_ocsp`), which waits for
what comes of it."""

from __future__ import annotations

from typing import Any

from staplelab.parts.client import Handshake
from staplelab.scenario.case import OLD, Case, Outcome
from staplelab.scenario.lab import Lab
from staplelab.scenario.situation import Situation, inject
from staplelab.servers.config import Site

ACCEPTED = Outcome("accepted", "200")
REFUSED = Outcome("refused", "400")
#: nginx has closed without a response
CLOSED = Outcome("refused", "no response")

#: its client_header_timeout is 60 s, and nothing else ends the wait for a responder
_GIVEN_UP = "client timed out (110: Connection timed out)"
_NOT_VERIFIED = "client SSL certificate verify error: "
#: for a client that has sent a request to read it
_SAYS_IN_STREAM = r'return "HTTP/1.0 200 OK\r\n\r\n$ssl_client_verify";'
_CLIENT, _ISSUER = "client", "issuing"


def asking_for_certificates(
    lab: Lab,
    *more: str,
    checks: str = "on",
    verify: str = "on",
    root: str = "root",
    depth: int = 2,
    **choices: Any,
) -> Site:
    """An nginx that asks a client for a certificate, has it checked, and says what came of it;
    `checks` is the word of `ssl_ocsp`, `verify` that of `ssl_verify_client`, `root` the
    certificate that clients' chains end in; `choices` are those of a Site.  The scenario is not
    applicable to an nginx that cannot."""
    in_stream = choices.get("stream", False)
    since = "1.27.2" if in_stream else "1.19.0"
    if not lab.server.within(f">={since}"):
        where = " in stream" if in_stream else ""
        lab.not_applicable(f"ssl_ocsp{where} came with nginx {since}")
    lab.needs_module(*(("stream", "stream_ssl_module") if in_stream else ("http_rewrite_module",)))
    return Site(
        stapling=False,
        directives=(
            f"ssl_client_certificate {lab.certificate(root).file};",
            f"ssl_verify_client {verify};",
            f"ssl_verify_depth {depth};",
            f"ssl_ocsp {checks};",
            *more,
            _SAYS_IN_STREAM if in_stream else "return 200 $ssl_client_verify;",
        ),
        **choices,
    )


def claim_failed_goodbye(lab: Lab, clients: int = 1) -> None:
    """nginx has given so many clients up whose request stands unread, so its goodbye fails: that is
    [crit] up to nginx 1.23.0, which calls it [info]."""
    failed = len(lab.log_lines("SSL_shutdown() failed"))
    assert failed == clients, f"{failed} goodbyes failed, not {clients}"
    if not lab.server.within(">=1.23.0"):
        lab.claim("SSL_shutdown() failed", clients, level="crit")


class ClientCertificate(Situation):
    """A client presents its certificate, and nginx asks the responder about it, then about that of
    its authority.  The fault meets the first of the two.

    nginx fails closed: without a response that it takes as "good" the client is refused.  It
    always verifies who signed a response, whatever ssl_stapling_verify says.
    """

    def asks(self, case: Case) -> tuple[Outcome, ...]:
        if any(_says_good(one) for one in case.asks):
            return (ACCEPTED,)
        refused = CLOSED if case.nginx.refusal is None else REFUSED
        return (refused, ACCEPTED) if case.tolerable else (refused,)

    def does(self, case: Case) -> Outcome:
        outcome = case.nginx.outcome
        if outcome is None:
            return self.asks(case)[0]
        if outcome != OLD and outcome.verdict != "REVOKED":
            return ACCEPTED
        return CLOSED if case.nginx.refusal is None else REFUSED

    def lead(self, lab: Lab, case: Case) -> None:
        site = asking_for_certificates(lab)
        inject(lab, case, **self._limits(lab, case))
        lab.start(site)
        with lab.client("--get", "/", certificate=_CLIENT) as client:
            self.fetch(lab, case)
            assert not client.waits(), f"{client.name} waits still"
            seen = client.result()
        self.hold(lab, case, _outcome_of(seen), seen.failure)
        self._hold_reason(lab, case, seen)
        asked = [_CLIENT]
        if case.healthy_first or _outcome_of(seen) == ACCEPTED:
            asked.append(_ISSUER)
        self.conclude(lab, case, more=len(asked) - 1)
        self._hold_asked(lab, asked)

    def lines(self, case: Case) -> dict[str, int]:
        own = case.nginx.client_log
        return super().lines(case) if own is None else dict.fromkeys(own, 1)

    def _limits(self, lab: Lab, case: Case) -> dict[str, Any]:
        """A fault lets the second request pass.  The name is looked up once for both, and a
        listener is faulty as long as it is: there the fault need not end."""
        of_first = case.fault not in lab.stub.catalogue and case.nginx.connections > 0
        return {"times": 1} if of_first and not case.healthy_first else {}

    def _hold_reason(self, lab: Lab, case: Case, seen: Handshake) -> None:
        """nginx says in a variable that it has verified a client; at level info why it has refused
        one, or that it has given it up."""
        accepted = seen.status == 200
        given_up = not accepted and case.nginx.refusal is None
        if accepted:
            said = seen.http["body"] if seen.http else ""
            assert said == "SUCCESS", f"$ssl_client_verify is {said!r}, not 'SUCCESS'"
        if given_up:
            claim_failed_goodbye(lab)
        assert len(lab.log_lines(_GIVEN_UP)) == given_up, f"not {int(given_up)} times: {_GIVEN_UP}"
        lines = [line.text.partition(" while ")[0] for line in lab.log_lines(_NOT_VERIFIED)]
        reasons = [line.removeprefix(_NOT_VERIFIED) for line in lines]
        expected = [] if accepted or given_up else [case.nginx.refusal]
        assert reasons == expected, f"the client is refused for {reasons}, not {expected}"

    def _hold_asked(self, lab: Lab, names: list[str]) -> None:
        """The requests that were read were about these certificates, in this order."""
        asked = [name for one in lab.responder.requests() for name in one["certificates"]]
        assert asked in (names, names[1:]), f"asked about {asked}, not {names}"


def _says_good(one: Outcome) -> bool:
    return one.got == "new" and one.verdict != "REVOKED"


def _outcome_of(seen: Handshake) -> Outcome:
    if seen.status is None:
        return CLOSED
    return Outcome("accepted" if seen.status == 200 else "refused", str(seen.status))


CLIENT_CERTIFICATE = ClientCertificate()
