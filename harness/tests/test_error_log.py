"""The error log: what counts as a line, what must be claimed, what goes into the results."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from randomized import repeatable

from staplelab.servers.error_log import (
    LEVELS,
    Claim,
    Line,
    LogFile,
    for_results,
    parse,
    settle_claims,
    shared,
)

TRY_LATER = (
    "OCSP response not successful (3: trylater) while requesting certificate status, "
    'responder: ocsp.staplelab.test, peer: 127.1.2.10:26609, certificate: "/tmp/run/www.chain.pem"'
)
MUST_BE_CLAIMED = ("warn", "error", "crit", "alert", "emerg")


def logged(text: str, level: str = "error", connection: str = "") -> str:
    return f"2030/01/01 00:00:00 [{level}] 1573#1573: {connection}{text}"


def error(text: str) -> Line:
    return Line("error", text)


# ----- lines -----


def test_a_line_of_a_worker_loses_its_time_process_and_connection() -> None:
    assert parse(logged(TRY_LATER, connection="*17 ") + "\n") == [error(TRY_LATER)]


def test_a_line_of_the_start_has_neither_time_nor_process() -> None:
    said = 'nginx: [emerg] unknown directive "nonsense" in /tmp/run/nginx.conf:41\n'
    assert parse(said) == [
        Line("emerg", 'unknown directive "nonsense" in /tmp/run/nginx.conf:41')
    ]


def test_lines_keep_their_order_and_empty_ones_do_not_count() -> None:
    text = f"{logged('a')}\n\n{logged('b', 'info')}\n{logged('c', 'notice')}"
    assert parse(text) == [error("a"), Line("info", "b"), Line("notice", "c")]


@pytest.mark.parametrize(
    "text",
    [
        "==26662==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010",
        "launcher: cannot run nginx: No such file or directory",
        "2030/01/01 00:00:00 1573#1573: no level",
        "2030/01/01 00:00:00 [panic] 1573#1573: not a level of nginx's",
        "nginx: no level",
        f" {logged('indented')}",
    ],
)
def test_what_is_no_line_of_nginx_is_an_alert(text: str) -> None:
    assert parse(f"{logged('before')}\n{text}\n") == [error("before"), Line("alert", text)]


HEADER = ["HTTP/1.1 200 OK\r", "Server: nginx/1.22.1\r", "Connection: close\r"]


@pytest.mark.parametrize(
    "dump",
    [
        HEADER,
        ["http proxy header:", '"GET / HTTP/1.0\r', 'ETag: "x"\r', '"'],
        ['http script copy: "Connection: close\r', '"'],
    ],
    ids=["header", "quoted-header", "script"],
)
def test_a_dump_of_several_lines_is_one_line(dump: list[str]) -> None:
    """As level debug has them; after it, what is no line of nginx's is an alert again."""
    text = "\n".join([logged(dump[0], "debug"), *dump[1:], "", logged("b", "info"), "left"])
    assert parse(text) == [
        Line("debug", "\n".join(dump)),
        Line("info", "b"),
        Line("alert", "left"),
    ]


@pytest.mark.parametrize(
    "report",
    [
        "=================================================================",
        "==26662==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010",
        "src/core/ngx_string.c:80:9: runtime error: null pointer passed as argument 2",
        "free(): invalid pointer",
        "malloc(): unaligned tcache chunk detected",
        "double free or corruption (!prev)",
        "corrupted size vs. prev_size",
        "*** stack smashing detected ***: terminated",
    ],
)
def test_a_report_in_the_midst_of_a_dump_is_an_alert(report: str) -> None:
    text = "\n".join([logged(HEADER[0], "debug"), HEADER[1], report, "    #0 0x1 in main"])
    assert parse(text) == [
        Line("debug", "\n".join(HEADER[:2])),
        Line("alert", report),
        Line("alert", "    #0 0x1 in main"),
    ]


@pytest.mark.parametrize("text", ["a", 'a "b"'])
def test_a_line_of_debug_that_is_complete_stays_alone(text: str) -> None:
    assert parse(f"{logged(text, 'debug')}\nx\n") == [Line("debug", text), Line("alert", "x")]


def test_a_header_at_another_level_is_no_dump() -> None:
    assert parse(f"{logged(HEADER[0], 'info')}\n{HEADER[1]}\n")[1] == Line("alert", HEADER[1])


@pytest.mark.parametrize("level", MUST_BE_CLAIMED)
def test_a_quotation_of_several_lines_is_one_line(level: str) -> None:
    """nginx escapes nothing of what it quotes, a word of its configuration for instance."""
    first, second, third = 'unknown directive "a', "b", 'c" in /nginx.conf:3'
    text = "\n".join([logged(first, level), second, third, logged("d", "info"), "left"])
    whole = Line(level, f"{first}\n{second}\n{third}")
    assert parse(text) == [whole, Line("info", "d"), Line("alert", "left")]


@pytest.mark.parametrize("level", ["info", "notice"])
def test_a_line_that_nobody_need_claim_takes_in_no_other(level: str) -> None:
    said = logged('invalid "Content-Type" header: "x', level)
    assert parse(f"{said}\ny\n")[1] == Line("alert", "y")


@pytest.mark.parametrize("level", LEVELS)
def test_a_forged_line_is_one_to_claim(level: str) -> None:
    """What is quoted may look like a line of nginx's own: it is no less to be claimed for that, and
    takes nothing of the line before away."""
    forged = logged("worker process 7 exited on signal 11", "alert")
    lines = parse(f"{logged(chr(34), level)}\n{forged}\n")
    assert lines == [Line(level, '"'), Line("alert", "worker process 7 exited on signal 11")]
    wrong = settle_claims(lines, [Claim('"', None)])
    assert "nginx logged what no scenario claimed: " + str(lines[1]) in wrong


PARTS = [
    *(part.encode() for part in (logged("a"), logged("a\r", "debug"), "a", "b\r", "\u00e9", '"')),
    *(b"\xc3", b"\n"),
]


@repeatable
@given(st.lists(st.sampled_from(PARTS)))
def test_a_log_that_grows_is_read_as_a_whole_one(parts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "error.log")
        log = LogFile(path)
        assert log.lines() == []
        for part in parts:
            with path.open("ab") as file:
                file.write(part)
            assert log.lines() == parse(path.read_bytes().decode(errors="replace"))


@repeatable
@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert len(parse(text)) == len([raw for raw in text.split("\n") if raw])


@repeatable
@given(st.sampled_from(LEVELS), st.text().filter(lambda text: "\n" not in text))
def test_a_line_is_read_as_it_was_logged(level: str, text: str) -> None:
    """Whatever a responder made nginx log: only a line feed ends a line."""
    assert parse(f"{logged(text, level, '*1 ')}\n") == [Line(level, text)]


# ----- claims -----


def wrong(lines: list[Line], *claims: Claim) -> list[str]:
    return settle_claims(lines, claims)


@pytest.mark.parametrize("level", LEVELS)
def test_an_unclaimed_line_is_wrong_from_warn_on(level: str) -> None:
    expected = [f"nginx logged what no scenario claimed: [{level}] x"]
    assert wrong([Line(level, "x")]) == (expected if level in MUST_BE_CLAIMED else [])


@pytest.mark.parametrize("level", MUST_BE_CLAIMED)
def test_a_claimed_line_is_right_unless_it_is_an_alert(level: str) -> None:
    lines = [Line(level, "worker process 1575 exited on signal 9")]
    assert wrong(lines, Claim("exited on signal 9", 1, alert=True)) == []
    without = wrong(lines, Claim("exited on signal 9", 1))
    if level in ("alert", "emerg"):
        assert without == [
            f"nginx logged what no scenario claimed: {lines[0]}",
            "claimed 1 times, logged 0 times: 'exited on signal 9'",
        ]
    else:
        assert without == []


def test_a_claimed_line_that_never_came_is_wrong() -> None:
    assert wrong([error("other"), Line("info", "x")], Claim("other", 1), Claim("x", 1)) == [
        "claimed 1 times, logged 0 times: 'x'"
    ]
    assert wrong([], Claim("x", None)) == ["claimed but never logged: 'x'"]


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_a_line_is_expected_so_often(times: int) -> None:
    found = wrong([error("x a"), error("x b")], Claim("x", times))
    assert found == (
        [] if times == 2 else [f"claimed {times} times, logged 2 times: 'x'"]
    )


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_line_may_come_any_number_of_times(count: int) -> None:
    assert wrong([error("x")] * count, Claim("x", None)) == []


def test_a_line_counts_for_the_first_claim_that_fits() -> None:
    narrow, wide = Claim("x and y", 1), Claim("x", 1)
    lines = [error("x"), error("x and y")]
    assert wrong(lines, narrow, wide) == []
    assert wrong(lines, wide, narrow) == [
        "claimed 1 times, logged 2 times: 'x'",
        "claimed 1 times, logged 0 times: 'x and y'",
    ]


def test_equal_claims_are_two_claims() -> None:
    """Each is counted for itself: who claims a line twice means times=2."""
    assert wrong([error("x")], Claim("x", 1), Claim("x", 1)) == [
        "claimed 1 times, logged 0 times: 'x'"
    ]


def test_claims_may_come_from_an_iterator() -> None:
    assert settle_claims(iter([error("x")]), iter([Claim("x", 1)])) == []


@repeatable
@given(
    st.lists(st.builds(Line, st.sampled_from(LEVELS), st.text("xyz", min_size=1))),
    st.booleans(),
)
def test_claiming_just_what_was_logged_is_right(lines: list[Line], alert: bool) -> None:
    claimed = [line for line in lines if line.level in MUST_BE_CLAIMED]
    everything = Claim("", len(claimed), alert=True)
    assert wrong(lines, everything) == []
    assert (wrong(lines, Claim("", len(claimed), alert)) == []) == (
        alert or not any(line.level in ("alert", "emerg") for line in lines)
    )


# ----- results -----


@pytest.mark.parametrize(
    ("private", "public"),
    [
        ("peer: 127.1.2.10:26609, certificate", "peer: responder, certificate"),
        ("connect() to 127.1.2.11:80 failed", "connect() to responder-2 failed"),
        ("resolver: [::1]:5353", "resolver: [::1]"),
        ("handshaking, client: 10.2.3.1, server: x", "handshaking, client: client, server: x"),
        ("client: fd53::1, server: x", "client: client, server: x"),
        ("ocsp.staplelab.test:26609", "ocsp.staplelab.test"),
        ('"/tmp/staplelab-x/scenario/nginx.conf"', '"RUN/nginx.conf"'),
        ("worker process 1575 exited on signal 9", "worker process N exited on signal 9"),
        ("nginx left behind: process 1572 (nginx)", "nginx left behind: process N (nginx)"),
        ("wrong ident 4711 response, expect 4712", "wrong ident N response, expect N"),
        ("in /tmp/staplelab-x/scenario/nginx.conf:41", "in RUN/nginx.conf"),
        ("(SSL: error:1380007D, id:77)", "(SSL: error:1380007D, id:N)"),
    ],
)
def test_what_differs_from_run_to_run_is_taken_out(private: str, public: str) -> None:
    names = {
        "127.1.2.11": "responder-2",
        "127.1.2.10": "responder",
        "/tmp/staplelab-x/scenario": "RUN",
    }
    assert for_results([error(private)], names) == [f"[error] {public}"]


@pytest.mark.parametrize(
    "text",
    [
        "OCSP responder timed out (110: Connection timed out)",
        "OCSP response not successful (3: trylater)",
        "recv() failed (104: Connection reset by peer) while requesting certificate status",
        "client sent 400 octets, 12 of them twice",
    ],
)
def test_what_every_run_shares_stays(text: str) -> None:
    assert for_results([error(text)], {"127.1.2.10": "responder"}) == [f"[error] {text}"]


@pytest.mark.parametrize("level", LEVELS)
def test_the_results_hold_what_had_to_be_claimed(level: str) -> None:
    kept = for_results([Line(level, "x")], {})
    assert kept == ([f"[{level}] x"] if level in MUST_BE_CLAIMED else [])


@repeatable
@given(
    st.integers(10, 65535),
    st.integers(1, 4194304),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=8, max_size=8),
)
def test_two_runs_log_the_same(port: int, process: int, suffix: str) -> None:
    def text(address: str, folder: str, port: int, process: int) -> str:
        return f"process {process} of {folder}/nginx.conf asked {address}:{port}"

    one = text("127.1.2.10", f"/tmp/staplelab-{suffix}", port, process)
    assert shared(one, {"127.1.2.10": "responder", f"/tmp/staplelab-{suffix}": "RUN"}) == shared(
        text("127.199.9.10", "/tmp/staplelab-x", 443, 1),
        {"127.199.9.10": "responder", "/tmp/staplelab-x": "RUN"},
    )
