"""Which nginx it is: what `nginx -V` of several builds says, and what is no nginx for the lab."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab_run import nginx
from randomized import repeatable

from staplelab.servers import sut
from staplelab.errors import LabError
from staplelab.servers.sut import ServerUnderTest, read_version
from staplelab.waiting import until

SSL = "configure arguments: --prefix=/etc/nginx --with-http_ssl_module --with-http_v2_module"
GCC = "built by gcc 13.2.1 20240309 (Alpine 13.2.1_git20240309)"
SNI = "TLS SNI support enabled"


def said(version: str, built: str, *more: str, configured: str = SSL) -> str:
    return "\n".join([version, *more, GCC, built, SNI, configured]) + "\n"


#: what -V says, then the server's name and versions, its library, the one it was built with
BUILDS = {
    "plain": (
        ("nginx version: nginx/1.28.0", "built with OpenSSL 3.5.2 5 Aug 2025"),
        ("nginx 1.28.0", "1.28.0", "OpenSSL 3.5.2", "OpenSSL 3.5.2"),
    ),
    "running-with": (
        (
            "nginx version: nginx/1.22.1",
            "built with OpenSSL 3.0.20 7 Apr 2026 (running with OpenSSL 3.0.22 25 Aug 2026)",
        ),
        ("nginx 1.22.1", "1.22.1", "OpenSSL 3.0.22", "OpenSSL 3.0.20"),
    ),
    "distribution": (
        ("nginx version: nginx/1.18.0 (Ubuntu)", "built with OpenSSL 1.1.1f  31 Mar 2020"),
        ("nginx 1.18.0", "1.18.0", "OpenSSL 1.1.1f", "OpenSSL 1.1.1f"),
    ),
    "fips": (
        ("nginx version: nginx/1.12.2", "built with OpenSSL 1.0.2k-fips  26 Jan 2017"),
        ("nginx 1.12.2", "1.12.2", "OpenSSL 1.0.2k-fips", "OpenSSL 1.0.2k-fips"),
    ),
    "libressl": (
        ("nginx version: nginx/1.13.9", "built with LibreSSL 2.6.4"),
        ("nginx 1.13.9", "1.13.9", "LibreSSL 2.6.4", "LibreSSL 2.6.4"),
    ),
    "boringssl": (
        (
            "nginx version: nginx/1.25.2 (quic-boringssl)",
            "built with OpenSSL 1.1.1 (compatible; BoringSSL) (running with BoringSSL)",
        ),
        ("nginx 1.25.2", "1.25.2", "BoringSSL", "BoringSSL"),
    ),
    "quictls": (
        ("nginx version: nginx/1.25.3", "built with OpenSSL 3.1.5+quic 30 Jan 2024"),
        ("nginx 1.25.3", "1.25.3", "quictls 3.1.5", "quictls 3.1.5"),
    ),
    "freenginx": (
        (
            "nginx version: freenginx/1.27.1 (110624-143212)",
            "built with OpenSSL 1.1.1 (compatible; AWS-LC 1.29.0) (running with AWS-LC 1.29.0)",
        ),
        ("freenginx 1.27.1", "1.27.1", "AWS-LC 1.29.0", "AWS-LC 1.29.0"),
    ),
    "openresty": (
        ("nginx version: openresty/1.27.1.2", "built with OpenSSL 1.1.1w  11 Sep 2023"),
        ("OpenResty 1.27.1.2 (nginx 1.27.1)", "1.27.1", "OpenSSL 1.1.1w", "OpenSSL 1.1.1w"),
    ),
    "angie": (
        (
            "Angie version: Angie/1.11.0",
            "built with OpenSSL 3.5.4 30 Sep 2025",
            "nginx version: nginx/1.29.3",
            "built on Wed, 24 Dec 2025 10:16:08 GMT",
        ),
        ("Angie 1.11.0 (nginx 1.29.3)", "1.29.3", "OpenSSL 3.5.4", "OpenSSL 3.5.4"),
    ),
    "tengine": (
        (
            "Tengine version: Tengine/3.1.0",
            "built with OpenSSL 3.0.20 7 Apr 2026",
            "nginx version: nginx/1.24.0",
        ),
        ("Tengine 3.1.0 (nginx 1.24.0)", "1.24.0", "OpenSSL 3.0.20", "OpenSSL 3.0.20"),
    ),
    "older-tengine": (
        ("Tengine version: Tengine/2.1.0 (nginx/1.6.2)", "built with OpenSSL 1.0.2u  20 Dec 2019"),
        ("Tengine 2.1.0 (nginx 1.6.2)", "1.6.2", "OpenSSL 1.0.2u", "OpenSSL 1.0.2u"),
    ),
    "a-name-of-ones-own": (
        ("nginx version: acme-edge/1.22.1", "built with OpenSSL 3.0.20 7 Apr 2026"),
        ("acme-edge 1.22.1", "1.22.1", "OpenSSL 3.0.20", "OpenSSL 3.0.20"),
    ),
}


@pytest.mark.parametrize("name", BUILDS)
def test_builds(name: str) -> None:
    (version, built, *more), (title, number, library, built_with) = BUILDS[name]
    server = read_version("/opt/nginx", said(version, built, *more))
    assert (server.title, server.library_title) == (title, library)
    assert (server.version, server.built_with) == (number, built_with)
    assert server.number == tuple(int(part) for part in number.split("."))
    product, product_version, *_ = title.split()
    assert (server.product, server.product_version) == (product, product_version)
    assert f"{server.library} {server.library_version}".rstrip() == library
    assert server.describe() == f"{title} with {library}, /opt/nginx"
    assert server.name == "nginx" and not server.debug


def test_tengine_has_ssl_unasked() -> None:
    """That it was built with a library is the proof."""
    tengine = ("Tengine version: Tengine/3.1.0", "", "nginx version: nginx/1.24.0")
    configured = "configure arguments: --with-stream_ssl_module"
    built = "built with OpenSSL 3.0.20 7 Apr 2026"
    server = read_version("t", said(tengine[0], built, tengine[2], configured=configured))
    assert server.title == "Tengine 3.1.0 (nginx 1.24.0)"
    without = f"{configured} --without-http_ssl_module"
    for answer in (
        said(tengine[0], "", tengine[2], configured=configured),
        said(tengine[0], built, tengine[2], configured=without),
    ):
        with pytest.raises(LabError, match="Tengine 3.1.0 is built without SSL"):
            read_version("t", answer)


def test_what_it_is_built_without() -> None:
    """A word that begins otherwise, or stands within another, says nothing."""
    left_out = "--without-http_proxy_module --without-http-cache"
    configured = f"{SSL} {left_out} --with-cc-opt='-DX=--without-pcre'"
    answer = said("nginx version: nginx/1.22.1", "built with OpenSSL 3.0.20", configured=configured)
    server = read_version("nginx", answer)
    assert server.without == "http_proxy_module http-cache"
    assert not server.has("http_proxy_module") and not server.has("http-cache")
    assert server.has("http_rewrite_module") and server.has("pcre")


def test_modules_that_it_need_not_have() -> None:
    """Built in, or a file of its own that is there where nginx runs."""

    def added(options: str, *files: str) -> ServerUnderTest:
        configured = f"configure arguments: --with-http_ssl_module {options}"
        answer = f"nginx version: nginx/1.30.4\nbuilt with OpenSSL 3.5.0 1 Jan\n{configured}\n"
        return read_version("nginx", answer, files.__contains__)

    assert added("").added == ""
    assert added("--with-cc-opt='-DX=--with-streams' --with-stream_realip_module").added == ""
    static = added("--with-http_v2_module --with-stream --with-stream_ssl_module")
    assert static.added == "http_v2_module stream stream_ssl_module"
    assert static.has("stream") and static.module_file("stream") == ""
    file = "/usr/lib/nginx/modules/ngx_stream_module.so"
    dynamic = "--modules-path=/usr/lib/nginx/modules --with-stream=dynamic"
    assert added(dynamic, file).module_file("stream") == file
    assert added(dynamic, file).has("stream") and not added(dynamic, file).has("http_v2_module")
    assert not added(dynamic).has("stream"), "its file is not there"
    default = "/opt/n/modules/ngx_stream_module.so"
    assert added("--prefix=/opt/n --with-stream=dynamic", default).has("stream")


@pytest.mark.parametrize("debug", [False, True])
def test_debug_build(debug: bool) -> None:
    configured = f"{SSL}{' --with-debug' if debug else ''} --add-module=x"
    answer = said("nginx version: nginx/1.22.1", "built with OpenSSL 3.0.20", configured=configured)
    assert read_version("nginx", answer).debug is debug


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("", "not an nginx: to -V it says 'nothing'"),
        ("\n\n", "not an nginx: to -V it says 'nothing'"),
        ("usage: true [ignored]\nmore\n", "not an nginx: to -V it says 'usage: true [ignored]'"),
        ("nginx version: ", "not an nginx: to -V it says 'nginx version:'"),
        ("Angie version: Angie/1.6.2", "not an nginx: to -V it says 'Angie version: Angie/1.6.2'"),
        (
            "nginx version: nginx/1.22.1\nconfigure arguments: --without-http_rewrite_module\n",
            "nginx 1.22.1 is built without SSL; one built --with-http_ssl_module is needed",
        ),
        (
            "nginx version: nginx/1.22.1\nbuilt with OpenSSL 3.0.20 7 Apr 2026\n"
            "configure arguments: --with-mail_ssl_module --with-stream_ssl_module\n",
            "nginx 1.22.1 is built without SSL; one built --with-http_ssl_module is needed",
        ),
        ("nginx version: nginx/1.22.1\n", "nginx 1.22.1 is built without SSL"),
        (
            said(
                "nginx version: nginx/1.22.1",
                "built with OpenSSL 3.0.20",
                configured=f"{SSL} --without-http --with-mail",
            ),
            "nginx 1.22.1 is built without HTTP, so it staples nothing",
        ),
    ],
)
def test_no_nginx_that_can_staple(answer: str, complaint: str) -> None:
    with pytest.raises(LabError) as refused:
        read_version("/opt/nginx", answer)
    text = str(refused.value)
    assert text.startswith(f"--nginx /opt/nginx: {complaint}")
    assert "\n" not in text


def test_an_endless_answer_is_cut() -> None:
    with pytest.raises(LabError) as refused:
        read_version("/opt/nginx", "x" * 10_000)
    assert len(str(refused.value)) < 200


@repeatable
@given(st.text() | st.text().map(lambda text: f"nginx version: nginx/1.2.3\nbuilt with {text}"))
def test_any_answer_is_read_or_refused(answer: str) -> None:
    try:
        assert read_version("/opt/nginx", answer).version == "1.2.3"
    except LabError as refused:
        assert "\n" not in str(refused)


# ----- version ranges -----


def server(version: str, library: str = "OpenSSL 3.0.20") -> ServerUnderTest:
    name, _, number = library.partition(" ")
    return ServerUnderTest("/opt/nginx", version, name, number, "OpenSSL 1.0.0", debug=False)


@pytest.mark.parametrize(
    ("versions", "inside", "outside"),
    [
        ("", ["0.1.0", "1.22.1", "2.0.0"], []),
        (">=1.19.0", ["1.19.0", "1.19.10", "1.20.0", "2.0.0"], ["1.18.99", "1.9.15"]),
        ("<1.23.0", ["1.22.1", "1.9.0"], ["1.23.0", "1.23.1", "1.100.0"]),
        (">=1.19.0,<1.23.0", ["1.19.0", "1.22.1"], ["1.18.0", "1.23.0"]),
        (" >= 1.19.0 , < 1.23.0 ", ["1.19.0", "1.22.1"], ["1.18.0", "1.23.0"]),
        (">=1.22", ["1.22.0", "1.22.1", "1.23.0"], ["1.21.6"]),
        ("<1.22", ["1.21.6"], ["1.22.0"]),
        (">=1.23.0,<1.19.0", [], ["1.18.0", "1.20.0", "1.23.0"]),
    ],
)
def test_version_ranges(versions: str, inside: list[str], outside: list[str]) -> None:
    assert [v for v in inside if not server(v).within(versions)] == []
    assert [v for v in outside if server(v).within(versions)] == []


@pytest.mark.parametrize(
    ("library", "versions", "inside"),
    [
        ("OpenSSL 3.0.20", ">=3.0.0", True),
        ("OpenSSL 1.1.1w", ">=1.1.1,<3.0.0", True),
        ("OpenSSL 1.0.2k-fips", "<1.1.1", True),
        ("OpenSSL 3.5.4", "<3.0.0", False),
        ("quictls 3.1.5", ">=3.0.0", True),
        ("BoringSSL", ">=0.0", False),
        ("LibreSSL 3.8.2", ">=3.0.0", False),
    ],
)
def test_versions_of_the_library(library: str, versions: str, inside: bool) -> None:
    """Of the one that nginx runs with; another library has versions of its own."""
    assert server("1.22.1", library).has_library("OpenSSL", versions) is inside


@pytest.mark.parametrize("versions", ["1.19.0", "==1.19.0", ">1.19.0", ">=1.19.x", ">=", "~1.2"])
def test_a_range_that_cannot_be_read(versions: str) -> None:
    with pytest.raises(ValueError, match="version range .*: write it as "):
        server("1.22.1").within(versions)


@repeatable
@given(*[st.tuples(*[st.integers(0, 99)] * 3)] * 2)
def test_every_version_is_on_one_side(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    mine, bound = (".".join(map(str, number)) for number in (one, other))
    assert server(mine).within(f">={bound}") is (one >= other)
    assert server(mine).within(f"<{bound}") is (one < other)


# ----- finding and asking -----


def executable(path: Path, script: str) -> Path:
    path.write_text(script)
    path.chmod(0o755)
    return path


def test_the_given_one_comes_before_the_installed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = executable(tmp_path / "mine", "#!/bin/sh\n")
    installed = executable(tmp_path / "nginx", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sut.find(str(given)) == str(given)
    assert sut.find(None) == str(installed)


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = executable(tmp_path / "mine", "#!/bin/sh\n")
    monkeypatch.chdir(tmp_path)
    assert sut.find("./mine") == str(given)


def test_nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sut.shutil, "which", lambda name, path: None)
    with pytest.raises(LabError, match="no nginx is installed; name .* --nginx PATH"):
        sut.find(None)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("missing", "there is no such file"), ("file", "not an executable"), (".", "not an exec")],
)
def test_no_binary(tmp_path: Path, name: str, complaint: str) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(LabError) as refused:
        sut.find(str(tmp_path / name))
    assert str(refused.value).startswith(f"--nginx {tmp_path / name}: {complaint}")
    assert str(refused.value).endswith("; give the path of an nginx binary")


def test_a_file_of_another_kind_cannot_be_run(tmp_path: Path) -> None:
    binary = executable(tmp_path / "nginx", "neither script nor program")
    with pytest.raises(LabError, match=f"--nginx {binary}: -V cannot be run: .*Exec format error"):
        sut.probe(str(binary))


def test_the_answer_is_what_the_binary_writes_to_stderr(tmp_path: Path) -> None:
    answer = said("nginx version: nginx/1.22.1", "built with OpenSSL 3.0.20 7 Apr 2026")
    (tmp_path / "answer").write_text(answer)
    binary = executable(
        tmp_path / "nginx", f'#!/bin/sh\n[ "$*" = -V ] && cat {tmp_path}/answer >&2\n'
    )
    assert sut.probe(str(binary)) == read_version(str(binary), answer)


# ----- what only the binary itself can say -----

#: answers to -V, and keeps what else it is asked and how
_ASKED = """#!/bin/sh
[ "$1" = -V ] && exec cat {folder}/answer >&2
echo "$@" >{folder}/options
cat "$5" >{folder}/question
cat {folder}/verdict >&2
exit 1
"""


def asked(folder: Path, version: str, verdict: str) -> str:
    """The path of an nginx that says that of the configuration that it is asked about."""
    answer = said(f"nginx version: nginx/{version}", "built with OpenSSL 3.0.20 7 Apr 2026")
    (folder / "answer").write_text(answer)
    (folder / "verdict").write_text(verdict)
    return str(executable(folder / "nginx", _ASKED.format(folder=folder)))


def test_without_ipv6(tmp_path: Path) -> None:
    where = 'in resolver "[::1]" in /proc/self/fd/3:1'
    reason = f"the INET6 sockets are not supported on this platform {where}"
    path = asked(tmp_path, "1.22.1", f"nginx: [emerg] {reason}\n")
    with pytest.raises(LabError) as refused:
        sut.probe(path)
    text = str(refused.value)
    assert text.startswith(f"--nginx {path}: nginx 1.22.1 is built without IPv6: ")
    assert "\n" not in text


@pytest.mark.parametrize(("version", "more"), [("1.19.4", ""), ("1.19.5", " -e /dev/null")])
def test_the_question_about_ipv6(tmp_path: Path, version: str, more: str) -> None:
    """It ends in what no nginx knows, so that none makes folders, or listens; where it can be told
    to it writes no log either."""
    sut.probe(asked(tmp_path, version, 'nginx: [emerg] unknown directive "asked"\n'))
    words = (tmp_path / "options").read_text().split(" -c ")
    assert words[0] == "-t -p /nonexistent"
    assert words[1].strip().startswith("/proc/self/fd/") and words[1].strip().endswith(more)
    assert (tmp_path / "question").read_text() == "events {} http { resolver [::1]; asked; }"


def test_the_installed_nginx_reads_the_question() -> None:
    """It comes to its end, by way of the address: with another one it would stop before."""
    server = sut.probe(nginx())
    argv = [server.path, "-t", "-p", "/nonexistent", "-e", "/dev/null", "-c", "/proc/self/fd/0"]
    for address, reason in (("[::1]", 'unknown directive "asked"'), ("[::1", "invalid")):
        with tempfile.TemporaryFile() as question:
            question.write(f"events {{}} http {{ resolver {address}; asked; }}".encode())
            question.seek(0)
            done = subprocess.run(
                argv, stdin=question, capture_output=True, text=True, timeout=10, check=False
            )
        assert f"[emerg] {reason}" in done.stderr


def test_a_wrapper_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is left: it, and what it has started, which holds the pipe."""
    monkeypatch.setattr(sut, "_ANSWER_SECONDS", 0.2)
    os.mkfifo(tmp_path / "pipe")
    script = f"#!/bin/sh\nexec 9<>{tmp_path}/pipe\ncat <&9\n"
    wrapper = executable(tmp_path / "nginx", script)
    with pytest.raises(LabError, match=f"--nginx {wrapper}: -V cannot be run: .*not end within"):
        sut.probe(str(wrapper))

    def nobody_reads() -> bool:
        try:
            os.close(os.open(tmp_path / "pipe", os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            return error.errno == errno.ENXIO
        return False

    until(nobody_reads, "all that the wrapper has started to end")
