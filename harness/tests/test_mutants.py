"""Mutants of nginx: which lines are changed, how a changed file is built, what is told of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mutants import __main__ as command
from mutants import beyond, draw, known, table, targets
from mutants.bugs import BUGS, Bug, Edit
from mutants.builds import Tree, copies
from mutants.draw import Mutant
from mutants.judge import PASSED, Judgement, judge
from mutants.not_here import NOT_HERE, NotHere
from mutants.table import Row

from staplelab.errors import LabError
from staplelab.places import repository

SOURCE = """\
static int ngx_declared(int a);

static ngx_int_t
ngx_first(ngx_pool_t *pool, int a)
{
    void  *p;

    p = ngx_pcalloc(pool, a);
    if (p == NULL) {
        ngx_log_error(NGX_LOG_ALERT, log, 0, "no memory");
        return NGX_ERROR;
    }

    if (a == NULL) {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


int
ngx_second(int a)
{
    return a;
}
"""


def test_functions_are_found_by_nginx_s_style() -> None:
    found = [(one.name, one.first, one.last) for one in targets.functions(SOURCE)]
    assert found == [("ngx_first", 4, 19), ("ngx_second", 23, 26)]


def test_what_runs_without_memory_alone_is_not_drawn() -> None:
    """The check itself is: without it nginx would use what it did not get."""
    assert targets.out_of_memory(SOURCE) == {10, 11}


def test_a_pattern_takes_functions_out_again() -> None:
    target = targets.Target("f.c", ("ngx_*", "!*srv*"))
    assert target.takes("ngx_resolve_name")
    assert not target.takes("ngx_resolver_srv_names_handler")


def mutant(**changed: str) -> Mutant:
    words = {"file": "src/f.c", "function": "ngx_second", "before": "    return a;\n"}
    words |= {"after": "    return -a;\n", "rule": "r"} | changed
    return Mutant(line=25, **words)


def test_one_line_is_changed() -> None:
    changed = mutant().apply(SOURCE)
    assert changed == SOURCE.replace("    return a;\n", "    return -a;\n")


def test_an_id_is_that_of_the_change() -> None:
    assert mutant().id == mutant(rule="another").id != mutant(after="    return 0;\n").id


def test_a_seed_gives_one_order() -> None:
    many = [mutant(after=str(number)) for number in range(50)]
    assert draw.shuffled(many, 1) == draw.shuffled(many, 1) != draw.shuffled(many, 2)


# ----- builds -----

CONFIGURE = """\
#!/bin/sh
mkdir -p objs/src
cat >objs/Makefile <<'END'
objs/nginx: objs/src/f.o objs/src/main.o
\tcc -o objs/nginx objs/src/f.o objs/src/main.o
objs/src/%.o: src/%.c
\tcc -c -O2 -o $@ $<
END
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    sources = tmp_path / "sources"
    (sources / "src").mkdir(parents=True)
    (sources / "configure").write_text(CONFIGURE)
    (sources / "configure").chmod(0o755)
    (sources / "Makefile").write_text("all:\n\tmake -f objs/Makefile objs/nginx\n")
    (sources / "src" / "f.c").write_text("int f(int a)\n{\n    return a + 1;\n}\n")
    (sources / "src" / "main.c").write_text("int f(int);\nint main(void) { return f(4); }\n")
    return Tree.build(sources, tmp_path / "tree")


def test_a_changed_file_is_linked_and_taken_back(tree: Tree, tmp_path: Path) -> None:
    text = (tree.folder / "src" / "f.c").read_text()
    original = tree.original("src/f.c")
    same = tree.compile("src/f.c", text.replace("a + 1", "1 + a"))
    other = tree.compile("src/f.c", text.replace("a + 1", "a - 1"))
    assert original == same
    assert other is not None and original is not None and other != original
    assert (tree.folder / "src" / "f.c").read_text() == text
    copied = tree.copy(tmp_path / "copy")
    assert _status(copied.link("src/f.c", other)) == 3
    assert _status(copied.link("src/f.c", original)) == 5
    assert _status(tree.link("src/f.c", tree.original("src/f.c"))) == 5


def _status(program: Path) -> int:
    return subprocess.run([program], check=False).returncode


@pytest.mark.parametrize(
    "text", ["int f(int a) { return a +; }\n", "int g(int); int f(int a) { return g(a); }\n"]
)
def test_what_cannot_be_built_is_none_and_leaves_all_as_it_was(tree: Tree, text: str) -> None:
    before = tree.original("src/f.c")
    assert tree.compile("src/f.c", text) is None
    assert tree.original("src/f.c") == before
    assert _status(tree.link("src/f.c", before)) == 5


def test_several_changed_files_are_built_and_taken_back(tree: Tree) -> None:
    before = {name: (tree.folder / name).read_text() for name in ("src/f.c", "src/main.c")}
    changed = {
        "src/f.c": before["src/f.c"].replace("a + 1", "a * 2"),
        "src/main.c": before["src/main.c"].replace("f(4)", "f(5)"),
    }
    with tree.changed(changed) as program:
        assert _status(program) == 10
    assert _status(tree.nginx) == 5
    assert {name: (tree.folder / name).read_text() for name in before} == before


def test_changed_files_that_cannot_be_built_are_told_and_taken_back(tree: Tree) -> None:
    with pytest.raises(LabError, match="make"):
        with tree.changed({"src/f.c": "int f(int a) { return a +; }\n"}):
            raise AssertionError("it was built")
    assert _status(tree.nginx) == 5


def test_what_a_killed_run_left_is_not_worked_in(tree: Tree, tmp_path: Path) -> None:
    """A whole tree is not built again; one of those that are worked in is made anew."""
    left = copies(tree, tmp_path / "changed", 1).get()
    (left.folder / "src" / "f.c").write_text("half")
    left.nginx.write_text("changed")
    assert Tree.build(tmp_path / "sources", tree.folder).folder == tree.folder
    fresh = copies(tree, tmp_path / "changed", 1).get()
    assert fresh.folder == left.folder
    assert (fresh.folder / "src" / "f.c").read_text() == (tree.folder / "src" / "f.c").read_text()
    assert _status(fresh.nginx) == 5


def test_a_build_that_was_cut_short_is_begun_anew(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "half" / "src").mkdir(parents=True)
    assert _status(Tree.build(tmp_path / "sources", tmp_path / "half").nginx) == 5


def test_sources_that_cannot_be_built_are_told(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    script = tmp_path / "sources" / "configure"
    script.write_text("#!/bin/sh\necho no PCRE here >&2\nexit 1\n")
    script.chmod(0o755)
    with pytest.raises(LabError, match="no PCRE here"):
        Tree.build(tmp_path / "sources", tmp_path / "tree")


def test_a_build_that_does_not_end_is_told(tree: Tree) -> None:
    with pytest.raises(LabError, match="sleep 60: it did not end within 0.1 s"):
        tree._do("sleep", "60", longest=0.1)


# ----- judging -----


def test_an_nginx_that_does_not_start_is_caught_with_its_words(tmp_path: Path) -> None:
    broken = tmp_path / "nginx"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    found = judge(broken, tmp_path / "out")
    assert found.caught and found.scenario == "the look at nginx before the run"
    assert str(broken) in found.reason


def test_the_suites_that_know_a_function_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are folders that are there; what is not named comes after them."""
    for target in targets.TARGETS:
        assert all((repository() / one).is_dir() for one in target.asked_first)
    said: list[str] = []

    def begin(argv: list[str], **_: object) -> None:
        said.extend(argv)
        raise InterruptedError

    monkeypatch.setattr("subprocess.Popen", begin)
    first = targets.asked_first("src/core/ngx_resolver.c", "ngx_resolver_create")
    with pytest.raises(InterruptedError):
        judge(tmp_path / "nginx", tmp_path / "out", [*first, "suites/nowhere"])
    assert said[said.index("-x") + 1 :] == [*first, "suites"] and first[0] == "suites/resolver"


def test_what_is_explained_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was seen to survive; with --all it is run all the same."""
    drawn = command.Draw.__new__(command.Draw)
    ran: list[Mutant] = []
    monkeypatch.setattr(drawn, "_tell", lambda row: None, raising=False)
    monkeypatch.setattr(drawn, "_run", lambda one: ran.append(one) or PASSED, raising=False)
    file = tmp_path / "beyond.json"
    file.write_text(json.dumps([entry()]))
    assert drawn._judge(mutant(), beyond.load(file)).outcome == table.EQUIVALENT
    assert ran == []
    assert drawn._judge(mutant(), []).outcome == table.SURVIVED
    assert ran == [mutant()]


# ----- beyond -----


def entry(**changed: str) -> dict[str, str]:
    words = {"function": "ngx_second", "above": "", "before": "return a", "after": "return -a"}
    return {**words, "kind": "equivalent", "why": "a is 0", **changed}


def test_a_survivor_is_explained_by_its_entry(tmp_path: Path) -> None:
    file = tmp_path / "beyond.json"
    file.write_text(json.dumps([entry(function="ngx_first"), entry()]))
    found = beyond.find(beyond.load(file), mutant())
    assert found is not None and found.why == "a is 0" and found.function.pattern == "ngx_second"
    file.write_text(json.dumps([entry(above="goto")]))
    assert beyond.find(beyond.load(file), mutant()) is None
    assert beyond.find(beyond.load(file), mutant(after="    return 0;\n")) is None


@pytest.mark.parametrize("wrong", [{"kind": "hard"}, {"more": "x"}])
def test_an_entry_that_is_none_is_named(tmp_path: Path, wrong: dict[str, str]) -> None:
    file = tmp_path / "beyond.json"
    file.write_text(json.dumps([entry(), entry() | wrong]))
    with pytest.raises(LabError, match="entry 2"):
        beyond.load(file)


def test_the_project_s_entries_can_be_read() -> None:
    for one in beyond.load():
        assert one.why.strip() and not re.fullmatch(r"\W*", one.before.pattern)


# ----- the command -----


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bugs", "--only", "cb3dcbb82"], "the nearest is 'cb3dcbb81'"),
        ([], "a draw needs --python"),
    ],
)
def test_words_that_do_not_do_are_told_in_a_line(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    needed = ["mutants", "--sources", str(tmp_path), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", [*needed, *words])
    assert command.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mutants: ") and said in line


# ----- the table -----


def test_the_table_counts_what_can_be_caught() -> None:
    by = Judgement("suites/a.py::test_b", "expected 1 | came 2")
    rows = [
        Row(mutant(), table.CAUGHT, by),
        Row(mutant(after="1\n"), table.SURVIVED, PASSED),
        Row(mutant(after="2\n"), table.EQUIVALENT, PASSED, "a is 0"),
    ]
    assert table.share(rows) == "1 of 2 caught (50.0 %); 1 of 3 cannot be"
    page = table.page(rows, "Mutants", ["a remark"])
    assert page.index("## Survived: 1") < page.index("## Caught: 1") < page.index("## Equivalent")
    assert "`suites/a.py::test_b`: expected 1 \\| came 2 |" in page


# ----- bugs that nginx had -----

TEXT = "if (a) {\n}\nif (a) {\n}\nif (b) {\n}\n"


def test_an_edit_changes_one_place() -> None:
    assert Edit("f.c", "if (b)", "if (c)").apply(TEXT) == TEXT.replace("if (b)", "if (c)")
    second = Edit("f.c", "if (a)", "if (c)", which=2).apply(TEXT)
    assert second == "if (a) {\n}\nif (c) {\n}\nif (b) {\n}\n"


@pytest.mark.parametrize("edit", [Edit("f.c", "if (a)", ""), Edit("f.c", "x", "", 1)])
def test_an_edit_that_finds_no_place_or_several_is_refused(edit: Edit) -> None:
    with pytest.raises(LabError, match="f.c: '(if|x)"):
        edit.apply(TEXT)


def bug(**changed: object) -> Bug:
    words: dict[str, object] = {"fixed": "1.2.3", "commits": ("abc",), "wrong": "a | b"}
    words["edits"] = (Edit("f.c", "1", "2"), Edit("f.c", "2", "3", which=1), Edit("g.c", "1", "4"))
    return Bug(**(words | changed))  # type: ignore[arg-type]


def test_a_bug_changes_several_files_edit_by_edit() -> None:
    assert bug().apply({"f.c": "1", "g.c": "1"}) == {"f.c": "3", "g.c": "4"}


def test_the_page_says_who_sees_a_bug_and_why_others_are_not_there() -> None:
    found = [
        known.Found(bug(), Judgement("suites/a.py::test_b", "x | y")),
        known.Found(bug(fixed="1.2.4", cve="CVE-1"), PASSED),
    ]
    page = known.page(found, [NotHere("1.3.0", "def", "c", "why")])
    assert "1 of 2 are seen." in page
    assert "| 1.2.3 | `abc` | a \\| b | `suites/a.py::test_b` | x \\| y |" in page
    assert "| 1.2.4 | `abc` | CVE-1: a \\| b | nobody |  |" in page
    assert "| 1.3.0 | `def` | c | why |  |" in page


def test_the_page_of_the_project_has_every_bug_and_each_is_seen() -> None:
    """It is made by a long run, so here is held only that it was made of these bugs."""
    page = (repository() / "docs" / "known-bugs.md").read_text()
    assert f"{len(BUGS)} of {len(BUGS)} are seen." in page
    for one in BUGS:
        commits = ", ".join(f"`{commit}`" for commit in one.commits)
        assert f"| {one.fixed} | {commits} |" in page, one.name
    for other in NOT_HERE:
        assert f"| {other.fixed} | `{other.commit}` |" in page


@pytest.mark.parametrize(
    "held_by", [one.held_by for one in NOT_HERE if one.held_by], ids=lambda name: name
)
def test_a_scenario_that_would_see_a_bug_is_there(held_by: str) -> None:
    file, _, name = held_by.partition("::")
    assert f"\ndef {name}(" in (repository() / file).read_text()


def test_scenarios_named_after_bugs_name_what_is_in_the_table() -> None:
    known_to_all = {(one.fixed, commit) for one in BUGS for commit in one.commits}
    known_to_all |= {(one.fixed, one.commit) for one in NOT_HERE}
    named = []
    for file in sorted((repository() / "suites" / "history").glob("test_*.py")):
        named += re.findall(r"^def test_(\d+_\d+_\d+)_([0-9a-f]{9})_", file.read_text(), re.M)
    assert named
    for version, commit in named:
        assert (version.replace("_", "."), commit) in known_to_all
