"""docs/schema/rules.json: what it says is what both programs say of rules.

What one of them accepts it must accept; where it can know that both refuse, it refuses.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import dnsd
import ocspd
import pytest
from dnsd_messages import ARGUMENTS
from hypothesis import given
from hypothesis import strategies as st
from randomized import repeatable
from schemas import SCHEMAS, mutation, said

from staplelab.catalogue import read
from staplelab.parts.control import ControlClient, ControlError
from staplelab.places import build_folder, repository

RULES = SCHEMAS["rules"]
EMPTY: dict[str, Any] = {"sequence": [{"do": []}]}
TRY = {"fault": "status-try-later"}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Both programs, by their names."""
    new = tmp_path_factory.mktemp
    with ExitStack() as stack:
        pki = ocspd.mint(new("pki"))
        responder = ocspd.running(new("o"), pki, "--listen", "127.0.0.1:0", "--listen", "b=[::1]:0")
        stub = dnsd.running(new("d"), *ARGUMENTS)
        yield {
            "faulty-ocspd": stack.enter_context(responder),
            "faulty-dnsd": stack.enter_context(stub),
        }


def literal(node: ast.expr) -> Any:
    """The value of an expression; None where it is no literal."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def from_call(call: ast.Call) -> dict[str, Any] | None:
    """The rule of inject(NAME, ...), fault(NAME, ...) or Case(NAME, ...), as these make it."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = {k.arg: literal(k.value) for k in call.keywords if k.arg}
    fault = literal(call.args[0]) if call.args else None
    if name not in ("inject", "fault", "Case") or not isinstance(fault, str):
        return None
    rule = {k: given.pop(k) for k in ("match", "scope") if given.get(k)}
    step = {"times": given.pop("times")} if given.get("times") else {}
    given.pop("at", None)
    given.pop("never", None)
    params = given.get("params") or {} if name == "Case" else given
    return {**rule, "sequence": [{**step, "do": [{"fault": fault, **params}]}]}


def rules_in(folder: str) -> Iterator[dict[str, Any]]:
    """The rules that are written in the Python files of a folder."""
    for path in sorted((repository() / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            rule = from_call(node) if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Dict):
                rule = literal(node)
            if isinstance(rule, dict) and "sequence" in rule:
                yield rule


def rules_of_the_catalogue() -> Iterator[dict[str, Any]]:
    """One a fault and primitive, with all its parameters written out."""
    for program in ("faulty-ocspd", "faulty-dnsd"):
        for kind in ("fault", "primitive"):
            for one in read(build_folder() / "bin" / program, f"{kind}s"):
                params = {p["name"]: p["default"] for p in one["parameters"] if "default" in p}
                yield {"sequence": [{"do": [{kind: one["name"], **params}]}]}


def is_accepted(control: ControlClient, rules: Any) -> bool:
    try:
        control.call("PUT", "/v1/rules", rules)
    except ControlError as refused:
        assert refused.status == 400
        return False
    control.call("DELETE", "/v1/rules")
    return True


def accepts(programs: dict[str, Any], rules: Any) -> list[str]:
    """The programs that take these rules."""
    return [name for name, one in programs.items() if is_accepted(one.control, rules)]


@pytest.mark.parametrize(
    ("source", "least"), [("suites", 80), ("harness/tests", 30), ("the catalogue", 130)]
)
def test_rules_that_a_program_accepts(
    programs: dict[str, Any], source: str, least: int
) -> None:
    """The least number holds that they are still found."""
    found = rules_of_the_catalogue() if source == "the catalogue" else rules_in(source)
    accepted = [rule for rule in found if accepts(programs, [rule])]
    assert [(rule, said("rules", [rule])) for rule in accepted if said("rules", [rule])] == []
    assert [rule for rule in accepted if said("rules", rule, "rule")] == []
    assert len(accepted) >= least


def test_rules_of_the_documents(programs: dict[str, Any]) -> None:
    text = (repository() / "docs" / "control-api.md").read_text()
    (rule,) = map(json.loads, re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    for rules in (rule["sequence"] and [rule], *RULES["examples"]):
        assert accepts(programs, rules) and said("rules", rules) == []


#: of the corpus of fuzz_rules, whose catalogue is one of its own
REFUSED_BY_FORM = {"escaped-pointer.json"}


def test_rules_of_the_fuzz_corpus() -> None:
    corpus = list((repository() / "responders" / "engine" / "fuzz" / "corpus_rules").iterdir())
    assert len(corpus) >= 8
    refused = {path.name for path in corpus if said("rules", json.loads(path.read_text()))}
    assert refused == REFUSED_BY_FORM


BAD_SEQUENCES: list[Any] = [None, {}, [], [3], [{}], [{"do": None}], [{"do": {}}]]
BAD_USES: list[Any] = [
    *(3, "servfail", {}, {"ms": 1}, {"fault": 3}, {"fault": ""}, {"fault": "Try Later"}),
    {**TRY, "primitive": "delay"},
    {"fault": "slow-body", "ms": 1.5},
    {"fault": "slow-body", "ms": {}},
    {"fault": "wrong-address", "values": [1]},
]
REFUSED_RULES: list[Any] = [
    None,
    3,
    {},
    {"rules": [], "color": 1},
    [3],
    [{}],
    [{**EMPTY, "color": 1}],
    *([{**EMPTY, "id": bad}] for bad in ("", "a b", "x" * 64, 3, None)),
    *([{"sequence": bad}] for bad in BAD_SEQUENCES),
    *([{"sequence": [{"do": [], "times": bad}]}] for bad in (0, 10**9 + 1, "1", 1.5, None)),
    [{"sequence": [{"do": [], "time": 1}]}],
    [{"sequence": [{"do": []}, {"do": []}]}],
    [{"sequence": [{"do": []}], "repeat": True}],
    *([{**EMPTY, "repeat": bad}] for bad in (1, "yes", None)),
    *([{**EMPTY, "probability": bad}] for bad in (1.5, -0.1, "1", None)),
    *([{**EMPTY, "scope": bad}] for bad in ("sni", "", 1, None)),
    *([{**EMPTY, "match": bad}] for bad in ([], 1, None, {"sni": "a"}, {"serial": 1001})),
    *([{**EMPTY, "match": {key: 1}}] for key in RULES["$defs"]["match"]["properties"]),
    *([{**EMPTY, "match": {"client": bad}}] for bad in ("", "localhost", "127.1", "127.0.0.1/8")),
    *([{**EMPTY, "match": {"serial": bad}}] for bad in ("", "0x", "bad!", "-1", ":")),
    *([{**EMPTY, "match": {"path": bad}}] for bad in ("", "ocsp")),
    *([{**EMPTY, "match": {"http_version": bad}}] for bad in ("2", "1.2", "http/1.1")),
    *([{**EMPTY, "match": {"transport": bad}}] for bad in ("", "quic", "udp ")),
    *([{**EMPTY, "match": {"qtype": bad}}] for bad in ("", "TYPE", "TYPE123456", "A,AAAA")),
    [{**EMPTY, "match": {"qname": ""}}],
    [{**EMPTY, "match": {"serial": "1", "qname": "a"}}],
    [{**EMPTY, "match": {"serial": "1"}, "scope": "qname"}],
    [{**EMPTY, "match": {"serial": "1"}}, {**EMPTY, "match": {"qname": "a"}}],
    *([{"sequence": [{"do": [bad]}]}] for bad in BAD_USES),
]


@pytest.mark.parametrize("rules", REFUSED_RULES, ids=json.dumps)
def test_rules_that_both_refuse(programs: dict[str, Any], rules: Any) -> None:
    assert accepts(programs, rules) == []
    assert said("rules", rules) != []


@pytest.mark.parametrize(
    ("program", "keys"), [("faulty-ocspd", "for_responder"), ("faulty-dnsd", "for_name_server")]
)
def test_the_match_keys_are_those_of_the_programs(
    programs: dict[str, Any], program: str, keys: str
) -> None:
    with pytest.raises(ControlError) as refused:
        programs[program].rules({**EMPTY, "scope": "none"})
    scopes = str(refused.value).partition("accepted: ")[2].split(", ")
    known = RULES["$defs"][keys]["properties"]
    assert known["scope"]["enum"] == scopes
    assert known["match"]["propertyNames"]["enum"] == scopes[1:]


FULL_RULES: list[list[dict[str, Any]]] = [
    [
        {
            "id": "r",
            "match": {"client": "127.0.0.1", "serial": "1001", "path": "/", "http_version": "1.0"},
            "sequence": [{"times": 2, "do": [TRY, {"fault": "slow-body", "ms": 5}]}, {"do": []}],
            "scope": "host",
            "probability": 0.5,
            "repeat": False,
        },
        {"match": {"listener": "b"}, "sequence": [{"do": [{"fault": "connection-refused"}]}]},
    ],
    [
        {
            "match": {"client": "::1", "transport": "UDP", "qname": "a.test", "qtype": "TYPE9"},
            "sequence": [{"times": 1, "do": [{"fault": "wrong-address", "values": ["::1"]}]}],
            "scope": "qname",
            "repeat": True,
        }
    ],
]


@repeatable
@given(rules=st.sampled_from(FULL_RULES).flatmap(mutation))
def test_whatever_rules_a_program_accepts(programs: dict[str, Any], rules: Any) -> None:
    assert not accepts(programs, rules) or said("rules", rules) == []
