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

    #: the directive
    about: str
    directives: str
    reason: str
    versions: str = ""


def _flags() -> list[Refusal]:
    """What is said of a directive that takes on or off."""
    found = []
    for name in ("ssl_stapling", "ssl_stapling_verify"):
        words = f'invalid value "maybe" in "{name}" directive, it must be "on" or "off"'
        found.append(Refusal(name, f"{name} maybe;", words))
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
        for directives, reason in (
            (f"{once} {once}", f'"{name}" directive is duplicate'),
            (f"location /x {{ {once} }}", f'"{name}" directive is not allowed'),
            (f"{name};", number),
            (f"{name} {value} {value};", number),
        ):
            found.append(Refusal(name, directives, reason, versions))
    return found


def _responder(url: str, why: str, named: str | None = None) -> Refusal:
    said = url if named is None else named
    return Refusal(
        "ssl_ocsp_responder",
        f"{CLIENTS}ssl_ocsp_responder {url};",
        f'{why} in OCSP responder "{said}" in "ssl_ocsp_responder"',
        OCSP,
    )


def _cache(value: str, why: str, versions: str = OCSP) -> Refusal:
    return Refusal("ssl_ocsp_cache", f"ssl_ocsp_cache {value};", why, versions)


#: for what a size is missing from (1.23.2): nginx read past the end of the word before
_SIZE = ">=1.23.2"

REFUSALS = (
    *_flags(),
    *_forms(),
    Refusal("ssl_ocsp", "ssl_ocsp maybe;", 'invalid value "maybe"', OCSP),
    Refusal(
        "ssl_trusted_certificate",
        "ssl_trusted_certificate {folder}/none.pem;",
        'SSL_CTX_load_verify_locations("{folder}/none.pem") failed',
        "<1.27.2",
    ),
    Refusal(
        "ssl_trusted_certificate",
        "ssl_trusted_certificate {folder}/none.pem;",
        'cannot load certificate "{folder}/none.pem": BIO_new_file() failed',
        ">=1.27.2",
    ),
    Refusal(
        "ssl_verify_client",
        "ssl_verify_client on;",
        "no ssl_client_certificate for ssl_verify_client",
        "<1.27.2",
    ),
    Refusal(
        "ssl_verify_client",
        "ssl_verify_client on;",
        "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client",
        ">=1.27.2",
    ),
    _responder("https://ocsp.staplelab.test/", "invalid URL prefix"),
    _responder("http://", "invalid URL prefix"),
    _responder("http:///", "no host", "/"),
    _responder("http://127.0.0.1:0/", "invalid port", "127.0.0.1:0/"),
    _responder("http://127.0.0.1:65536/", "invalid port", "127.0.0.1:65536/"),
    _responder("http://[::1/", "invalid host", "[::1/"),
    _responder("http://[::1]:0/", "invalid port", "[::1]:0/"),
    _responder("http://[::1]:65536/", "invalid port", "[::1]:65536/"),
    _responder("http://[::1]x/", "invalid host", "[::1]x/"),
    _responder("http://[]/", "no host", "[]/"),
    _responder("http://[::1]?x/", "invalid host", "[::1]?x/"),
    _responder("http://[x]/", "invalid IPv6 address", "[x]/"),
    _cache("shared:x:31k", 'OCSP cache "shared:x:31k" is too small'),
    _cache("shared::1m", 'invalid OCSP cache "shared::1m"'),
    _cache("shared:", 'invalid OCSP cache "shared:"'),
    _cache("shared:x", 'invalid OCSP cache "shared:x"', _SIZE),
    _cache("shared:x:", 'invalid OCSP cache "shared:x:"', _SIZE),
    _cache("shared:x:1q", 'invalid OCSP cache "shared:x:1q"'),
    _cache("shared:x:-1m", 'invalid OCSP cache "shared:x:-1m"'),
    _cache("on", 'invalid OCSP cache "on"'),
    _cache("builtin:x:1m", 'invalid OCSP cache "builtin:x:1m"'),
    _cache("SHARED:x:1m", 'invalid OCSP cache "SHARED:x:1m"'),
    Refusal("resolver", "resolver valid=300s;", "no name servers defined"),
    Refusal("resolver", "resolver 127.0.0.1 valid=x;", "invalid parameter: valid=x"),
    Refusal("resolver", "resolver 127.0.0.1:0;", 'invalid port in resolver "127.0.0.1:0"'),
    Refusal(
        "resolver",
        "resolver 127.0.0.1 ipv4=off ipv6=off;",
        '"ipv4" and "ipv6" cannot both be "off"',
        ">=1.23.1",
    ),
    Refusal(
        "ssl_certificate_compression",
        "ssl_stapling on; ssl_certificate_compression on;",
        '"ssl_stapling" is incompatible with "ssl_certificate_compression"',
        ">=1.29.3",
    ),
    Refusal("resolver", "resolver 127.0.0.1; resolver 127.0.0.1;", "is duplicate"),
    Refusal(
        "resolver_timeout",
        "resolver_timeout soon;",
        '"resolver_timeout" directive invalid value',
    ),
)
