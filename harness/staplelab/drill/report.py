"""What a drill leaves: drill.json, drill.html, drill-junit.xml, and what the terminal says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from staplelab import __version__, files
from staplelab.drill import page
from staplelab.drill.findings import Answer
from staplelab.drill.model import Twin
from staplelab.drill.thresholds import Held
from staplelab.servers.sut import ServerUnderTest

SCHEMA = 1
NAMES = ("drill.json", "drill.html", "drill-junit.xml")
HELD, MISSED, NOTHING = 0, 1, 2


@dataclass(frozen=True)
class Report:
    """One drill."""

    server: ServerUnderTest
    twin: Twin
    validity: int
    #: where the validity comes from, in words
    validity_from: str
    answers: list[Answer]
    held: list[Held]
    seconds: float

    @property
    def judged(self) -> list[Answer]:
        """Those of which something is known."""
        return [one for one in self.answers if one.stapling != "cannot-judge"]

    @property
    def status(self) -> int:
        """The exit status."""
        if not self.judged:
            return NOTHING
        return MISSED if any(one.outcome == "missed" for one in self.held) else HELD


def write(report: Report, folder: Path) -> list[Path]:
    """All views, or none."""
    made = {"drill.json": as_json(report), "drill.html": page.html(report)}
    files.write(folder, made | {"drill-junit.xml": as_junit(report)})
    return [folder / name for name in NAMES]


# ----- JSON -----


def as_json(report: Report) -> str:
    """docs/schema/drill.json says what is in it."""
    twin = report.twin
    whole = {
        "schema": SCHEMA,
        "staplelab": __version__,
        "server": {"title": report.server.short(), "path": report.server.path},
        "configuration": str(twin.conf),
        "workers": {"given": twin.worker_processes, "taken": twin.workers},
        "validity": {"seconds": report.validity, "from": report.validity_from},
        "status": report.status,
        "sites": list(_sites(report)),
        "classes": [
            {"sites": one.names, "measured": one.measured.as_json()} for one in report.answers
        ],
        "thresholds": [asdict(one) for one in report.held],
        "changes": [_placed(asdict(one)) for one in twin.changes],
        "unread": [_placed(asdict(one)) for one in twin.unread],
        "complaints": [_placed(asdict(one)) for one in twin.complaints],
    }
    return json.dumps(whole, indent=1, ensure_ascii=True) + "\n"


def _placed(entry: dict[str, Any]) -> dict[str, Any]:
    """With its place as it is written everywhere: FILE:LINE."""
    place = entry.get("place")
    return {**entry, "place": f"{place['file']}:{place['line']}" if place else None}


def _sites(report: Report) -> Iterator[Mapping[str, Any]]:
    for number, answer in enumerate(report.answers):
        for site, at_site in answer.members:
            certificate = at_site.certificate
            yield {
                "name": site.name,
                "names": list(site.names),
                "place": str(site.place),
                "socket": site.socket,
                "context": site.context,
                "certificate": {
                    "file": certificate.file,
                    "read": certificate.read,
                    "why_not_read": certificate.why_not_read,
                    "names": list(certificate.names),
                    "key": certificate.key,
                    "must_staple": certificate.must_staple,
                    "ocsp_urls": list(certificate.ocsp_urls),
                    "shape": certificate.shape,
                },
                "stapling": answer.stapling,
                "why": answer.why,
                "class": number,
                "findings": answer.as_json(),
            }


# ----- JUnit -----


def as_junit(report: Report) -> str:
    """A case for each class of sites, and one for each threshold there."""
    cases = [*_judgements(report), *map(_threshold, report.held)]
    failed = sum(case.find("failure") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    counts = {
        "tests": str(len(cases)),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(skipped),
        "time": f"{report.seconds:.3f}",
    }
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {"name": "staplelab drill", **counts})
    suite.extend(cases)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode")


def _case(name: str, about: str) -> Element:
    said = {"classname": files.for_xml(about), "name": files.for_xml(name), "time": "0"}
    return Element("testcase", said)


def _judgements(report: Report) -> Iterator[Element]:
    for one in report.answers:
        case = _case("is judged", ", ".join(one.names))
        if one.stapling == "cannot-judge":
            SubElement(case, "skipped", {"message": files.for_xml(one.why)})
        else:
            told = "\n".join(finding.sentence for finding in one.findings)
            SubElement(case, "system-out").text = files.for_xml(told)
        yield case


def _threshold(held: Held) -> Element:
    case = _case(held.threshold, ", ".join(held.names))
    kinds = {"missed": "failure", "skipped": "skipped"}
    if held.outcome in kinds:
        SubElement(case, kinds[held.outcome], {"message": files.for_xml(held.said)})
    return case
