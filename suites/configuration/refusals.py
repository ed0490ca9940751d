"""The table: what nginx refuses to start with, and its words.

`{folder}` is the scenario's, `{trusted}` a file of authorities, `{port}` the responder's.
"""

from __future__ import annotations

from dataclasses import dataclass

#: ssl_ocsp, ssl_ocsp_responder, ssl_ocsp_cache
OCSP = ">=1.19.0"
CLIENTS = "ssl_client_certificate {trusted}; ssl_verify_client on; ssl_ocsp on; "


@dataclass(frozen=True)
class Refusal:
    """Directives of a server{}, why they are refused, and which versions know them."""

    id: str
    directives: str
    reason: str
    versions: str = ""


def _flags() -> list[Refusal]:
    """What is said of a directive that takes on or off."""
    found = []
    for name in ("ssl_stapling", "ssl_stapling_verify"):
        words = f'invalid value "maybe" in "{name}" directive, it must be "on" or "off"'
        found.append(Refusal(f"{name}-maybe", f"{name} maybe;", words))
    return found


_VALUES = {
    "ssl_stapling": "on",
    "ssl_stapling_verify": "on",
    "ssl_stapling_responder": "http://127.0.0.1/",
    "ssl_stapling_file": "/no/such/file",
    "ssl_trusted_certificate": "{trusted}",
    "ssl_ocsp": "leaf",
    "ssl_ocsp_responder": "http://127.0.0.1/",
    "ssl_ocsp_cache": "off",
}


def _forms() -> list[Refusal]:
    """Every directive twice, in the wrong place, without and with too many arguments."""
    found = []
    for name, value in _VALUES.items():
        versions = OCSP if name.startswith("ssl_ocsp") else ""
        once = f"{name} {value};"
        number = f'invalid number of arguments in "{name}" directive'
        for what, directives, reason in (
            ("twice", f"{once} {once}", f'"{name}" directive is duplicate'),
            ("in-a-location", f"location /x {{ {once} }}", f'"{name}" directive is not allowed'),
            ("without-a-value", f"{name};", number),
            ("two-values", f"{name} {value} {value};", number),
        ):
            found.append(Refusal(f"{name}-{what}", directives, reason, versions))
    return found


def _responder(id_: str, url: str, why: str, named: str | None = None) -> Refusal:
    said = url if named is None else named
    return Refusal(
        f"ssl_ocsp_responder-{id_}",
        f"{CLIENTS}ssl_ocsp_responder {url};",
        f'{why} in OCSP responder "{said}" in "ssl_ocsp_responder"',
        OCSP,
    )


def _cache(id_: str, value: str, why: str, versions: str = OCSP) -> Refusal:
    return Refusal(f"ssl_ocsp_cache-{id_}", f"ssl_ocsp_cache {value};", why, versions)


#: for what a size is missing from (1.23.2): nginx read past the end of the word before
_SIZE = ">=1.23.2"

REFUSALS = (
    *_flags(),
    *_forms(),
    Refusal("ssl_ocsp-maybe", "ssl_ocsp maybe;", 'invalid value "maybe"', OCSP),
    Refusal(
        "trusted-missing",
        "ssl_trusted_certificate {folder}/none.pem;",
        'SSL_CTX_load_verify_locations("{folder}/none.pem") failed',
        "<1.27.2",
    ),
    Refusal(
        "trusted-missing-since",
        "ssl_trusted_certificate {folder}/none.pem;",
        'cannot load certificate "{folder}/none.pem": BIO_new_file() failed',
        ">=1.27.2",
    ),
    Refusal(
        "clients-without-authorities",
        "ssl_verify_client on;",
        "no ssl_client_certificate for ssl_verify_client",
        "<1.27.2",
    ),
    Refusal(
        "clients-without-authorities-since",
        "ssl_verify_client on;",
        "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client",
        ">=1.27.2",
    ),
    _responder("https", "https://ocsp.staplelab.test/", "invalid URL prefix"),
    _responder("http-alone", "http://", "invalid URL prefix"),
    _responder("no-host", "http:///", "no host", "/"),
    _responder("port-0", "http://127.0.0.1:0/", "invalid port", "127.0.0.1:0/"),
    _responder("port-65536", "http://127.0.0.1:65536/", "invalid port", "127.0.0.1:65536/"),
    _responder("bracket", "http://[::1/", "invalid host", "[::1/"),
    _responder("ipv6-port-0", "http://[::1]:0/", "invalid port", "[::1]:0/"),
    _responder("ipv6-port-65536", "http://[::1]:65536/", "invalid port", "[::1]:65536/"),
    _responder("ipv6-word-behind", "http://[::1]x/", "invalid host", "[::1]x/"),
    _responder("ipv6-nothing", "http://[]/", "no host", "[]/"),
    _responder("ipv6-query", "http://[::1]?x/", "invalid host", "[::1]?x/"),
    _responder("ipv6-word", "http://[x]/", "invalid IPv6 address", "[x]/"),
    _cache("too-small", "shared:x:31k", 'OCSP cache "shared:x:31k" is too small'),
    _cache("no-name", "shared::1m", 'invalid OCSP cache "shared::1m"'),
    _cache("nothing", "shared:", 'invalid OCSP cache "shared:"'),
    _cache("no-size", "shared:x", 'invalid OCSP cache "shared:x"', _SIZE),
    _cache("empty-size", "shared:x:", 'invalid OCSP cache "shared:x:"', _SIZE),
    _cache("size-of-no-unit", "shared:x:1q", 'invalid OCSP cache "shared:x:1q"'),
    _cache("negative", "shared:x:-1m", 'invalid OCSP cache "shared:x:-1m"'),
    _cache("on", "on", 'invalid OCSP cache "on"'),
    _cache("other-word", "builtin:x:1m", 'invalid OCSP cache "builtin:x:1m"'),
    _cache("upper-case", "SHARED:x:1m", 'invalid OCSP cache "SHARED:x:1m"'),
    Refusal("resolver-nothing", "resolver valid=300s;", "no name servers defined"),
    Refusal("resolver-valid", "resolver 127.0.0.1 valid=x;", "invalid parameter: valid=x"),
    Refusal("resolver-port", "resolver 127.0.0.1:0;", 'invalid port in resolver "127.0.0.1:0"'),
    Refusal("resolver-twice", "resolver 127.0.0.1; resolver 127.0.0.1;", "is duplicate"),
    Refusal(
        "resolver_timeout-word",
        "resolver_timeout soon;",
        '"resolver_timeout" directive invalid value',
    ),
)
