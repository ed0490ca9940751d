"""docs/schema/: the schemas themselves, and those of what is written to files.

The programs judge: what one accepts its schema must accept. Where a schema can know that a document
is refused, it refuses it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator  # type: ignore[import]
from lab_run import LabRun, nginx
from pki_mint import PROFILES, options, run, small
from randomized import repeatable
from schemas import SCHEMAS, Schema, mutation, retyped, said, without_one_each
from test_pki_mint_refusals import BAD_DESCRIPTIONS

from staplelab.errors import LabError
from staplelab.places import build_folder, key_pool, repository
from staplelab.runs.results import OUTCOMES, load

DESCRIPTION, MANIFEST = SCHEMAS["description"], SCHEMAS["manifest"]
RECORD, RESULTS = SCHEMAS["record"], SCHEMAS["results"]
SERVER = RECORD["examples"][0]["server"]
SEEN = RECORD["examples"][1]["timeline"][0]


# ----- the schemas themselves -----


@pytest.mark.parametrize(
    "name", ["description", "drill", "events", "manifest", "record", "results", "rules"]
)
def test_a_schema_is_sound_and_accepts_its_examples(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["title"] and schema["description"] and schema["examples"]
    assert [said(name, one) for one in schema["examples"]] == [[]] * len(schema["examples"])


def objects(schema: Any) -> Iterator[Schema]:
    """All in a schema that describe objects."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        schema = list(schema.values())
    for one in schema if isinstance(schema, list) else []:
        yield from objects(one)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_object_is_closed(name: str) -> None:
    """A new member must be added to the schema; only a scenario observes facts of its own."""
    opened = [one for one in objects(SCHEMAS[name]) if "additionalProperties" not in one]
    known = RESULTS["$defs"]["scenario"]["properties"]["observed"]
    assert opened == ([known] if name == "results" else [])


# ----- descriptions for pki-mint -----


@pytest.fixture(scope="module")
def mint(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Whether pki-mint takes a text."""
    folder = tmp_path_factory.mktemp("minted")

    def is_minted(text: str) -> bool:
        done = run(*options(key_pool()), "-", folder / str(len(list(folder.iterdir()))), text=text)
        assert done.returncode in (0, 2), done.stderr
        return bool(done.returncode == 0)

    return is_minted


@pytest.mark.parametrize("profile", sorted(path.name for path in PROFILES.glob("*.json")))
def test_descriptions_of_the_profiles(profile: str) -> None:
    assert said("description", json.loads((PROFILES / profile).read_text())) == []


def test_descriptions_of_the_fuzz_corpus(mint: Any) -> None:
    corpus = sorted((repository() / "pki" / "fuzz" / "corpus_description").iterdir())
    accepted = [path.name for path in corpus if mint(path.read_text())]
    assert accepted == ["every-member.json", "smallest.json"]
    good = [path.name for path in corpus if not said("description", json.loads(path.read_text()))]
    # pki-mint alone knows which of two times is the earlier
    assert good == ["backwards.json", *accepted]


#: what pki-mint alone can know, and texts that are no JSON
NOT_OF_FORM = {
    *("nothing", "no JSON", "two values", "not UTF-8 escaped", "twice the same member", "a NUL"),
    *("too long", "duplicate id", "unknown issuer", "duplicate serial", "backwards", "far future"),
    "value not set",
}


@pytest.mark.parametrize("kind", sorted(BAD_DESCRIPTIONS.keys() - NOT_OF_FORM))
def test_a_description_that_pki_mint_refuses(kind: str) -> None:
    document = BAD_DESCRIPTIONS[kind][0]
    if isinstance(document, str):
        document = json.loads(document)
    assert said("description", document) != []


#: 304 octets
LONG = ".".join(["a" * 60] * 5)
FORMS: list[dict[str, Any]] = [
    *({"id": text} for text in ("a", "A_-9", "x" * 64, "x" * 65, "-a", "", "a.b", "${id}", "$a")),
    *({"serial": text} for text in ("0", "00", "01", "aF", "8" + "0" * 39, "7" + "f" * 39, "g")),
    *({"not_before": text} for text in ("-1s", "+0d", "-1", "1d", "-1w", "-1234567890s", "- 1d")),
    *({"names": names} for names in ([], ["*.a"], ["a.*"], ["a."], ["a..b"], ["-a"], ["a-"])),
    {"names": [""]},
    *({"names": names} for names in (["_a"], ["a" * 63], ["a" * 64], ["a", LONG], ["a." * 40])),
    *({"names": names} for names in (["a", LONG[:250]], [LONG[:64]], [LONG[:65]], None)),
    *({"ocsp_urls": urls} for urls in ([], ["x y"], [""], ["$"], ["${"], ["${1}"], ["é"], [None])),
    *({"key": key} for key in ("p256", "ed25519", "rsa", "", None)),
    *({"must_staple": value} for value in (True, False, 1, None)),
    *({"eku": value} for value in ("client-auth", "server-auth", "none", "any", 1, None)),
]


@pytest.mark.parametrize("leaf", FORMS, ids=json.dumps)
def test_forms_of_a_leaf(mint: Any, leaf: dict[str, Any]) -> None:
    """Whether pki-mint takes a form is what the schema says, too."""
    description = small(**leaf)
    accepted = not said("description", description)
    if leaf == {"id": "${id}"}:
        assert accepted  # it has no value here
    else:
        assert accepted == mint(json.dumps(description)), said("description", description)


FULL_SIGNER: dict[str, Any] = {
    **{"id": "s", "issuer": "root", "subject": "S", "key": "ed25519"},
    "eku": "none",
    "ocsp_nocheck": True,
    "ca_issuers_urls": ["a"],
}
ROOT = {"id": "root", "subject": "R"}
#: an authority that has the key of another one
TWIN = {"id": "a", "subject": "A", "key_of": "root"}
FULL_DESCRIPTION = {
    **small(key="p256", serial="1001", not_before="-1d", not_after="+1d", ocsp_urls=["${x}"]),
    "signers": [FULL_SIGNER],
}


def test_a_key_of_another_authority(mint: Any) -> None:
    description = {**FULL_DESCRIPTION, "authorities": [ROOT, TWIN], "leaves": []}
    assert said("description", description) == []
    assert mint(json.dumps(description))


NO_LISTS: list[Any] = [None, {}, [3]]
REFUSED_MEMBERS: list[dict[str, Any]] = [
    *({array: bad} for array in ("authorities", "signers", "leaves") for bad in NO_LISTS),
    *({"name": bad} for bad in ("", 3, "a b")),
    *({"authorities": [ROOT, {**TWIN, **more}]} for more in ({"key": "p256"}, {"key_of": 3})),
    *({"signers": [{**FULL_SIGNER, "eku": bad}]} for bad in ("any", 3, None)),
    *({"signers": [{**FULL_SIGNER, "ocsp_nocheck": bad}]} for bad in (1, "true", None)),
    *({"signers": [{**FULL_SIGNER, "subject": bad}]} for bad in (3, "", "a\tb", "${", "x" * 65)),
    *({"signers": [{**FULL_SIGNER, "not_after": bad}]} for bad in (3, "", None)),
    *({"signers": [{**FULL_SIGNER, "ocsp_urls": bad}]} for bad in (["x" * 8193], "x", {}, [3])),
    *({"signers": [one]} for one in without_one_each(FULL_SIGNER)[:3]),
]


@pytest.mark.parametrize("members", REFUSED_MEMBERS, ids=lambda one: json.dumps(one)[:60])
def test_members_that_both_refuse(mint: Any, members: dict[str, Any]) -> None:
    description = {**FULL_DESCRIPTION, **members}
    assert not mint(json.dumps(description).replace("${x}", "a"))
    assert said("description", description) != []


@repeatable
@given(description=mutation(FULL_DESCRIPTION))
def test_whatever_description_pki_mint_accepts(mint: Any, description: Any) -> None:
    text = json.dumps(description).replace("${x}", "${ocsp_port}")
    assert not mint(text) or said("description", json.loads(text)) == []


# ----- the manifest -----


def test_manifests_that_pki_mint_writes(tmp_path: Path) -> None:
    """No member of the schema stands there in vain, and nothing else is written."""
    written: dict[str, set[str]] = {"manifest": set(), "certificate": set()}
    profiles = sorted(PROFILES.glob("*.json"))
    assert len(profiles) > 2
    for profile in profiles:
        done = run(*options(key_pool()), profile, tmp_path / profile.stem)
        assert done.returncode == 0, done.stderr
        manifest = json.loads((tmp_path / profile.stem / "manifest.json").read_text())
        assert said("manifest", manifest) == []
        written["manifest"] |= manifest.keys()
        for one in manifest["certificates"].values():
            written["certificate"] |= one.keys()
    assert written["manifest"] == MANIFEST["properties"].keys()
    assert written["certificate"] == MANIFEST["$defs"]["certificate"]["properties"].keys()


def is_loaded(folder: Path, manifest: Any) -> bool:
    """Whether faulty-ocspd reads it, and stops for want of a place to listen only then."""
    (folder / "manifest.json").write_text(json.dumps(manifest))
    program = str(build_folder() / "bin" / "faulty-ocspd")
    done = subprocess.run(
        [program, "--pki", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and done.stderr.count("\n") == 1
    return "--listen" in done.stderr


def test_what_faulty_ocspd_needs_of_a_manifest(tmp_path: Path) -> None:
    done = run(*options(key_pool()), PROFILES / "standard.json", tmp_path / "m")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
    needed = MANIFEST["$defs"]["certificate"]["required"]
    one = manifest["certificates"]["root"]
    assert is_loaded(tmp_path / "m", {"certificates": manifest["certificates"]})
    assert said("manifest", {"certificates": manifest["certificates"]}) == []
    least = {name: one[name] for name in needed}
    assert is_loaded(tmp_path / "m", {"certificates": {"root": least}})
    assert said("manifest", {"certificates": {"root": least}}) == []
    for bad in (*without_one_each(least), *({**least, name: 3} for name in least), 3):
        assert not is_loaded(tmp_path / "m", {"certificates": {"root": bad}})
        assert said("manifest", {"certificates": {"root": bad}}) != []
    for odd in ({}, [], {"certificates": []}, 3):
        assert not is_loaded(tmp_path / "m", odd) and said("manifest", odd) != []


def test_odd_manifests() -> None:
    manifest = MANIFEST["examples"][0]
    leaf = manifest["certificates"]["www"]
    for bad in [*retyped(leaf), {**leaf, "color": 1}]:
        assert said("manifest", {**manifest, "certificates": {"www": bad}}) != []
    for bad in [*retyped(manifest), {**manifest, "color": 1}]:
        assert said("manifest", bad) != []


# ----- results -----


def test_results_of_a_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    suites = str(repository() / "suites")
    lab = LabRun(
        *(tmp_path_factory.mktemp("r"), "staplelab", "run", "--out", "out", "--nginx", nginx()),
        *("-k", "first_steps", suites),
    ).end()
    assert lab.status == 0, lab.said()
    results = load(lab.out)
    assert len(results["scenarios"]) > 5
    assert said("results", results) == []
    assert said("results", {**results, "schema": 2, "complete": False}) == []
    for member in ("complete", "clock"):
        results.pop(member)
        assert said("results", results) == []
    for one in without_one_each(results):
        assert said("results", one) != []
    text = (lab.out / "record.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [said("record", line) for line in lines] == [[]] * (len(results["scenarios"]) + 2)
    assert any(line["timeline"] for line in lines[1:-1])


@pytest.mark.parametrize("number", range(3), ids=["run", "scenario", "end"])
def test_lines_that_are_not_in_a_record(number: int) -> None:
    line = RECORD["examples"][number]
    for bad in [*without_one_each(line), *retyped(line), {**line, "color": 1}]:
        assert said("record", bad) != []
    assert said("record", [line]) != []


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (0, {"schema": 2}),
        (0, {"host": ""}),
        (0, {"clock": ""}),
        (0, {"shard": "0/4"}),
        (0, {"server": {**SERVER, "version": "new"}}),
        *[(0, {"server": server}) for server in [*without_one_each(SERVER), *retyped(SERVER)]],
        (1, {"id": ""}),
        (1, {"outcome": "passed"}),
        (1, {"seconds": -1}),
        (1, {"deviations": [3]}),
        (1, {"timeline": [3]}),
        *[(1, {"timeline": [entry]}) for entry in [*without_one_each(SEEN), *retyped(SEEN)]],
        (2, {"seconds": -1}),
        (2, {"collected": [3]}),
    ],
    ids=json.dumps,
)
def test_odd_lines_of_a_record(number: int, change: dict[str, Any]) -> None:
    assert said("record", {**RECORD["examples"][number], **change}) != []


def test_the_outcomes_are_those_of_the_lab() -> None:
    properties = RESULTS["$defs"]["scenario"]["properties"]
    assert properties["outcome"]["enum"] == list(OUTCOMES)
    assert RECORD["$defs"]["scenario"]["properties"]["outcome"]["enum"] == list(OUTCOMES)
    assert RESULTS["properties"]["totals"]["required"] == list(OUTCOMES)


ENTRY = RESULTS["examples"][0]["scenarios"][0]
BAD_RESULTS: dict[str, Any] = {
    "a list": [],
    "no schema": {"schema": None},
    "a schema to come": {"schema": 99},
    "no scenarios": {"scenarios": None},
    "scenarios by name": {"scenarios": {}},
    "a scenario that is none": {"scenarios": [3]},
    **{f"no {m}": {"scenarios": [{**ENTRY, m: None}]} for m in ("id", "outcome", "reason")},
    "nothing observed": {"scenarios": [{**ENTRY, "observed": []}]},
}


@pytest.mark.parametrize("kind", BAD_RESULTS)
def test_results_that_are_not_loaded(tmp_path: Path, kind: str) -> None:
    bad = BAD_RESULTS[kind]
    document = {**RESULTS["examples"][0], **bad} if isinstance(bad, dict) else bad
    (tmp_path / "results.json").write_text(json.dumps(document))
    with pytest.raises(LabError):
        load(tmp_path)
    assert said("results", document) != []


@pytest.mark.parametrize(
    "entry",
    [
        {**ENTRY, "color": 1},
        {**ENTRY, "outcome": "passed"},
        {**ENTRY, "id": ""},
        {**ENTRY, "seconds": "1"},
        {**ENTRY, "seconds": -1},
        {**ENTRY, "observed": {**ENTRY["observed"], "log": [3]}},
        {**ENTRY, "observed": {**ENTRY["observed"], "log": "line"}},
        {**ENTRY, "observed": {**ENTRY["observed"], "handshakes": 3}},
        {**ENTRY, "observed": {**ENTRY["observed"], "handshakes": [{"verdict": 3}]}},
        {**ENTRY, "observed": {"requests": 1}},
        {**ENTRY, "observed": {**ENTRY["observed"], "queries": -1}},
        {**ENTRY, "observed": {**ENTRY["observed"], "handshakes": [{"octets": 3}]}},
        *without_one_each(ENTRY),
    ],
    ids=json.dumps,
)
def test_scenarios_that_the_lab_does_not_write(entry: dict[str, Any]) -> None:
    assert said("results", {**RESULTS["examples"][0], "scenarios": [entry]}) != []


SERVER = RESULTS["examples"][0]["server"]
TOTALS = RESULTS["examples"][0]["totals"]
NOT_WRITTEN: list[dict[str, Any]] = [
    {"color": 1},
    {"complete": 1},
    *({"host": bad} for bad in ("", None)),
    *({"clock": bad} for bad in ("", None)),
    *({"server": {**SERVER, name: None}} for name in SERVER),
    *({"server": one} for one in without_one_each(SERVER)),
    *({"server": bad} for bad in (None, {**SERVER, "color": 1}, {**SERVER, "version": "new"})),
    *({"totals": one} for one in without_one_each(TOTALS)),
    *({"totals": bad} for bad in (None, {**TOTALS, "color": 1}, {**TOTALS, "fail": "1"})),
]


@pytest.mark.parametrize("members", NOT_WRITTEN, ids=json.dumps)
def test_results_that_the_lab_does_not_write(members: dict[str, Any]) -> None:
    assert said("results", {**RESULTS["examples"][0], **members}) != []
