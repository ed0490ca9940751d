"""The floors of the house: what points up or runs in a circle is named."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from staplelab.places import repository

# path -> content of a small house in which every arrow points down
HOUSE = {
    "harness/base/octets.h": "",
    "harness/base/octets.c": '#include "harness/base/octets.h"\n',
    "harness/base/tests/cm.h": "#include <cmocka.h>\n",
    "pki/keys.h": '#include "harness/base/octets.h"\n',
    "responders/engine/rule.h": '#include "harness/base/octets.h"\n',
    "responders/program/run.h": '#include "responders/engine/rule.h"\n',
    "responders/ocsp/codec/der.h": '#include "harness/base/octets.h"\n',
    "responders/ocsp/model.h": '#include "responders/ocsp/codec/der.h"\n',
    "responders/ocsp/faults/fault.h": '#include "responders/ocsp/model.h"\n',
    "responders/ocsp/exchange.h": "",
    "responders/ocsp/exchange.c": '#include "responders/ocsp/faults/fault.h"\n'
    '#include "responders/ocsp/exchange.h"\n',
    "responders/ocsp/faulty_ocspd_main.c": '#include "responders/ocsp/exchange.h"\n'
    '#include "responders/program/run.h"\n',
    "responders/ocsp/tests/minted.h": "",
    "responders/ocsp/tests/test_der.c": '#include "harness/base/tests/cm.h"\n'
    '#include "responders/ocsp/codec/der.h"\n#include "responders/ocsp/exchange.h"\n'
    '#include "responders/ocsp/tests/minted.h"\n',
    "harness/staplelab/__init__.py": "",
    "harness/staplelab/errors.py": "",
    "harness/staplelab/hosts/__init__.py": "from staplelab.hosts.local import Local\n",
    "harness/staplelab/hosts/local.py": "from staplelab.hosts import base\n",
    "harness/staplelab/hosts/base.py": "from staplelab import errors\n",
    "harness/staplelab/scenario/lab.py": "from staplelab import hosts\n",
    "harness/tests/staple_pki.py": "",
    "harness/tests/test_lab.py": "import staple_pki\nfrom suites.table import ROWS\n",
    "suites/__init__.py": "",
    "suites/table.py": "from staplelab.scenario.lab import Lab\n",
}

Floors = Callable[[dict[str, str]], list[str]]


@pytest.fixture
def floors(tmp_path: Path) -> Floors:
    """What the script says of the small house with these files in it."""

    def run(files: dict[str, str]) -> list[str]:
        for path, content in (HOUSE | files).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content)
        script = repository() / "harness" / "setup" / "floors"
        ended = subprocess.run([script, tmp_path], capture_output=True, text=True)
        found = ended.stderr.splitlines()
        assert (ended.returncode, ended.stdout) == (1 if found else 0, ""), ended.stderr
        return found

    return run


def test_a_good_house(floors: Floors) -> None:
    assert floors({}) == []


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("responders/engine/set.c", "responders/program/run.h", "engine may use engine, base; not"),
        ("pki/mint.c", "responders/engine/rule.h", "pki may use pki, base; not engine"),
        ("responders/dns/model.c", "responders/ocsp/model.h", "not ocsp model"),
        ("responders/ocsp/codec/tree.c", "responders/ocsp/model.h", "not ocsp model"),
        ("responders/ocsp/codec/tree.c", "responders/ocsp/faults/fault.h", "not ocsp faults"),
        ("responders/ocsp/faults/time.c", "responders/ocsp/exchange.h", "not ocsp exchange"),
        ("responders/engine/tests/test_rule.c", "responders/program/run.h", "engine may use"),
        ("responders/ocsp/model.c", "responders/ocsp/tests/minted.h", "may use no test"),
    ],
)
def test_an_include_that_points_up(floors: Floors, source: str, target: str, said: str) -> None:
    (found,) = floors({source: f'\n#include "{target}"\n'})
    assert found.startswith(f"{source}:2 -> {target}: ")
    assert said in found


def test_a_circle_of_c_files(floors: Floors) -> None:
    """Each .h alone is no circle: the way leads through the .c of the same name."""
    assert floors(
        {
            "pki/keys.c": '#include "pki/pool.h"\n#include "pki/keys.h"\n',
            "pki/pool.c": '#include "pki/files.h"\n#include "pki/pool.h"\n',
            "pki/pool.h": "",
            "pki/files.h": '#include "pki/keys.h"\n',
        }
    ) == ["circle: pki/files -> pki/keys -> pki/pool -> pki/files"]


@pytest.mark.parametrize("included", ["rule.h", "../engine/rule.h", "responders/engine/none.h"])
def test_an_include_that_is_not_whole(floors: Floors, included: str) -> None:
    source = "responders/engine/rule.c"
    assert floors({source: f'#include "{included}"\n'}) == [
        f"{source}:1 -> {included}: not a file's whole path from the root"
    ]


def test_a_circle_of_python_modules(floors: Floors) -> None:
    names = ("local", "base", "local")
    modules = [f"harness/staplelab/hosts/{name}.py" for name in names]
    closing = "try:\n    from . import local\nexcept ImportError:\n    pass\n"
    assert floors({modules[1]: closing}) == ["circle: " + " -> ".join(modules)]


@pytest.mark.parametrize(
    "later",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import local\n",
        "def f():\n    from . import local\n",
    ],
)
def test_an_import_that_closes_no_circle(floors: Floors, later: str) -> None:
    assert floors({"harness/staplelab/hosts/base.py": later}) == []


def test_a_module_knows_none_of_a_floor_above(floors: Floors) -> None:
    source, target = "harness/staplelab/hosts/base.py", "harness/staplelab/scenario/lab.py"
    (found,) = floors({source: "def f():\n    from staplelab.scenario import lab\n"})
    assert found.startswith(f"{source}:2 -> {target}: hosts may use hosts, ground; not scenario")


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        ("from suites.table import ROWS", "suites/table.py"),
        ("from suites import table", "suites/table.py"),
        ("import staple_pki", "harness/tests/staple_pki.py"),
        ("import tests.staple_pki", "harness/tests/staple_pki.py"),
    ],
)
def test_the_lab_knows_no_scenario(floors: Floors, statement: str, target: str) -> None:
    source = "harness/staplelab/errors.py"
    (found,) = floors({source: f"def f():\n    {statement}\n"})
    assert found.startswith(f"{source}:2 -> {target}: ground may use ground; not ")


def test_a_file_without_a_floor(floors: Floors) -> None:
    (found,) = floors({"responders/http/server.c": ""})
    assert found.startswith("responders/http/server.c lives on no floor")
