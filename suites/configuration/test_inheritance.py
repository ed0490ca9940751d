"""Each directive in http{}, in server{}, and in both."""

from __future__ import annotations

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from suites.file.responses import TRY_LATER
from suites.configuration.inheritance import DIRECTIVES, LEVELS, Directive, Effect

CASES = [(one, level) for one in DIRECTIVES for level in LEVELS]
OTHER = "other.staplelab.test"


def filled(lab: Lab, text: str) -> str:
    names = {
        "{stub}": lab.resolver("stub"),
        "{stub-2}": lab.resolver("stub-2"),
        "{url-2}": f"http://{lab.address('responder-2')}:{lab.responder.port}/",
        "{url-name}": lab.responder_url(),
        "{trusted}": str(lab.certificate().trusted),
        "{rogue}": str(lab.certificate("rogue").file),
        "{file}": str(lab.folder / "error.der"),
    }
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def value(lab: Lab, directive: Directive, which: str) -> str:
    texts = {"none": "", "one": directive.one, "another": directive.another}
    return filled(lab, texts[which])


def hold(lab: Lab, effect: Effect, name: str = "www.staplelab.test") -> None:
    """The first fetch has this effect; `name`: of the server{}."""
    requests, queries = len(lab.responder.requests()), len(lab.stub.requests())
    lab.handshake(name=name)
    lab.settle(effect.connections, effect.queries)
    assert lab.handshake(name=name).verdict == effect.verdict
    assert [one["listener"] for one in lab.responder.requests()[requests:]] == (
        [effect.at] * effect.connections
    )
    assert [one["listener"] for one in lab.stub.requests()[queries:]] == (
        [effect.asked] * effect.queries
    )
    for level, text in (effect.log or {}).items():
        lab.claim(text, level=level)


@pytest.mark.parametrize(
    ("directive", "level"), CASES, ids=[f"{one.name}-{level}" for one, level in CASES]
)
def test_level(lab: Lab, directive: Directive, level: str) -> None:
    """What server{} says counts, else what http{} says, else the default; so with each alone."""
    in_http, in_server, counts = LEVELS[level]
    if directive.signer:
        lab.responder.certificate("1001", signer=directive.signer)
    beside = tuple(filled(lab, text) for text in directive.beside)
    own = value(lab, directive, in_server)
    site = Site(plain=True, directives=(*beside, *filter(None, [own])))
    effects = {
        "none": directive.of_none, "one": directive.of_one, "another": directive.of_another,
    }
    lab.file("error.der", TRY_LATER)
    if effects[counts].verdict == "ERROR_STATUS":
        lab.exempt("staple-origin", "it comes from a file")
    lab.start(site, http=value(lab, directive, in_http))
    hold(lab, effects[counts])


def test_only_the_one_that_overrides(lab: Lab) -> None:
    """Of two server{} one switches stapling off that http{} has on; the other one has it still."""
    off = Site(plain=True, directives=("ssl_stapling off;",))
    on = Site(certificates=("other",), server_name=OTHER, plain=True)
    http = f"ssl_stapling on; resolver {lab.resolver('stub')};"
    lab.start(off, on, http=http)
    hold(lab, Effect("NO_STAPLE", connections=0, queries=0))
    hold(lab, Effect(), OTHER)
    hold(lab, Effect("NO_STAPLE", connections=0, queries=0))


def test_everything_in_http(lab: Lab) -> None:
    """Two server{} that have nothing but their certificates: each fetches for itself, the name is
    resolved once."""
    trusted = lab.certificate().trusted
    lab.start(
        Site(plain=True),
        Site(certificates=("other",), server_name=OTHER, plain=True),
        http=f"ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate {trusted}; "
        f"resolver {lab.resolver('stub')} valid=300s; resolver_timeout 5s;",
    )
    hold(lab, Effect())
    hold(lab, Effect(queries=0), OTHER)


@pytest.mark.parametrize("level", LEVELS)
def test_resolver_timeout(lab: Lab, level: str) -> None:
    """To the second; 30 s where nothing is said."""
    in_http, in_server, counts = LEVELS[level]
    seconds = {"none": 30, "one": 3, "another": 4}
    texts = {"none": "", "one": "resolver_timeout 3s;", "another": "resolver_timeout 4s;"}
    lab.inject("drop-query")
    site = Site(directives=(texts[in_server],) if texts[in_server] else ())
    lab.start(site, http=texts[in_http])
    lab.handshake()
    lab.settle(queries=2, so_far=True)
    lab.step(seconds[counts] - 0.01)
    lab.settle(so_far=True)
    assert not lab.log_lines("could not be resolved")
    lab.step(0.02)
    lab.settle(queries=4 if counts == "none" else 2)
    lab.claim("ocsp.staplelab.test could not be resolved (110: Operation timed out)")


def test_resolver_timeout_of_a_server_with_the_resolver_of_http(lab: Lab) -> None:
    lab.inject("drop-query")
    site = Site(resolver=None, directives=("resolver_timeout 2s;",))
    lab.start(site, http=f"resolver {lab.resolver('stub')};")
    lab.handshake()
    lab.settle(queries=2)
    lab.step(2.5)
    lab.settle()
    lab.claim("ocsp.staplelab.test could not be resolved (110: Operation timed out)")


def test_resolver_in_a_location(lab: Lab) -> None:
    """A handshake knows no location: it is as if there were none."""
    site = Site(
        resolver=None, directives=(f"location /x {{ resolver {lab.resolver('stub')}; }}",)
    )
    lab.start(site)
    hold(
        lab,
        Effect(
            queries=0,
            log={"warn": "no resolver defined to resolve ocsp.staplelab.test while requesting"},
        ),
    )


@pytest.mark.parametrize("where", ["http", "server"])
def test_included(lab: Lab, where: str) -> None:
    """A file that has all of it, included in http{} or in server{}."""
    lines = (
        f"ssl_stapling on; ssl_stapling_verify on; resolver {lab.resolver('stub')};\n"
        f"ssl_trusted_certificate {lab.certificate().trusted};\n"
    )
    file = lab.file("stapling.conf", lines)
    if where == "http":
        lab.start(Site(plain=True), http=f"include {file};")
    else:
        lab.start(Site(plain=True, include=file))
    hold(lab, Effect())
    lab.file("stapling.conf", "ssl_stapling off;\n")
    lab.reload()
    hold(lab, Effect("NO_STAPLE", connections=0, queries=0))
