"""Bugs that nginx had, and how each is put back into the sources of Debian 12 (1.22.1).

A bug is data: what was wrong, where it was mended, and the edits that undo that.  The words are
nginx's own where they stand in `before`; an edit that finds them not exactly once is an error.
What cannot be put back is in not_here.py, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from staplelab.errors import LabError

_STAPLING = "src/event/ngx_event_openssl_stapling.c"
_RESOLVER = "src/core/ngx_resolver.c"
_OPENSSL = "src/event/ngx_event_openssl.c"
_HTTP_SSL = "src/http/modules/ngx_http_ssl_module.c"
_HTTP_REQUEST = "src/http/ngx_http_request.c"


@dataclass(frozen=True)
class Edit:
    """One place of one file."""

    file: str
    before: str
    after: str
    #: which of several such places, from 1; 0: there is one alone
    which: int = 0

    def apply(self, text: str) -> str:
        found = text.count(self.before)
        if found == 0 or (self.which == 0 and found != 1) or self.which > found:
            wanted = f"{self.which} times or more" if self.which else "once"
            first = self.before.strip().splitlines()[0]
            raise LabError(f"{self.file}: {first!r} stands there {found} times, not {wanted}")
        pieces = text.split(self.before)
        which = self.which or 1
        head, tail = self.before.join(pieces[:which]), self.before.join(pieces[which:])
        return head + self.after + tail


@dataclass(frozen=True)
class Bug:
    """One of them."""

    #: the version that mended it, and nginx's commits
    fixed: str
    commits: tuple[str, ...]
    wrong: str
    edits: tuple[Edit, ...]
    #: CVE, where it has a number
    cve: str = ""
    #: it shows under AddressSanitizer alone
    sanitized: bool = False

    @property
    def name(self) -> str:
        return f"{self.fixed} {self.commits[0]}"

    def apply(self, text_of: dict[str, str]) -> dict[str, str]:
        """The changed files, of these by their names."""
        changed: dict[str, str] = {}
        for edit in self.edits:
            text = changed.get(edit.file) or text_of[edit.file]
            changed[edit.file] = edit.apply(text)
        return changed

    @property
    def files(self) -> Sequence[str]:
        return list(dict.fromkeys(edit.file for edit in self.edits))


def _gone(file: str, text: str, which: int = 0) -> Edit:
    return Edit(file, text, "", which)


BUGS = (
    # ----- stapling, and clients' certificates -----
    Bug(
        "1.3.8",
        ("0d7a7e91c",),
        "a server{} that staples and has no certificate: crash when the configuration is read",
        (
            Edit(
                _HTTP_SSL,
                "        if (sscf->ssl.ctx == NULL) {\n            continue;\n        }\n\n"
                "        clcf =",
                "        clcf =",
            ),
        ),
    ),
    Bug(
        "1.5.1",
        ("1b10a9adf",),
        "a number printed as a string when a certificate is not good: crash",
        (
            Edit(
                _STAPLING,
                "                      OCSP_cert_status_str(ctx->status));\n        goto error;",
                "                      ctx->status, OCSP_cert_status_str(ctx->status));\n"
                "        goto error;",
            ),
        ),
    ),
    Bug(
        "1.7.1",
        ("e1a183946",),
        "each fetch leaks its OCSPRequest",
        (
            Edit(
                _STAPLING,
                "    ctx->request = b;\n\n    OCSP_REQUEST_free(ocsp);\n",
                "    ctx->request = b;\n",
            ),
        ),
    ),
    Bug(
        "1.7.11",
        ("47c44355b",),
        "the chain that is sent is filled up from ssl_trusted_certificate",
        (
            _gone(_OPENSSL, "    SSL_CTX_set_mode(ssl->ctx, SSL_MODE_NO_AUTO_CHAIN);\n"),
            # since 1.15.9 an empty chain is set, which keeps OpenSSL from it, too
            Edit(
                _OPENSSL,
                "    if (SSL_CTX_set0_chain(ssl->ctx, chain) == 0) {",
                "    if (sk_X509_num(chain) && SSL_CTX_set0_chain(ssl->ctx, chain) == 0) {",
            ),
        ),
    ),
    Bug(
        "1.9.2",
        ("cb3dcbb81",),
        "an expired staple is sent, and nextUpdate has no say in when it is refreshed",
        (
            _gone(_STAPLING, "\n        && staple->valid >= ngx_time()"),
            Edit(
                _STAPLING,
                "ngx_max(ngx_min(ctx->valid - 300, now + 3600), now + 300);",
                "now + 3600;",
            ),
        ),
    ),
    Bug(
        "1.9.3",
        ("3ac176fb8",),
        "a response without nextUpdate: crash",
        (Edit(_STAPLING, "    if (nextupdate) {\n", "    if (1) {\n"),),
    ),
    Bug(
        "1.11.0",
        ("40e075c32", "b4276f244"),
        "one staple for all certificates of a server{}",
        (
            Edit(
                _STAPLING,
                "    cert = SSL_get_certificate(ssl_conn);\n",
                "    cert = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl_conn),\n"
                "                               ngx_ssl_certificate_index);\n",
            ),
        ),
    ),
    Bug(
        "1.11.0",
        ("798999b63",),
        "the chain of one certificate of a server{} taken for that of another",
        (_gone(_STAPLING, "    SSL_CTX_select_current_cert(ssl->ctx, cert);\n"),),
    ),
    Bug(
        "1.11.7",
        ("27bcceb24", "af07f8d09"),
        "log lines name neither the responder's address nor the certificate",
        (
            Edit(_STAPLING, "if (ctx && ctx->peer.name) {", "if (0) {"),
            Edit(_STAPLING, "if (ctx && ctx->name) {", "if (0) {"),
        ),
    ),
    Bug(
        "1.11.7",
        ("0a1290b73",),
        "the debug log does not tell the HTTP status of a response",
        (Edit(_STAPLING, '"ssl ocsp status %ui', '"ssl ocsp line %ui'),),
    ),
    Bug(
        "1.19.0",
        ("aa94ee82f",),
        "only the first address of a responder is tried",
        (Edit(_STAPLING, "    if (++ctx->naddr >= ctx->naddrs) {", "    if (1) {"),),
    ),
    Bug(
        "1.27.4",
        ("46b9f5d38",),
        "a TLS 1.3 session of one name resumed for another one, whose policy is left out",
        (
            Edit(
                _HTTP_REQUEST,
                "if (hostname != NULL && ngx_strcmp(hostname, servername) != 0) {",
                "if (0 && hostname != NULL) {",
            ),
        ),
        cve="CVE-2025-23419",
    ),
    Bug(
        "1.31.0",
        ("71841dced",),
        "a client that is gone while the responder's name is resolved: memory used after it was "
        "freed",
        (
            _gone(
                _STAPLING,
                "    if (ctx->resolve) {\n        ngx_resolve_name_done(ctx->resolve);\n    }\n\n",
            ),
        ),
        cve="CVE-2026-40701",
        sanitized=True,
    ),
    # ----- the resolver -----
    Bug(
        "1.3.2",
        ("da8bb2263",),
        "a query that could not be sent again is never sent again",
        (
            Edit(
                _RESOLVER,
                "            (void) ngx_resolver_send_query(r, rn);\n\n"
                "            rn->expire = now + r->resend_timeout;\n\n"
                "            ngx_queue_insert_head(queue, q);\n",
                "            if (ngx_resolver_send_query(r, rn) == NGX_OK) {\n"
                "                rn->expire = now + r->resend_timeout;\n"
                "                ngx_queue_insert_head(queue, q);\n"
                "            }\n",
            ),
        ),
    ),
    Bug(
        "1.3.7",
        ("6a0f47e07",),
        "addresses from the cache are always tried in the same order",
        (Edit(_RESOLVER, "ngx_resolver_export(r, rn, 1)", "ngx_resolver_export(r, rn, 0)"),),
    ),
    Bug(
        "1.5.8",
        ("3fd727566",),
        "a response that writes the name in capital letters is not taken",
        (
            Edit(_RESOLVER, "ngx_strlow(dst, src, n);", "ngx_memcpy(dst, src, n);"),
            _gone(_RESOLVER, "    ngx_strlow(name->data, name->data, name->len);\n"),
        ),
    ),
    Bug(
        "1.5.9",
        ("2e2c9dba1",),
        "the dot at the end of a name is asked for as a label",
        (_gone(_RESOLVER, "        ctx->name.len--;\n"),),
    ),
    Bug(
        "1.5.11",
        ("9ae40c5b5",),
        "a socket that could not be connected to a name server is used",
        (
            Edit(
                _RESOLVER,
                '                      "connect() failed");\n\n        goto failed;',
                '                      "connect() failed");\n\n        return NGX_ERROR;',
                which=1,
            ),
        ),
    ),
    Bug(
        "1.7.4",
        ("7e52432a0",),
        "a query is not sent again after a malformed response",
        (
            Edit(
                _RESOLVER,
                "        qident = (rn->query6[0] << 8) + rn->query6[1];\n\n        break;\n",
                "        rn->naddrs6 = 0;\n"
                "        qident = (rn->query6[0] << 8) + rn->query6[1];\n\n        break;\n",
            ),
            Edit(
                _RESOLVER,
                "        qident = (rn->query[0] << 8) + rn->query[1];\n    }\n",
                "        rn->naddrs = 0;\n"
                "        qident = (rn->query[0] << 8) + rn->query[1];\n    }\n",
            ),
        ),
    ),
    Bug(
        "1.7.5",
        ("da46eed53",),
        "of those who wait for one name only the first is told that its time is over",
        (
            Edit(
                _RESOLVER,
                "        if (rn->waiting) {\n"
                "            if (ngx_resolver_set_timeout(r, ctx) != NGX_OK) {\n",
                "        if (rn->waiting) {\n            if (0) {\n",
                which=1,
            ),
        ),
    ),
    Bug(
        "1.9.3",
        ("f470cd2b8", "6330817a9"),
        "the timer of queries runs on when there is none: a worker that leaves waits for it",
        (
            _gone(_RESOLVER, "    r->event->cancelable = 1;\n"),
            Edit(
                _RESOLVER,
                "    if (r->event->timer_set && ngx_resolver_resend_empty(r)) {",
                "    if (0) {",
                which=1,
            ),
        ),
    ),
    Bug(
        "1.9.10",
        ("fe89d9979",),
        "aliases that come one by one are followed without an end",
        (
            Edit(
                _RESOLVER,
                "if (ctx->recursion++ >= NGX_RESOLVER_MAX_RECURSION) {",
                "if (0) {",
                which=1,
            ),
        ),
        cve="CVE-2016-0747",
    ),
    Bug(
        "1.9.13",
        ("2b2fe92aa",),
        "resolver_timeout 0 ends each look-up at once",
        (
            Edit(
                _RESOLVER,
                "    if (ctx->event || ctx->timeout == 0) {",
                "    if (ctx->event) {",
            ),
        ),
    ),
    Bug(
        "1.13.3",
        ("6330817a9",),
        "a worker that leaves waits for the timer of a query for nobody",
        (_gone(_RESOLVER, "    r->event->cancelable = 1;\n"),),
    ),
    Bug(
        "1.15.0",
        ("4ac8036e7",),
        "a socket to which nothing could be sent is kept",
        (
            Edit(
                _RESOLVER,
                "    return NGX_OK;\n\nfailed:\n\n    ngx_close_connection(rec->udp);\n"
                "    rec->udp = NULL;\n\n    return NGX_ERROR;\n",
                "    return NGX_OK;\n\nfailed:\n\n    return NGX_ERROR;\n",
            ),
        ),
    ),
    Bug(
        "1.19.3",
        ("279efaab6",),
        "log lines do not say that it is a DNS response",
        (
            Edit(
                _RESOLVER,
                '"wrong ident %ui in DNS response for %V, expect %ui"',
                '"wrong ident %ui response for %V, expect %ui"',
                which=1,
            ),
            Edit(
                _RESOLVER,
                '"unexpected RR type %ui in DNS response"',
                '"unexpected RR type %ui"',
                which=1,
            ),
        ),
    ),
    Bug(
        "1.21.0",
        ("9f1dcb0c0",),
        "a label before a pointer to the root: an octet written past the end",
        (
            Edit(
                _RESOLVER,
                "            ngx_strlow(dst, src, n);\n            dst += n;\n"
                "            src += n;\n            *dst++ = '.';\n        }\n",
                "            ngx_strlow(dst, src, n);\n            dst += n;\n"
                "            src += n;\n            if (*src != 0) {\n"
                "                *dst++ = '.';\n            }\n        }\n",
            ),
            Edit(
                _RESOLVER,
                "dst = ngx_resolver_alloc(r, len);",
                "dst = ngx_resolver_alloc(r, len - 1);",
            ),
            Edit(
                _RESOLVER,
                "            name->len = dst - name->data - 1;\n",
                "            name->len = dst - name->data;\n",
            ),
        ),
        cve="CVE-2021-23017",
        sanitized=True,
    ),
    Bug(
        "1.21.0",
        ("bbd403a7a",),
        "labels of unknown types are taken for pointers",
        (Edit(_RESOLVER, "            if ((n & 0xc0) != 0xc0) {", "            if (0) {"),),
    ),
    Bug(
        "1.21.0",
        ("e860ecce8",),
        "a pointer in the question is taken for a label",
        (Edit(_RESOLVER, "        if (buf[i] & 0xc0) {", "        if (0) {", which=1),),
    ),
    Bug(
        "1.21.0",
        ("077a890a7",),
        "the second octet of a pointer is read behind the end of the message",
        (
            Edit(
                _RESOLVER,
                "            if (p >= last) {",
                "            if (0) {",
                which=1,
            ),
        ),
    ),
)
