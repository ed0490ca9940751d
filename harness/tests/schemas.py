"""The schemas of docs/schema/, what they have against a document, and documents that are odd."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import]

from staplelab.places import repository

Schema = dict[str, Any]

FOLDER = repository() / "docs" / "schema"
SCHEMAS: dict[str, Schema] = {p.stem: json.loads(p.read_text()) for p in FOLDER.glob("*.json")}

#: what a mutation puts in the place of a part of a document
_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 1, 2, 0.5, 2**40, "", "a", "A1", "-1d", "udp", "${x}", "${", [], ["a"], {}]
)


@cache
def _validator(name: str, part: str | None) -> Any:
    schema = SCHEMAS[name]
    if part is not None:
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    return Draft202012Validator(schema)


def said(name: str, document: Any, part: str | None = None) -> list[str]:
    """What a schema has against a document, or one of its definitions against a part of one."""
    errors = _validator(name, part).iter_errors(document)
    return [f"/{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in errors]


def without_one_each(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The object without its first member, without its second, ..."""
    return [{k: v for k, v in document.items() if k != name} for name in document]


def retyped(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The object with its first member of another type, with its second, ..."""
    return [
        {**document, name: 3 if isinstance(value, (str, bool, type(None))) else "a"}
        for name, value in document.items()
    ]


@st.composite
def mutation(draw: st.DrawFn, document: Any) -> Any:
    """The document with one member or element changed, left out or added."""
    document = copy.deepcopy(document)
    node = document
    change = draw(st.sampled_from(["value", "size"])) == "value"
    for _ in range(draw(st.integers(0, 6))):
        values = list(node.values() if isinstance(node, dict) else node)
        inner = [one for one in values if one and isinstance(one, (dict, list))]
        if inner:
            node = draw(st.sampled_from(inner))
    if isinstance(node, list):
        if node and change:
            node[draw(st.integers(0, len(node) - 1))] = draw(_ODD)
        else:
            node.append(draw(st.sampled_from([*node, draw(_ODD)])))
        return document
    name = draw(st.sampled_from([*sorted(node), "color"]))
    if change:
        node[name] = draw(_ODD)
    else:
        node.pop(name, None)
    return document
