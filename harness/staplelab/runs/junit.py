"""junit.xml of several runs in one: their test suites as they are, and the sums over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from staplelab.errors import LabError

_COUNTS = ("tests", "errors", "failures", "skipped")


def suites(file: Path) -> list[Element]:
    """The test suites of one junit.xml, with counts that can be added up; LabError otherwise."""
    try:
        root = ElementTree.parse(file).getroot()
    except OSError as error:
        raise LabError(f"{file}: cannot be read: {error.strerror}") from None
    except (ElementTree.ParseError, ValueError) as error:
        raise LabError(f"{file}: not XML: {error}") from None
    found = list(root)
    try:
        if root.tag != "testsuites" or any(suite.tag != "testsuite" for suite in found):
            raise ValueError
        for suite in found:
            _totals([suite])
    except (KeyError, ValueError):
        counts = ", ".join(_COUNTS)
        raise LabError(
            f"{file}: not a junit.xml (testsuites of testsuite with {counts}, time)"
        ) from None
    return found


def merged(found: Sequence[Element]) -> bytes:
    """One junit.xml of all of them."""
    root = Element("testsuites", _totals(found))
    root.extend(found)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _totals(found: Sequence[Element]) -> dict[str, str]:
    sums = {name: str(sum(int(suite.attrib[name]) for suite in found)) for name in _COUNTS}
    seconds = math.fsum(float(suite.attrib["time"]) for suite in found)
    return {**sums, "time": f"{seconds:.3f}"}
