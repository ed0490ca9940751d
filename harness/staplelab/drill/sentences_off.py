"""Why nobody gets a staple, and what would change that."""

from __future__ import annotations

from collections.abc import Iterator

from staplelab.drill.findings import Advice, Answer, Finding

_NO_URL = (
    "The certificate names no OCSP responder (Let's Encrypt's have not since 2025): there is "
    "nothing to staple, and an outage changes nothing."
)


def why_not(judged: Answer) -> Iterator[Finding]:
    """One finding: the reason."""
    refused = ""
    if judged.must_staple:
        refused = "Must-staple: strict browsers refuse the site, always."
    if not judged.certificate.certificate.ocsp_urls:
        yield _no_url(judged, refused)
    elif judged.stapling == "off":
        yield Finding(
            "stapling-off",
            "outage" if judged.must_staple else "risk",
            "Stapling is off: no visitor ever gets a staple.",
            None,
            "visitors",
            refused,
            Advice("ssl_stapling", "ssl_stapling on;", _first(judged), _THEN, _at(judged)),
        )
    elif judged.stapling == "cannot-judge":
        yield Finding(
            "cannot-judge", "limit", f"This cannot be judged: {judged.why}.", None, "", refused
        )
    elif judged.stapling == "ignored":
        yield _ignored(judged, refused)
    else:
        yield _never(judged, refused)


_THEN = "the second visitor of each worker has a staple"


def trusted(judged: Answer, becomes: int, then: str) -> Advice:
    """What a response is verified by."""
    return Advice(
        "ssl_trusted_certificate",
        "ssl_trusted_certificate chain.pem; (the intermediates and the root)",
        becomes,
        then,
        str(judged.site.place_of("ssl_trusted_certificate") or _at(judged)),
    )


def _first(judged: Answer) -> int:
    """The visitors without a staple after a start, one a worker."""
    return judged.measured.start.workers if judged.measured.start else 1


def _at(judged: Answer) -> str:
    return str(judged.certificate.place)


def _no_url(judged: Answer, refused: str) -> Finding:
    advice = None
    if judged.stapling != "off":
        advice = Advice(
            "ssl_stapling", "ssl_stapling off;", None, "nginx warns no more", _at(judged)
        )
    return Finding("no-ocsp-url", "limit", _NO_URL, None, "visitors", refused, advice)


def _ignored(judged: Answer, refused: str) -> Finding:
    return Finding(
        "stapling-ignored",
        "outage",
        f"Stapling is on, and nginx ignores it: {judged.why}. No visitor ever gets a staple.",
        None,
        "visitors",
        refused,
        _advice(judged),
    )


def full_chain(judged: Answer, becomes: int) -> Advice:
    """What is only among the trusted certificates is found as an issuer, and not as a signer."""
    return Advice(
        "ssl_certificate",
        "ssl_certificate fullchain.pem; (the certificate, then its intermediate)",
        becomes,
        _THEN,
        str(judged.site.place_of("ssl_certificate") or judged.certificate.certificate.place),
    )


def _advice(judged: Answer) -> Advice | None:
    if "issuer" in judged.why:
        return full_chain(judged, _first(judged))
    if "host not found" in judged.why:
        return Advice(
            "/etc/hosts",
            "a name server, or a line in /etc/hosts, that knows the OCSP host when nginx starts",
            _first(judged),
            _THEN,
        )
    return None


def _never(judged: Answer, refused: str) -> Finding:
    """It is on, and nginx takes no response."""
    start = judged.measured.start
    said = "; ".join(start.said) if start is not None and start.said else "nginx says nothing of it"
    advice = None
    if "signer certificate not found" in said:
        advice = full_chain(judged, _first(judged))
    elif "OCSP_basic_verify() failed" in said:
        advice = trusted(judged, _first(judged), _THEN)
    return Finding(
        "never-stapled",
        "outage",
        f"Stapling is on, and nginx takes no response, though the responder is well: {said}. No "
        "visitor ever gets a staple.",
        None,
        "visitors",
        refused,
        advice,
    )
