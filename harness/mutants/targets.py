"""The functions of nginx whose mutants are drawn, and how they are found in a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

_BEGIN = re.compile(r"^(ngx_\w+)\(")
#: what fails only when there is no memory left
_ALLOCATION = re.compile(
    r"\b(\w*alloc\w*|ngx_array_(push\w*|create|init)|ngx_list_push|ngx_create_pool|\w+_new"
    r"|ngx_pool_cleanup_add|ngx_resolver_(dup|export)|ngx_create_temp_buf)\("
)
_FAILED = re.compile(r"^(\s*)if \(.*(== NULL|!= NGX_OK)\) \{$")
#: an assignment can stand so many lines above the line that looks at it
_NEAR = 6


@dataclass(frozen=True)
class Target:
    """Functions of one file."""

    file: str
    #: patterns; one with a "!" before it takes functions out again
    functions: Sequence[str]
    #: where a function does other things as well: what its lines that count hold
    lines: str = ""
    #: the suites that are run before the others, for most of its mutants are caught there
    asked_first: Sequence[str] = ()

    def takes(self, function: str) -> bool:
        out = any(fnmatchcase(function, one[1:]) for one in self.functions if one[0] == "!")
        return not out and any(fnmatchcase(function, one) for one in self.functions)


_CLIENT = ("suites/client_certificates",)
_STAPLING = ("suites/configuration", "suites/responder", "suites/history", "suites/file")

TARGETS = (
    Target(
        "src/event/ngx_event_openssl_stapling.c",
        tuple(
            f"ngx_ssl_ocsp{one}"
            for one in ("", "_cache*", "_cleanup", "_create_key", "_get_status", "_handler",
                        "_resolver", "_responder", "_validate*")
        ),
        asked_first=_CLIENT,
    ),
    Target(
        "src/event/ngx_event_openssl_stapling.c",
        ("ngx_*",),
        asked_first=("suites/request", *_STAPLING, *_CLIENT),
    ),
    Target(
        "src/core/ngx_resolver.c",
        # names of services and of addresses are none of stapling's business
        ("ngx_*", "!*srv*", "!*addr*", "!*_ptr"),
        asked_first=("suites/resolver", "suites/dns", "suites/history"),
    ),
    Target(
        "src/http/modules/ngx_http_ssl_module.c",
        ("ngx_http_ssl_create_srv_conf", "ngx_http_ssl_merge_srv_conf", "ngx_http_ssl_init"),
        r"ocsp|stapling|trusted|client_certificate|verify|resolver|clcf|cscf",
        asked_first=("suites/configuration", *_CLIENT),
    ),
    Target(
        "src/http/modules/ngx_http_ssl_module.c",
        ("ngx_http_ssl_ocsp_cache",),
        asked_first=_CLIENT,
    ),
    Target(
        "src/event/ngx_event_openssl.c",
        ("ngx_ssl_get_client_verify", "ngx_ssl_trusted_certificate"),
        asked_first=("suites/configuration", *_CLIENT),
    ),
    Target(
        "src/event/ngx_event_openssl.c",
        ("ngx_ssl_handshake*", "ngx_ssl_shutdown"),
        r"ocsp",
        asked_first=_CLIENT,
    ),
    Target(
        "src/http/ngx_http_request.c",
        ("ngx_http_process_request",),
        r"ssl|rc\b|cert|verify",
        _CLIENT,
    ),
    Target("src/http/ngx_http_core_module.c", ("ngx_http_core_resolver",)),
    Target(
        "src/http/ngx_http_core_module.c", ("ngx_http_core_merge_loc_conf",), r"resolver"
    ),
)


def asked_first(file: str, function: str) -> Sequence[str]:
    """The suites that a mutant of this function is shown first."""
    found = (one.asked_first for one in TARGETS if one.file == file and one.takes(function))
    return next(found, ())


@dataclass(frozen=True)
class Function:
    name: str
    #: its first and its last line, from 1
    first: int
    last: int


def functions(text: str) -> Iterator[Function]:
    """Those of a file in nginx's style: the name begins a line, and so does the last brace."""
    begun: tuple[str, int] | None = None
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        found = _BEGIN.match(line)
        if found and not inside:
            begun = (found[1], number)
        elif line.endswith(";") and not inside:
            begun = None  # it was a declaration
        elif line == "{" and begun:
            inside = True
        elif line == "}" and inside and begun:
            yield Function(begun[0], begun[1], number)
            begun, inside = None, False


def out_of_memory(text: str) -> set[int]:
    """The numbers of the lines that run only after an allocation has failed."""
    lines = text.splitlines()
    found = set()
    for number, line in enumerate(lines):
        failed = _FAILED.match(line)
        if failed is None or not _looks_at_an_allocation(lines, number):
            continue
        end = f"{failed[1]}}}"
        for inside in range(number + 1, len(lines)):
            if lines[inside].startswith(end):
                break
            found.add(inside + 1)
    return found


def _looks_at_an_allocation(lines: Sequence[str], number: int) -> bool:
    if _ALLOCATION.search(lines[number]):
        return True
    name = re.match(r"\s*if \((\S+) (==|!=) ", lines[number])
    if name is None:
        return False
    for above in reversed(lines[max(0, number - _NEAR) : number]):
        if re.search(rf"(^|\s){re.escape(name[1])} = ", above):
            return bool(_ALLOCATION.search(above))
    return False
