"""junit.xml: what becomes of each outcome, and of what XML cannot hold."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from staplelab.runs import junit
from staplelab.runs.results import Results, ScenarioResult
from staplelab.servers.sut import ServerUnderTest

SERVER = ServerUnderTest("/opt/nginx", "1.28.0", "OpenSSL", "3.5.2", "OpenSSL 3.5.1", debug=False)


def scenario(name: str, outcome: str = "pass", **more: Any) -> ScenarioResult:
    return ScenarioResult(name, outcome, **{"seconds": 0.5, **more})


def test_each_outcome() -> None:
    scenarios = [
        scenario("suites/a.py::test_x[b::c/d.py]"),
        scenario("suites/a.py::Group::test_y", "fail", reason="<why>\x00\ud800", text="a\x1b[1m"),
        scenario("suites/a.py::test_z", "error", reason="broke"),
        scenario("suites/a.py::test_n", "not-applicable", reason="no IPv6"),
        scenario("suites/a.py::test_d", "known-deviation", reason="X; Y", deviations=["X", "Y"]),
        scenario("suites/bad.py", "error", reason="SyntaxError"),
    ]
    found = Results(SERVER, "local", scenarios, seconds=1.5)
    root = ElementTree.fromstring(junit.text(found))
    counts = {"tests": "6", "errors": "2", "failures": "1", "skipped": "1", "time": "1.500"}
    assert root.attrib == counts and root[0].attrib == {"name": "staplelab", **counts}
    cases = {
        (case.attrib["classname"], case.attrib["name"]): [
            (part.tag, part.attrib.get("message"), part.text) for part in case
        ]
        for case in root.iter("testcase")
    }
    assert cases == {
        ("suites.a", "test_x[b::c/d.py]"): [],
        ("suites.a.Group", "test_y"): [("failure", "<why>#x00#xD800", "a#x1B[1m")],
        ("suites.a", "test_z"): [("error", "broke", None)],
        ("suites.a", "test_n"): [("skipped", "no IPv6", None)],
        ("suites.a", "test_d"): [("system-out", None, "known deviation: X\nknown deviation: Y\n")],
        ("", "suites.bad"): [("error", "SyntaxError", None)],
    }
