"""Bugs that nginx had and that are not put back: they cannot be, or nobody would see them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NotHere:
    """A bug that cannot be put back into 1.22.1, or that no scenario can see."""

    fixed: str
    commit: str
    wrong: str
    why: str
    #: the scenario that would see it, where one can
    held_by: str = ""
    cve: str = ""


_OF_SERVICES = "names of services and of addresses, which nobody asks for here"
_NO_MEMORY = "it shows when there is no memory left"
_STREAM = "1.22.1 has no ssl_ocsp in stream{}"

NOT_HERE = (
    NotHere("1.7.12", "95aad2235", "memory that is not freed", _NO_MEMORY),
    NotHere("1.15.11", "db5c30728", "a stapling file opened as a text", "Windows alone"),
    NotHere(
        "1.15.12",
        "5784889fb",
        "a resumed session and a certificate by variables: crash",
        "OpenSSL since 1.0.2p and 1.1.0i does not ask for a status then",
    ),
    NotHere(
        "1.23.2",
        "35fce4226",
        "`ssl_ocsp_cache shared:NAME` read past its end",
        "1.22.1 has it; AddressSanitizer sees it, and without that nothing is to be seen",
        "suites/history/test_configuration.py::test_1_23_2_35fce4226_a_cache_without_a_size",
    ),
    NotHere(
        "1.29.3",
        "25b03d650",
        "a compressed certificate is sent without its staple",
        "1.22.1 does not compress certificates",
        "suites/history/test_configuration.py::test_1_29_3_25b03d650_compressed_certificates",
    ),
    NotHere("1.29.3", "ce30a1cb0", "`ssl_ocsp` declared as a flag", "nothing comes of it"),
    NotHere(
        "1.29.7",
        "18711f775",
        "in stream{} a client is let in whatever came of `ssl_ocsp`",
        _STREAM,
        "suites/client_certificates/test_stream.py::test_status",
        cve="CVE-2026-28755",
    ),
    NotHere("1.3.12", "33e934ccc", "a crash with poll", "nginx has no poll where it has epoll"),
    NotHere(
        "1.7.8",
        "d4b7b7468",
        "a node with a timer used after it was freed",
        "in 1.22.1 those who wait have timers, a node has none",
    ),
    NotHere(
        "1.9.10",
        "c44fd4e83",
        "FORMERR when nothing is asked: read past the end of a queue",
        "put back, what 1.22.1 reads there is its own: it shows in none of the suites about names, "
        "with sanitizers neither",
        "suites/resolver/test_time_limit.py::test_format_error_for_nobody",
        cve="CVE-2016-0742",
    ),
    NotHere("1.9.11", "625481f6f", "buffers for TCP that are not freed", _NO_MEMORY),
    NotHere(
        "1.9.11",
        "cbee15bb6",
        "buffers for TCP that are not freed with their resolver",
        "that is freed where its process ends",
    ),
    NotHere("1.11.8", "6b18bb541", "the timer of queries stopped too early", _OF_SERVICES),
    NotHere("1.11.8", "e114960e5", "the timer of queries begun anew", _OF_SERVICES),
    NotHere("1.19.9", "cb9fca084", "an event not asked for again", "it shows with kqueue's like"),
    NotHere(
        "1.23.0",
        "f2fcc03d3",
        "a worker that leaves waits for an idle TCP connection",
        "1.22.1 has it",
        "suites/resolver/test_leaving.py::test_after_tcp",
    ),
    NotHere("1.23.1", "14341ce23", "memory that leaks with ipv4=off", "1.22.1 has no ipv4="),
    NotHere("1.29.6", "edb4d2ffa", "an octet read too far", _OF_SERVICES),
)
