"""Deviations: what pins one, and that register, page and suites do not drift apart."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator

import child_run
import pytest
from lab_run import LabRun, nginx

from staplelab import catalogue
from staplelab.errors import LabError
from staplelab.hosts import network
from staplelab.places import build_folder, repository
from staplelab.scenario import deviation_page, register
from staplelab.scenario.deviation import Deviation, Outcome
from staplelab.scenario.register import REGISTER
from staplelab.servers import sut
from staplelab.servers.sut import ServerUnderTest

SUITES = repository() / "suites"


def a_deviation(versions: str = "", libraries: tuple[str, ...] = ()) -> Deviation:
    return Deviation(
        id="NGX-900",
        title="Nothing is well",
        expected="all to be well",
        quotation="All MUST be well.",
        source="RFC 1",
        does="is not",
        read_in="ngx_main",
        versions=versions,
        libraries=libraries,
    )


def server(library: str = "OpenSSL 3.0.20") -> ServerUnderTest:
    name, _, version = library.partition(" ")
    return ServerUnderTest("/opt/nginx", "1.22.1", name, version, "OpenSSL 1.0.0", debug=False)


# ----- one deviation -----


def test_it_reads_as_expected_and_seen() -> None:
    assert str(a_deviation()) == "NGX-900: expected all to be well; nginx is not"


@pytest.mark.parametrize(
    ("versions", "libraries", "library", "deviates"),
    [
        ("", (), "OpenSSL 3.0.20", True),
        ("", (), "BoringSSL", True),
        (">=1.22.0", ("OpenSSL >=3.0.0",), "OpenSSL 3.0.20", True),
        ("<1.22.0", ("OpenSSL >=3.0.0",), "OpenSSL 3.0.20", False),
        (">=1.22.0", ("OpenSSL <3.0.0",), "OpenSSL 3.0.20", False),
        ("", ("OpenSSL",), "OpenSSL 3.0.20", True),
        ("", ("OpenSSL",), "BoringSSL", False),
        ("", ("OpenSSL",), "LibreSSL 3.8.2", False),
        ("", ("LibreSSL",), "LibreSSL 3.8.2", True),
        ("", ("LibreSSL",), "OpenSSL 3.0.20", False),
        ("", ("OpenSSL <3.0.0", "AWS-LC"), "AWS-LC 1.29.0", True),
        ("", ("OpenSSL <3.0.0", "AWS-LC"), "OpenSSL 1.1.1w", True),
        ("", ("OpenSSL <3.0.0",), "quictls 1.1.1", True),
        ("", ("OpenSSL <3.0.0",), "quictls 3.1.5", False),
        ("", ("LibreSSL <4.3", "AWS-LC"), "LibreSSL 4.2.1", True),
        ("", ("LibreSSL <4.3", "AWS-LC"), "LibreSSL 4.3.0", False),
        ("", ("BoringSSL",), "BoringSSL", True),
        ("", ("BoringSSL >=1",), "BoringSSL", False),
    ],
)
def test_it_is_of_a_server_and_its_library(
    versions: str, libraries: tuple[str, ...], library: str, deviates: bool
) -> None:
    assert a_deviation(versions, libraries).holds_for(server(library)) is deviates


OLDER = "<1.22.0"


@pytest.mark.parametrize(
    ("versions", "seen", "conforms", "deviates"),
    [
        ("", "NO_STAPLE", "GOOD", True),
        ("", "NO_STAPLE", ("GOOD", "REVOKED"), True),
        (OLDER, "GOOD", "GOOD", False),
        (OLDER, "REVOKED", ("GOOD", "REVOKED"), False),
    ],
)
def test_what_is_known(
    versions: str, seen: Outcome, conforms: Outcome | tuple[Outcome, ...], deviates: bool
) -> None:
    one = a_deviation(versions)
    assert one.shows(server(), seen, conforms=conforms, deviates="NO_STAPLE") is deviates


NEITHER = "'REVOKED' where 'GOOD' or 'NO_STAPLE' is known, nginx 1.22.1 with OpenSSL 3.0.20: NGX"


@pytest.mark.parametrize(
    ("versions", "seen", "complaint"),
    [
        ("", "GOOD", "no longer deviates, nginx 1.22.1 with OpenSSL 3.0.20: NGX-900: expected"),
        (OLDER, "NO_STAPLE", "nginx 1.22.1 with OpenSSL 3.0.20 is not known to deviate: NGX"),
        ("", "REVOKED", NEITHER),
        (OLDER, "REVOKED", NEITHER),
        ("", None, "None where 'GOOD' or 'NO_STAPLE' is known"),
    ],
)
def test_what_is_a_surprise(versions: str, seen: Outcome, complaint: str) -> None:
    with pytest.raises(AssertionError) as failed:
        a_deviation(versions).shows(server(), seen, conforms="GOOD", deviates="NO_STAPLE")
    assert str(failed.value).startswith(complaint)


def test_the_register_is_of_nginx_alone() -> None:
    """Another server that does the same is new, whatever its version."""
    library = ("OpenSSL", "3.0.20", "OpenSSL 3.0.20")
    other = ServerUnderTest("/opt/x", "9.9.9", *library, debug=False, name="other")
    assert not a_deviation().shows(other, "GOOD", conforms="GOOD", deviates="NO_STAPLE")
    with pytest.raises(AssertionError, match="^other 9.9.9 with OpenSSL 3.0.20 is not known to"):
        a_deviation().shows(other, "NO_STAPLE", conforms="GOOD", deviates="NO_STAPLE")


def test_a_misspelt_outcome_does_not_pin_for_ever() -> None:
    """The day nginx conforms, the scenario fails, whichever way it is misspelt."""
    for conforms, deviates in (("GODD", "NO_STAPLE"), ("GOOD", "NO_STAPEL")):
        with pytest.raises(AssertionError):
            a_deviation().shows(server(), "GOOD", conforms=conforms, deviates=deviates)


def test_outcomes_that_are_the_same_are_refused() -> None:
    with pytest.raises(LabError, match="NGX-900: 'GOOD' cannot both conform and deviate"):
        a_deviation().shows(server(), "GOOD", conforms=("NO_STAPLE", "GOOD"), deviates="GOOD")


# ----- the register -----


@pytest.mark.parametrize(
    ("id_", "near"), [("NGX-10", "NGX-010"), ("NGX-0010", "NGX-010"), ("ngx-001", "NGX-001")]
)
def test_an_unknown_id_is_told_the_nearest(id_: str, near: str) -> None:
    with pytest.raises(LabError, match=f'unknown deviation "{id_}"; the nearest are: .*{near}'):
        register.find(id_)


def test_an_id_finds_its_entry() -> None:
    assert [register.find(one.id) for one in REGISTER] == list(REGISTER)


def test_ids_are_consecutive_and_none_is_a_fault() -> None:
    ids = [one.id for one in REGISTER]
    assert ids == [f"NGX-{number:03}" for number in range(1, len(REGISTER) + 1)]
    faults = [f["id"] for p in ("faulty-ocspd", "faulty-dnsd") for f in catalogue.read(program(p))]
    faults += [fault.id for fault in network.FAULTS.values()]
    assert not {*ids} & {*faults}


@pytest.mark.parametrize("one", REGISTER, ids=lambda one: one.id)
def test_an_entry_is_whole(one: Deviation) -> None:
    for text in (one.title, one.expected, one.quotation, one.source, one.does, one.read_in):
        assert text and text == text.strip() and "\n" not in text and "  " not in text
    for clause in (one.title, one.expected, one.does, one.read_in):
        assert not clause.endswith(".")
    assert re.match(r"[a-z]+s ", one.does), "follows nginx: a verb in the indicative"
    assert re.search(r"RFC \d+, section \d|, item \d|^nginx\.org/en/docs/\S+, \w", one.source)
    one.holds_for(server())  # its ranges can be read


def test_titles_are_unique() -> None:
    titles = [one.title for one in REGISTER]
    assert len(titles) == len({*titles})


def program(name: str) -> os.PathLike[str]:
    return build_folder() / "bin" / name


# ----- the page, the suites -----


def test_the_page_is_what_register_and_suites_say() -> None:
    page = (repository() / "docs" / "deviations.md").read_text()
    made = deviation_page.page(SUITES)
    assert page == made, "run: python3 -m staplelab deviations > docs/deviations.md"


def test_the_command_prints_the_page() -> None:
    done = child_run.start(repository(), "staplelab", "deviations")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == deviation_page.page(SUITES)


def test_every_deviation_has_a_scenario_and_none_is_unknown() -> None:
    assert {*deviation_page.shown_by(SUITES)} == {one.id for one in REGISTER}


def test_whatever_the_suites_name_is_found() -> None:
    """An id that only a helper or a constant names would not come onto the page."""
    texts = (path.read_text() for path in SUITES.rglob("*.py"))
    named = {id_ for text in texts for id_ in re.findall(r'"(NGX-[^"]*)"', text)}
    assert named == {*deviation_page.shown_by(SUITES)}


def test_the_suites_have_no_deviations_of_their_own() -> None:
    assert [path for path in SUITES.rglob("*.py") if "Deviation(" in path.read_text()] == []


def outcomes() -> Iterator[str]:
    """The outcomes in capital letters that the suites pin."""
    for path in SUITES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg in ("conforms", "deviates", "conforming"):
                for part in ast.walk(node.value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield from re.findall(r"\b[A-Z_]{4,}\b", part.value)


def test_outcomes_are_verdicts() -> None:
    listed = subprocess.run(
        [program("staple-check"), "--list-verdicts"], capture_output=True, text=True, check=True
    ).stdout
    pinned = {*outcomes()}
    assert len(pinned) > 4
    assert pinned - {line.split()[1] for line in listed.splitlines()} == set()


def test_a_run_shows_what_the_page_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every scenario on the page that applies to this server deviates, in the words of its entry,
    where the server does."""
    judged = sut.probe(nginx())
    shown = deviation_page.shown_by(SUITES)
    scenarios = sorted({f"{repository()}/{one}" for ones in shown.values() for one in ones})
    options = ("--nginx", nginx(), "--out", "out")
    run = LabRun(tmp_path_factory.mktemp("d"), "staplelab", "run", *options, *scenarios).end()
    assert run.status == 0, run.said()
    reasons: dict[str, list[str]] = {}
    for seen in run.results()["scenarios"]:
        name = seen["id"].partition("suites/")[2]
        ran = seen["outcome"] != "not-applicable"
        for part in (name, name.partition("[")[0]):
            reasons.setdefault(f"suites/{part}", []).extend([seen["reason"]] * ran)
    for id_, names in shown.items():
        one = register.find(id_)
        for name in names:
            told = {str(one) in reason for reason in reasons[name]}
            assert told <= {one.holds_for(judged)}, name
