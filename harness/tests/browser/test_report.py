"""The report as a person meets it: in a real Chromium without a screen, by clicks and keys.

The run that it is made of has one of everything: it is written here, so that nothing depends on an
nginx.  What a server under test has said is in it as text that would be markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from staplelab.runs import views
from staplelab.runs.results import Results, ScenarioResult
from staplelab.servers.sut import ServerUnderTest

SERVER = ServerUnderTest("/usr/sbin/nginx", "1.22.1", "OpenSSL", "3.0.22", "OpenSSL 3.0.20", False)
MARKUP = "<script>document.title = 'taken over'</script><b>bold</b>"
WIDTHS = (420, 1200)
STORY = "suites/responder/test_story.py::test_story[<i>]"
_BOUND = 20.0


def entry(at: float, part: str, what: str, /, **details: Any) -> dict[str, Any]:
    return {"at": at, "part": part, "what": what, "details": details}


TIMELINE = [
    entry(0, "scenario", "start", verify=False),
    entry(0, "nginx", "[notice] start worker processes"),
    entry(0, "nginx", "[notice] start worker process 17"),
    entry(0, "scenario", "handshake", verdict="NO_STAPLE", reason="The server sent no staple."),
    entry(0, "stub", "query", qname="ocsp.staplelab.test", qtype="A", transport="udp", draw=None),
    entry(0, "stub", "response", qname="ocsp.staplelab.test", rcode=0,
          answers=["a 300 A 127.0.0.1"]),
    entry(0, "responder", "request", method="GET", certificates=["www"]),
    entry(0, "responder", "response", http_status=200, cert_status="good",
          next_update=1893456000, faults=["slow-body"]),
    entry(0, "nginx", f"[error] {MARKUP}"),
    entry(3601, "scenario", "clock", seconds=3601),
    entry(3601, "scenario", "handshake", verdict="GOOD", reason="Good.", options="--tls 1.2"),
]


def run() -> Results:
    scenarios = [
        ScenarioResult(STORY, "fail", MARKUP, {"requests": 1}, 0.25, TIMELINE, text="assert 0",
                       about="A story.", source="suites/responder/test_story.py:7"),
        ScenarioResult("suites/time/test_a.py::test_a", "pass"),
        ScenarioResult("suites/time/test_a.py::test_b", "known-deviation", deviations=[
            "NGX-001: expected a staple; nginx has none"],
            reason="NGX-001: expected a staple; nginx has none",
            timeline=[entry(0, "scenario", "inject", part="stub", faults=[{"fault": "servfail"}])]),
    ]
    scenarios += [
        ScenarioResult(f"suites/many/test_{n // 100}.py::test[{n}]", "pass", timeline=TIMELINE)
        for n in range(2000)
    ]
    return Results(SERVER, "local", scenarios, seconds=1.0)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    before = Results(SERVER, "local", [ScenarioResult("suites/time/test_a.py::test_a", "fail")])
    views.write(before, folder / "before")
    views.write(run(), folder, folder / "before")
    return (folder / "report" / "index.html").as_uri()


@pytest.fixture(scope="module", params=WIDTHS)
def browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    folder: Path = tmp_path_factory.mktemp("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     f"--user-data-dir={folder}", f"--window-size={request.param},900",
                     "--host-resolver-rules=MAP * ~NOTFOUND"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    try:
        driver.set_window_size(request.param, 900)
        yield driver
        said = [one for one in driver.get_log("browser") if one["level"] == "SEVERE"]
        assert said == []
    finally:
        driver.quit()


def find(browser: Any, selector: str) -> list[Any]:
    found: list[Any] = browser.find_elements(By.CSS_SELECTOR, selector)
    return found


def texts(browser: Any, selector: str) -> list[str]:
    return [one.text for one in find(browser, selector)]


def until(browser: Any, selector: str, count: int) -> list[Any]:
    """The elements that fit, once there are so many."""
    WebDriverWait(browser, _BOUND, 0.01).until(lambda _: len(find(browser, selector)) == count)
    return find(browser, selector)


def open_page(browser: Any, page: str, behind: str = "") -> None:
    browser.get("about:blank")
    browser.get(f"{page}{behind}")


def to_story(browser: Any, page: str, more: str = "") -> None:
    open_page(browser, page, f"#scenario={quote(STORY, safe='')}{more}")
    until(browser, ".timeline", 1)


def test_list(browser: Any, page: str) -> None:
    """Grouped by suite; what is unexpected is open, and the rest is made when it is opened."""
    open_page(browser, page)
    assert texts(browser, "details.suite > summary") == [
        "suites/many (2000)", "suites/responder (1)", "suites/time (2)"
    ]
    assert texts(browser, ".row a") == ["test_story.py::test_story[<i>]"]
    find(browser, "details.suite > summary")[2].click()
    until(browser, ".row", 3)
    assert browser.title == "Staplelab: nginx 1.22.1"


def test_what_nobody_looks_at_is_not_read(browser: Any, page: str) -> None:
    """A run of 2,000 scenarios opens with a page of a few elements and without a timeline; that of
    a scenario comes with those of its suite alone."""
    open_page(browser, page)
    assert len(find(browser, "*")) < 200
    assert find(browser, 'script[src^="data/"]:not([src="data/index.js"])') == []
    to_story(browser, page)
    read = [one.get_attribute("src") for one in find(browser, 'script[src^="data/"]')]
    assert [one.rpartition("/")[2] for one in read] == ["index.js", "1.js"]


def test_search(browser: Any, page: str) -> None:
    """It narrows while somebody types, and stands in the address."""
    open_page(browser, page)
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    browser.switch_to.active_element.send_keys("TEST_A b")
    assert [one.text for one in until(browser, ".row a", 1)] == ["test_a.py::test_b"]
    assert "search=TEST_A+b" in browser.current_url
    browser.switch_to.active_element.send_keys("xyz")
    assert browser.find_element(By.ID, "main").text == "No scenario fits."


@pytest.mark.parametrize(
    ("behind", "shown"),
    [
        ("#without=pass,known-deviation", ["test_story.py::test_story[<i>]"]),
        ("#fault=servfail", ["test_a.py::test_b"]),
        ("#fault=slow-body&suite=suites%2Fresponder", ["test_story.py::test_story[<i>]"]),
        ("#deviation=NGX-001", ["test_a.py::test_b"]),
        ("#search=test%5B77%5D", ["test_0.py::test[77]"]),
    ],
)
def test_a_link_narrows(browser: Any, page: str, behind: str, shown: list[str]) -> None:
    open_page(browser, page, behind)
    assert texts(browser, ".row a") == shown


def test_an_outcome_is_taken_away(browser: Any, page: str) -> None:
    open_page(browser, page, "#suite=suites%2Ftime")
    until(browser, ".row", 2)
    browser.find_element(By.CSS_SELECTOR, "input[data-outcome=pass]").click()
    assert [one.text for one in until(browser, ".row a", 1)] == ["test_a.py::test_b"]
    assert "without=pass" in browser.current_url


def test_a_scenario_is_a_story(browser: Any, page: str) -> None:
    open_page(browser, page)
    until(browser, ".row a", 1)[0].click()
    until(browser, ".timeline", 1)
    main = browser.find_element(By.ID, "main").text
    assert "A story." in main and "suites/responder/test_story.py:7" in main
    assert MARKUP in main and "assert 0" in main
    assert browser.title == "Staplelab: nginx 1.22.1" and find(browser, "main b") == []
    assert texts(browser, ".event")[0] == "00:00:00 start verify=false"
    rows = [one.get_attribute("textContent") for one in find(browser, ".event")]
    assert rows[1:] == [
        "2 lines of routine",
        "handshake NO_STAPLE: The server sent no staple.",
        "query ocsp.staplelab.test A?",
        "response rcode 0, a 300 A 127.0.0.1",
        "request GET for www",
        "response HTTP 200, good ⚡ slow-body",
        f"[error] {MARKUP}",
        "01:00:01 clock +1 h 0 min 1 s",
        "handshake GOOD: Good. (--tls 1.2)",
    ]


def test_lanes(browser: Any, page: str) -> None:
    """A lane a part, an arrow for what goes from one to another, a break where the clock moves."""
    to_story(browser, page)
    heads = [one.get_attribute("title") for one in find(browser, ".heads span")]
    assert heads == ["scenario", "client", "nginx", "stub", "responder"]
    assert len(find(browser, "line.lane")) == 5 and len(find(browser, "line.break")) == 1
    lanes = [float(one.get_attribute("x1")) for one in find(browser, "line.lane")][::-1]
    arrows = [
        tuple(lanes.index(float(line.get_attribute(end))) for end in ("x1", "x2"))
        for line in find(browser, "line.arrow")
    ]
    assert arrows == [(0, 2), (1, 2), (2, 3), (3, 2), (2, 4), (4, 2), (1, 2)]


def test_an_event(browser: Any, page: str) -> None:
    """A click shows it whole, another one folds it; the address says which."""
    to_story(browser, page)
    find(browser, ".event")[3].click()
    whole = until(browser, "pre.whole", 1)[0].get_attribute("textContent")
    assert json.loads(whole)["qtype"] == "A" and "event=4" in browser.current_url
    find(browser, ".event")[3].click()
    until(browser, "pre.whole", 0)
    find(browser, ".event")[1].click()
    assert "worker process 17" in until(browser, "pre.whole", 1)[0].text


def test_keys(browser: Any, page: str) -> None:
    to_story(browser, page, "&event=4")
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.ARROW_DOWN)
    assert browser.switch_to.active_element.text.endswith("start verify=false")
    browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert browser.switch_to.active_element.text == "2 lines of routine"
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    until(browser, "details.suite", 3)


def test_pages(browser: Any, page: str) -> None:
    open_page(browser, page, "#page=deviations")
    assert texts(browser, "h2") == ["NGX-001: The first handshake after a start has no staple"]
    open_page(browser, page, "#page=faults")
    assert texts(browser, "main a") == ["servfail", "slow-body"]
    open_page(browser, page, "#page=changes")
    assert texts(browser, "main p") == ["suites/time/test_a.py::test_a: outcome: fail -> pass"]
    open_page(browser, page, "#scenario=nowhere")
    assert "There is no scenario nowhere" in browser.find_element(By.ID, "main").text


def test_nothing_is_wider_than_the_window(browser: Any, page: str) -> None:
    story = f"#scenario={quote(STORY, safe='')}&event=4"
    for behind, drawn, count in (
        ("", "details.suite", 3), ("#suite=suites%2Fmany", ".row", 2000), (story, "pre.whole", 1)
    ):
        open_page(browser, page, behind)
        until(browser, drawn, count)
        wide = browser.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, behind


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "+0 s"), (1, "+1 s"), (3600, "+1 h"), (3601, "+1 h 0 min 1 s"),
     (604_860, "+7 d 0 h 1 min"), (-90, "-1 min 30 s"), (0.5, "+0.5 s"), (59.9999, "+1 min")],
)
def test_offsets(browser: Any, page: str, seconds: float, said: str) -> None:
    """As times.offset writes them."""
    open_page(browser, page)
    assert browser.execute_script(f"return staplelab.offset({seconds})") == said


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"draw": None, "n": 1}, "n=1"),
        ({"why": "a b", "who": "stub"}, 'why="a b" who=stub'),
        ({"seconds": 3600, "alone": "wall"}, "seconds=+1 h alone=wall"),
        ({"next_update": None, "this_update": 1893456000}, "this_update=2030-01-01T00:00:00Z"),
        ({"faults": [{"fault": "x", "n": None}, {"fault": "y"}]}, "faults=[{fault=x}, {fault=y}]"),
    ],
)
def test_details(browser: Any, page: str, details: dict[str, Any], said: str) -> None:
    open_page(browser, page)
    assert browser.execute_script(f"return staplelab.compact({json.dumps(details)})") == said
