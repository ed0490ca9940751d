"""The schemas of docs/schema/, what they have against a document, and documents that are odd."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import]

from staplelab.places import repository

Schema = dict[str, Any]

FOLDER = repository() / "docs" / "schema"
SCHEMAS: dict[str, Schema] = {p.stem: json.loads(p.read_text()) for p in FOLDER.glob("*.json")}

#: what a mutation puts in the place of a part of a document
_ODD = st.sampled_from(
    [None, True, -1, 0, 1, 2, 0.5, 2**40, "", "a", "A1", "-1d", "udp", "${x}", "${", [], ["a"], {}]
)


def said(schema: Schema, document: Any) -> list[str]:
    """What a schema has against a document."""
    errors = Draft202012Validator(schema).iter_errors(document)
    return [f"/{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in errors]


def part(schema: Schema, name: str) -> Schema:
    """One of its definitions, as a schema of its own."""
    return {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}


def without_one_each(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The object without its first member, without its second, ..."""
    return [{k: v for k, v in document.items() if k != name} for name in document]


@st.composite
def mutation(draw: st.DrawFn, document: Any) -> Any:
    """The document with one member or element changed, left out or added."""
    document = copy.deepcopy(document)
    node = document
    for _ in range(draw(st.integers(0, 6))):
        values = list(node.values() if isinstance(node, dict) else node)
        inner = [one for one in values if one and isinstance(one, (dict, list))]
        if inner:
            node = draw(st.sampled_from(inner))
    if isinstance(node, list):
        if node and draw(st.booleans()):
            node[draw(st.integers(0, len(node) - 1))] = draw(_ODD)
        else:
            node.append(draw(st.sampled_from([*node, draw(_ODD)])))
        return document
    name = draw(st.sampled_from([*sorted(node), "color"]))
    if draw(st.booleans()):
        node[name] = draw(_ODD)
    else:
        node.pop(name, None)
    return document
