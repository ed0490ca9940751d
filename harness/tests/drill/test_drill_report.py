"""What is made of answers: thresholds, sentences, the views and what they must not believe."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import drill_answers
import pytest
from drill_answers import WEEK, answer
from schemas import said

from staplelab.drill import durations, page, picture, report, thresholds
from staplelab.drill.experiments_clients import HEALTHY
from staplelab.drill.findings import Answer, span
from staplelab.drill.measured import Client
from staplelab.drill.model import Stapling
from staplelab.drill.thresholds import Held, Thresholds
from staplelab.errors import LabError

HOUR = 3600
LOCKED = (Client(HEALTHY, 200, True, 0), Client("refused", 400, False, 0))

# ----- thresholds -----


def outcome(limits: Thresholds, one: Answer) -> str:
    (held,) = thresholds.hold(limits, [one])
    return held.outcome


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Thresholds(survive=WEEK - HOUR), "held"),
        (Thresholds(survive=WEEK - HOUR + 1), "missed"),
        (Thresholds(survive=WEEK + 1), "missed"),  # nobody has tried
        (Thresholds(learn=WEEK + 1), "held"),
        (Thresholds(learn=WEEK), "missed"),
        (Thresholds(bare_after_start=4), "held"),
        (Thresholds(bare_after_start=3), "missed"),
        (Thresholds(no_lockout=True), "skipped"),
    ],
)
def test_thresholds(limits: Thresholds, expected: str) -> None:
    assert outcome(limits, answer()) == expected


def test_nobody_is_locked_out() -> None:
    limits = Thresholds(no_lockout=True)
    assert outcome(limits, answer(clients=LOCKED)) == "missed"
    let_in = tuple(dataclasses.replace(one, status=200, accepted=True) for one in LOCKED)
    assert outcome(limits, answer(clients=let_in)) == "held"


def test_where_there_is_never_a_staple() -> None:
    limits = Thresholds(survive=HOUR)
    never = {"bare": None}
    assert outcome(limits, answer(stapling="ignored", why="no issuer", bare=None)) == "missed"
    assert outcome(limits, answer(stapling="off", **never)) == "skipped"
    assert outcome(limits, answer(stapling="off", must_staple=True, **never)) == "missed"
    assert outcome(limits, answer(ocsp_urls=(), **never)) == "skipped"
    assert outcome(limits, answer(stapling="cannot-judge", why="Lua", **never)) == "skipped"


@pytest.mark.parametrize("text", ["24", "1.5h", "h", "-1h", "24 h", "1y", "0s", "9999d", ""])
def test_a_span_that_is_none(text: str) -> None:
    with pytest.raises(LabError, match="--survive"):
        durations.seconds("--survive", text)


def test_spans() -> None:
    given = {"90s": 90, "90m": 5400, "24h": 86400, "7d": WEEK, "1w": WEEK}
    assert {text: durations.seconds("--learn", text) for text in given} == given
    assert span(WEEK + 1) == "7 d 1 s" and span(0) == "0 s" and span(3661) == "1 h 1 min 1 s"


# ----- sentences -----


def test_the_worst_comes_first_and_each_has_its_number() -> None:
    ids = [one.id for one in answer(must_staple=True).findings]
    assert ids == ["revocation", "bare-after-start", "survives", "comes-back"]
    survives = answer(lost=HOUR).findings[0]
    assert (survives.id, survives.gravity, survives.number) == ("survives", "outage", HOUR)


def test_a_certificate_without_a_url_ends_in_that_sentence() -> None:
    states: tuple[Stapling, ...] = ("off", "ignored")
    for stapling in states:
        one = answer(stapling=stapling, why="no URL", bare=None, ocsp_urls=())
        assert [finding.id for finding in one.findings] == ["no-ocsp-url"]
        assert "Let's Encrypt's have not since 2025" in one.findings[0].sentence


def test_must_staple_is_told_apart() -> None:
    plain, strict = (answer(must_staple=must).findings for must in (False, True))
    assert not any(one.must_staple for one in plain)
    assert all("refuse" in one.must_staple for one in strict if one.id == "survives")
    assert any(one.must_staple for one in strict)


# ----- the views -----

EVIL = '<script>alert("1")</script>\x1b[31m\x00&amp;'


def evil() -> report.Report:
    one = answer(name=EVIL, why=EVIL, file=EVIL, stapling="ignored", bare=None)
    held = Held("--survive 1 d", (EVIL,), "missed", EVIL)
    return drill_answers.report(answer(), one, held=(held,), hides=EVIL)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]
        assert not any(name.startswith("on") for name, _ in attrs)


def test_the_page_believes_nothing_and_asks_nobody() -> None:
    text = page.html(evil())
    tags = Tags()
    tags.feed(text)
    assert "script" not in tags.seen and "img" not in tags.seen and tags.links == []
    assert "&lt;script&gt;" in text and "svg" in tags.seen
    assert "url(" not in text and "@import" not in text
    assert "prefers-color-scheme" in text or "color-scheme: light dark" in text


def test_the_terminal_is_not_obeyed() -> None:
    text = "\n".join(page.lines(evil()))
    assert "\x1b" not in text and "\x00" not in text and "\\x1b" in text


def test_json_and_junit_say_the_same() -> None:
    made = evil()
    whole = json.loads(report.as_json(made))
    assert said("drill", whole) == []
    assert [one["stapling"] for one in whole["sites"]] == ["on", "ignored"]
    assert whole["status"] == made.status == report.MISSED
    root = ElementTree.fromstring(report.as_junit(made))
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("3", "1", "0")
    assert [one.get("name") for one in root.iter("testcase") if one.find("failure") is not None]


def test_exit_statuses() -> None:
    assert drill_answers.report(answer()).status == report.HELD
    nothing = answer(stapling="cannot-judge", why="Lua", bare=None)
    assert drill_answers.report(nothing).status == report.NOTHING
    assert drill_answers.report().status == report.NOTHING


def test_the_picture_is_to_scale() -> None:
    (row,) = picture.rows(answer(lost=WEEK // 2))
    staple, down = picture.ascii(row).splitlines()
    assert (staple.count("#"), staple.count(".")) == (24, 24)
    assert down == "=" * 48
    bars = re.findall(r'class="\w+" x="[\d.]+" y="0" width="([\d.]+)"', picture.svg(row))
    assert list(map(float, bars)) == pytest.approx([320, 320], abs=1)
