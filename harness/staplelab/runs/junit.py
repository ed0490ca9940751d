"""junit.xml: the view of a record that CI systems read."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from staplelab.runs.results import Results, ScenarioResult

_KINDS = {"fail": "failure", "error": "error", "not-applicable": "skipped"}
#: what XML 1.0 has no place for, not even escaped
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(results: Results) -> str:
    """All scenarios as one test suite; the property "complete" says whether they are all."""
    totals = results.totals()
    counts = {
        "tests": str(len(results.scenarios)),
        "errors": str(totals["error"]),
        "failures": str(totals["fail"]),
        "skipped": str(totals["not-applicable"]),
        "time": f"{results.seconds:.3f}",
    }
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {"name": "staplelab", **counts})
    properties = SubElement(suite, "properties")
    complete = "true" if results.complete else "false"
    SubElement(properties, "property", {"name": "complete", "value": complete})
    for scenario in results.sorted():
        suite.append(_case(scenario))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode")


def _case(scenario: ScenarioResult) -> Element:
    function, bracket, parameters = scenario.id.partition("[")
    module, *classes = function.split("::")
    names = [module.removesuffix(".py").replace("/", "."), *classes]
    attributes = {
        "classname": ".".join(names[:-1]),
        "name": names[-1] + bracket + parameters,
        "time": f"{scenario.seconds:.3f}",
    }
    case = Element("testcase", {key: _escaped(value) for key, value in attributes.items()})
    if scenario.outcome in _KINDS:
        said = {"message": _escaped(scenario.reason)}
        SubElement(case, _KINDS[scenario.outcome], said).text = _escaped(scenario.text)
    elif scenario.deviations:
        out = SubElement(case, "system-out")
        out.text = _escaped("".join(f"known deviation: {one}\n" for one in scenario.deviations))
    return case


def _escaped(said: str) -> str:
    return _NO_XML.sub(lambda odd: f"#x{ord(odd[0]):02X}", said)
