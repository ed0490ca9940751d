"""Reading a configuration: includes, the tree that is not where it says, what cannot be read."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from drill_originals import Folder

from staplelab.drill import tool
from staplelab.drill.model import Place
from staplelab.drill.reading import Reading, read
from staplelab.drill.statements import Statement, parse, quoted, written
from staplelab.errors import LabError


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "conf")


def find(reading: Reading, *names: str) -> list[Statement]:
    """The statements of those names, wherever they stand."""
    found: list[Statement] = []

    def walk(block: tuple[Statement, ...]) -> None:
        for one in block:
            if one.name in names:
                found.append(one)
            walk(one.block or ())

    walk(reading.statements)
    return found


def words_of(reading: Reading, name: str) -> list[tuple[str, ...]]:
    return [one.words for one in find(reading, name)]


def test_an_include_stands_in_the_place_where_it_is_said(folder: Folder) -> None:
    folder.write("conf.d/b.conf", "server { server_name b; }\n")
    folder.write("conf.d/a.conf", "\nserver {\n    include inner/names;\n}\n")
    folder.write("conf.d/.hidden.conf", "server { server_name hidden; }\n")
    folder.write("inner/names", "server_name\n    a  # a comment\n    other.a;\n")
    reading = read(folder.conf("include conf.d/*.conf; include none/*.conf;"))
    assert words_of(reading, "server_name") == [("a", "other.a"), ("b",)]
    assert find(reading, "server_name")[0].place == Place("inner/names", 1)
    assert reading.unread == []


def test_a_file_without_an_ending_is_taken_by_a_glob(folder: Folder) -> None:
    folder.write("sites-enabled/site", "server { server_name site; }\n")
    assert words_of(read(folder.conf("include sites-enabled/*;")), "server_name") == [("site",)]


def test_what_cannot_be_included_is_named_with_its_place(folder: Folder) -> None:
    conf = folder.conf("include conf.d/missing.conf;\nserver { server_name a; }")
    reading = read(conf)
    (unread,) = reading.unread
    assert unread.file == "conf.d/missing.conf"
    assert unread.place == Place("nginx.conf", 4)
    assert "No such file" in unread.why
    assert words_of(reading, "server_name") == [("a",)]


@pytest.mark.parametrize(
    ("text", "line", "why", "read_up_to"),
    [
        ("server_name a;\nserver_name b", 2, '"server_name" has no ";"', [("a",)]),
        ("server_name a;\n}\nserver_name b;", 2, "", [("a",)]),
        ("server_name a;\nlocation / {\n", 2, 'expecting "}"', [("a",)]),
        ("server_name a;\n;\nserver_name b;\n", 2, 'unexpected ";"', [("a",)]),
        ('server_name a;\nserver_name "b;\n', 2, '"server_name" has no ";"', [("a",)]),
    ],
    ids=["no-semicolon", "brace-too-many", "brace-too-few", "semicolon-alone", "open-quote"],
)
def test_a_mistake_is_named_and_what_stands_before_it_is_read(
    folder: Folder, text: str, line: int, why: str, read_up_to: list[tuple[str, ...]]
) -> None:
    folder.write("inner", text)
    reading = read(folder.conf("server { include inner; }\nserver { server_name z; }"))
    assert words_of(reading, "server_name") == [*read_up_to, ("z",)]
    (unread,) = reading.unread
    assert (unread.file, unread.place) == ("inner", Place("inner", line))
    assert why in unread.why


def test_what_is_no_file_is_not_waited_for(folder: Folder) -> None:
    conf = folder.conf("include pipe; include /dev/zero; include .;")
    os.mkfifo(folder.path / "pipe")
    assert [one.why for one in read(conf).unread] == [*["it is no file"] * 2, "Is a directory"]


def test_includes_without_an_end_end(folder: Folder) -> None:
    folder.write("round", "server_name a; include round;\n")
    reading = read(folder.conf("server { include round; }"))
    assert "without an end" in reading.unread[0].why
    assert reading.unread[0].place == Place("round", 1)


def test_a_folder_stands_for_a_directory(folder: Folder) -> None:
    folder.write("sites/a", "server { server_name a; }\n")
    reading = read(folder.conf("include /opt/web/sites/*;"))
    assert reading.tree.stands_for == "/opt/web"
    assert words_of(reading, "server_name") == [("a",)]
    assert reading.where("/opt/web/ssl/a.pem") == folder.path / "ssl" / "a.pem"
    other = read(folder.conf("include /srv/n/sites/*;"), stands_for="/srv/n/")
    assert words_of(other, "server_name") == [("a",)]


def test_a_file_that_any_folder_has_is_no_hint_where_the_tree_is(folder: Folder) -> None:
    reading = read(folder.conf("include /etc/nginx-of-another/modules-enabled/*.conf;"))
    assert reading.tree.stands_for is None
    assert reading.unread == []


def test_files_elsewhere_come_from_a_root_beside_or_given(folder: Folder, tmp_path: Path) -> None:
    folder.write("fs/usr/share/site", "server { server_name beside; }\n")
    assert words_of(read(folder.conf("include /usr/share/site;")), "server_name") == [("beside",)]
    given = Folder(tmp_path / "other")
    given.write("usr/share/site", "server { server_name given; }\n")
    reading = read(folder.conf("include /usr/share/site;"), root=given.path)
    assert words_of(reading, "server_name") == [("given",)]
    assert find(reading, "server_name")[0].place == Place("/usr/share/site", 1)


def test_files_of_another_machine_are_not_looked_for_on_this_one(folder: Folder) -> None:
    reading = read(folder.conf("include /etc/hostname;"), stands_for="/etc/nginx")
    assert reading.unread[0].why == "No such file or directory"
    here = read(folder.conf("include /etc/hostname;"))
    assert "No such file" not in here.unread[0].why


@pytest.mark.parametrize(
    ("conf", "options", "said"),
    [
        ("nothing.conf", {}, "there is no such file; give the path of an nginx.conf"),
        ("nginx.conf", {"root": "nowhere"}, "there is no such folder"),
        ("nginx.conf", {"stands_for": "etc/nginx"}, "give a directory from / on"),
    ],
    ids=["conf", "root", "stands-for"],
)
def test_bad_paths_are_refused_in_one_line(
    folder: Folder, conf: str, options: dict[str, Any], said: str
) -> None:
    folder.conf("")
    if "root" in options:
        options = {"root": folder.path / "nowhere"}
    with pytest.raises(LabError, match=said):
        read(folder.path / conf, **options)


def test_a_folder_is_taken_for_the_nginx_conf_in_it(folder: Folder) -> None:
    assert read(folder.conf("").parent).conf == folder.path / "nginx.conf"


def test_lua_and_strings_are_one_word_each(folder: Folder) -> None:
    file = folder.write(
        "lua",
        "ssl_certificate_by_lua_block { local a = { '}' } -- } ; \n if a then ; end }\n"
        "ssl_client_hello_by_lua_block { b = { } }\n"
        "log_format x '{\"a\": \"$b\"; # no comment }' 'c';\n"
        "a ${b}c;\n"
        'map "a b" $c { "~^(;|{)" "\\"d\\""; }\n',
    )
    names = [(one.name, one.block is not None) for one in parse(file, "lua").statements]
    assert names == [
        ("ssl_certificate_by_lua_block", False),
        ("ssl_client_hello_by_lua_block", False),
        ("log_format", False),
        ("a", False),
        ("map", True),
    ]


@pytest.mark.parametrize(
    "word",
    ["", "plain", "two words", 'a"b', 'a"', '""', "it's", "a;b", "{", "#a", "a\\.b", "$a", "a b\\"],
)
def test_a_word_that_is_written_is_read_back(folder: Folder, word: str) -> None:
    file = folder.write("words", f"name {quoted(word)} end;\n")
    (one,) = parse(file, "words").statements
    if word == "a b\\":  # nginx takes no word that ends in one backslash
        word = "a b\\\\"
    assert one.words == (word, "end")


def test_lines_are_written_with_the_statement_behind_each(folder: Folder) -> None:
    statements = parse(folder.write("x", "a b;\nc { d; }\n"), "x").statements
    lines = list(written(statements))
    assert [text for text, _ in lines] == ["a b;", "c {", "    d;", "}"]
    assert [one.name for _, one in lines] == ["a", "c", "d", "c"]


def test_without_crossplane_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "crossplane"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if "drill-tool" not in p])
    monkeypatch.setattr(tool.places, "repository", lambda: Path("/nonexistent"))
    tool.lexer.cache_clear()
    try:
        with pytest.raises(LabError, match="run `make drill-tool`"):
            tool.lexer()
    finally:
        tool.lexer.cache_clear()
