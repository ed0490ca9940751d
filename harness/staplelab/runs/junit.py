"""junit.xml: the view of a record that CI systems read."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from staplelab.files import for_xml
from staplelab.runs.results import Results, ScenarioResult

_KINDS = {"fail": "failure", "error": "error", "not-applicable": "skipped"}


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
    case = Element("testcase", {key: for_xml(value) for key, value in attributes.items()})
    if scenario.outcome in _KINDS:
        said = {"message": for_xml(scenario.reason)}
        SubElement(case, _KINDS[scenario.outcome], said).text = for_xml(scenario.text)
    elif scenario.deviations:
        out = SubElement(case, "system-out")
        out.text = for_xml("".join(f"known deviation: {one}\n" for one in scenario.deviations))
    return case
