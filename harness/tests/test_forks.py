"""Servers that stand on nginx: a wrapper speaks as Angie and Tengine do, around the nginx that is
there, and takes its sockets from where they take them."""

from __future__ import annotations

import ast
import ctypes
import ctypes.util
from pathlib import Path

import pytest
from lab_run import LabRun, index_of, nginx

from staplelab.places import repository
from staplelab.servers.config import NO_RESOLVER
from staplelab.servers.error_log import Line, parse

#: the fork's name comes before nginx's in what it says to -V; {1} is what it does else
_WRAPPER = """#!/bin/sh
if [ "$1" = -V ]; then
    echo '{0} version: {0}/3.1.0' >&2
    {nginx} -V 2>&1 | sed {change} >&2
    exit
fi
[ "$1" = -t ] || echo "$SAYS_ITSELF" >&2
{sockets}
exec {nginx} "$@"
"""
#: it looks at no NGINX, and finds its sockets in a variable of its own; an empty one is none
_ANGIE_SOCKETS = """
unset NGINX
[ -z "${ANGIE+set}" ] || export NGINX="$ANGIE"
unset ANGIE
"""
_TENGINE_OPTIONS = "s/--with-http_ssl_module//"
SAYS = "a word of its own"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")  # short: the path of a Unix socket has at most 107 octets


def judged(folder: Path, product: str, monkeypatch: pytest.MonkeyPatch) -> LabRun:
    wrapper = folder / "wrapper"
    angie = product == "Angie"
    wrapper.write_text(
        _WRAPPER.format(
            product,
            nginx=nginx(),
            change="''" if angie else f"'{_TENGINE_OPTIONS}'",
            sockets=_ANGIE_SOCKETS if angie else "",
        )
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("SAYS", SAYS if angie else "")
    monkeypatch.setenv("SAYS_ITSELF", f"angie: [warn] {SAYS}" if angie else "")
    # a user's shell may have it: an empty one, too, keeps a server from becoming a daemon
    monkeypatch.setenv("ANGIE", "")
    options = ("--out", "out", "--nginx", str(wrapper), "--jobs", "1", ".")
    return LabRun(folder, "staplelab", "run", *options, scenarios="forked").end()


@pytest.mark.parametrize("product", ["Angie", "Tengine"])
def test_fork(folder: Path, monkeypatch: pytest.MonkeyPatch, product: str) -> None:
    run = judged(folder, product, monkeypatch)
    assert run.status == 0, run.said()
    found = {name: (one["outcome"], one["reason"]) for name, one in run.scenarios().items()}
    assert found == {
        "test_staple": ("pass", ""),
        "test_upgrade": ("pass", ""),
        "test_no_resolver": ("not-applicable", NO_RESOLVER.format(product)),
        "test_a_resolver_in_other_words": ("pass", ""),
    }
    server = run.results()["server"]
    assert (server["product"], server["product_version"]) == (product, "3.1.0")
    assert (server["name"], server["library"]) == ("nginx", "OpenSSL")
    title = f"{product} 3.1.0 (nginx {server['version']})"
    assert f" judged {title} (" in run.said()
    assert f"\n  OpenSSL {server['library_version']} (built with OpenSSL " in run.said()
    index = index_of(run.out)
    assert index["title"] == title
    assert index["library"].startswith(f"OpenSSL {server['library_version']} (")
    run.wait_for_nothing()


def test_what_angie_says_on_its_terminal() -> None:
    assert parse("angie: [emerg] x\nnginx: [warn] y\nother: [warn] z\n") == [
        Line("emerg", "x"),
        Line("warn", "y"),
        Line("alert", "other: [warn] z"),
    ]


# ----- what the suites hold of the log -----

#: of OpenSSL, where OCSP is handled: ASN.1, certificates, OCSP itself
_PARTS_OF_OPENSSL = (13, 11, 39)
_REASONS = range(100, 300)
#: nginx says this in the same words: "client SSL certificate verify error: (27:...)"
_OF_NGINX = {"certificate verify error"}


def reasons_of_openssl() -> set[str]:
    """The words in which it says what was wrong, as this machine's version has them; fewer than
    three nginx says, too ("certificate revoked")."""
    libcrypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
    text = libcrypto.ERR_reason_error_string
    text.argtypes, text.restype = [ctypes.c_ulong], ctypes.c_char_p
    found = {text(part << 23 | reason) for part in _PARTS_OF_OPENSSL for reason in _REASONS}
    return {words.decode() for words in found if words is not None and words.count(b" ") > 1}


def texts(file: Path) -> list[str]:
    """The texts in a file of a suite, but for those that say what a function is for."""
    tree = ast.parse(file.read_text())
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [one.value for one in constants if isinstance(one.value, str) and id(one) not in said]


def test_no_claim_has_the_words_of_a_library() -> None:
    """Another library has other words for the same: nginx's part of a line is what is held."""
    words = {"(SSL: "} | reasons_of_openssl() - _OF_NGINX
    assert "signer certificate not found" in words and len(words) > 60
    files = sorted((repository() / "suites").rglob("*.py"))
    held = {(file.name, text) for file in files for text in texts(file)}
    assert len(held) > 500
    assert [one for one in held if any(word in one[1] for word in words)] == []
