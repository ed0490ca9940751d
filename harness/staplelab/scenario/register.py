"""The register of known deviations: data, one entry for each.

A new entry takes the next number; an entry that no server shows any more keeps its number, with the
versions that did.  `docs/deviations.md` is made of it (`python3 -m staplelab deviations`).
"""

from __future__ import annotations

import difflib

from staplelab.errors import LabError
from staplelab.scenario.deviation import Deviation

_STAPLING = "ngx_event_openssl_stapling.c"
_SUPPORT = (
    'R. Sleevi, "Requirements for OCSP stapling support" '
    "(gist.github.com/sleevi/5efe9ef98961ecfb4da8), item"
)
_FRESH = (
    "In order to ensure that a client does not accept an out-of-date response that indicates a "
    "'good' status when in fact there is a more up-to-date response that specifies the status of "
    "'revoked', a client must ensure the responses they receive are fresh."
)
_LOGGING = (
    "Problem diagnosis will be aided if host implementations include a carefully designed "
    'facility for logging erroneous or "strange" protocol events.'
)
_ADDRESSES = (
    "Application protocol implementations SHOULD be prepared to try multiple addresses from the "
    "list until success is obtained."
)

REGISTER = (
    # ----- the cache, and the first handshake -----
    Deviation(
        id="NGX-001",
        title="The first handshake after a start has no staple",
        expected="a staple in the first handshake after a start",
        quotation="Refreshes the response, in the background, with sufficient time before "
        "expiration.",
        source=f"{_SUPPORT} 3",
        does="asks the responder only when the first client is there, and does not wait for it",
        read_in=f"ngx_ssl_certificate_status_callback, {_STAPLING}",
    ),
    Deviation(
        id="NGX-002",
        title="Each worker fetches for itself",
        expected="one fetch for a certificate, however many workers there are",
        quotation="You don't want to have all of them hammering the OCSP server - ideally, you'd "
        "have one request, in the backend, and updating them all.",
        source=f"{_SUPPORT} 6",
        does="keeps the staple in the memory of each worker, so each has a bare handshake and a "
        "fetch of its own",
        read_in=f"ngx_ssl_stapling_t, {_STAPLING}",
    ),
    Deviation(
        id="NGX-003",
        title="A reload or an upgrade loses the staple",
        expected="a valid staple to outlive a reload or an upgrade of the binary",
        quotation="Support for keeping a long-lived (disk) cache of OCSP responses. [...] Any "
        "restarting of the service shouldn't blow away previous responses that were obtained.",
        source=f"{_SUPPORT} 1",
        does="starts new workers, which know no staple",
        read_in=f"ngx_ssl_stapling, {_STAPLING}",
    ),
    Deviation(
        id="NGX-004",
        title="A must-staple certificate is sent without a staple",
        expected="a must-staple certificate never to be sent without a staple",
        quotation="A server offering an end-entity certificate with a TLS feature extension MUST "
        "satisfy a client request for the specified feature, unless this would be redundant as "
        "described below.",
        source="RFC 7633, section 3",
        does="does not read the TLS feature extension and sends that certificate without a staple "
        "as any other",
        read_in=f"ngx_ssl_certificate_status_callback, {_STAPLING}",
    ),
    # ----- refresh and expiry -----
    Deviation(
        id="NGX-005",
        title="Nothing is refreshed without traffic",
        expected="a staple to be refreshed without traffic",
        quotation="Refreshes the response, in the background, with sufficient time before "
        "expiration.",
        source=f"{_SUPPORT} 3",
        does="has no timer for it and refreshes only when a client asks for a staple",
        read_in=f"ngx_ssl_stapling_update, {_STAPLING}",
    ),
    Deviation(
        id="NGX-006",
        title="A validity of 300 s or less leaves handshakes without a staple",
        expected="a short validity to leave no gap without a staple",
        quotation="Refreshes the response, in the background, with sufficient time before "
        "expiration.",
        source=f"{_SUPPORT} 3",
        does="asks again 300 s after a fetch at the earliest, however soon the response expires",
        read_in=f"ngx_ssl_stapling_ocsp_handler, {_STAPLING}",
    ),
    Deviation(
        id="NGX-007",
        title="A response without nextUpdate is stapled, for ever",
        expected="a response without nextUpdate to be refused",
        quotation="If the nextUpdate field is absent, the client MUST reject the response.",
        source="RFC 9919, section 5 (RFC 5019, section 4)",
        does="takes it, also about a client's certificate, and serves it without an end "
        "(NGX_MAX_TIME_T_VALUE)",
        read_in=f"ngx_ssl_ocsp_verify, {_STAPLING}",
    ),
    Deviation(
        id="NGX-008",
        title="An expired response replaces a good one",
        expected="an older response never to replace a newer one",
        quotation=_FRESH,
        source="RFC 9919, section 5",
        does="compares no thisUpdate and lets a response that expired less than 300 s ago replace "
        "a staple that is good for a day, then serves neither",
        read_in=f"ngx_ssl_stapling_ocsp_handler, ngx_ssl_ocsp_verify, {_STAPLING}",
    ),
    Deviation(
        id="NGX-009",
        title="A stapling file is served past its nextUpdate",
        expected="a stapling file no longer to be served past its nextUpdate",
        quotation="Responses whose nextUpdate value is earlier than the local system time value "
        "SHOULD be considered unreliable.",
        source="RFC 6960, section 4.2.2.1",
        does="reads ssl_stapling_file once, judges nothing and serves it without an end",
        read_in=f"ngx_ssl_stapling_file, {_STAPLING}",
    ),
    Deviation(
        id="NGX-010",
        title="The old GOOD is served on after revoked was learnt",
        expected='a staple that says "good" no longer to be served once the responder says '
        '"revoked"',
        quotation=_FRESH,
        source="RFC 9919, section 5",
        does='throws the response that says "revoked" away as it does with any error and serves '
        'the old "good" on until its nextUpdate',
        read_in=f"ngx_ssl_stapling_ocsp_handler, {_STAPLING}",
    ),
    # ----- what a response says, and who signed it -----
    Deviation(
        id="NGX-011",
        title="Trailing octets are stapled",
        expected="octets that trail the OCSPResponse never to be stapled",
        quotation='An "ocsp_response" contains a complete, DER-encoded OCSP response (using the '
        "ASN.1 type OCSPResponse defined in [RFC2560]).",
        source="RFC 6066, section 8",
        does="staples the whole body, which OpenSSL encodes anew since 3.6 only",
        read_in=f"ngx_ssl_stapling_ocsp_handler, {_STAPLING}",
        libraries=("OpenSSL <3.6", "LibreSSL", "AWS-LC"),
    ),
    Deviation(
        id="NGX-012",
        title="A CertID of SHA-256 is not found",
        expected="a response whose CertID uses SHA-256 to be understood",
        quotation="OCSP clients that conform with this profile MUST use SHA-256 as defined in "
        "[RFC6234] as the hashing algorithm for the CertID.issuerNameHash and the "
        "CertID.issuerKeyHash values.",
        source="RFC 9919, section 3.1.1",
        does="asks for and looks up a CertID of SHA-1 alone",
        read_in=f"ngx_ssl_ocsp_create_request, ngx_ssl_ocsp_verify, {_STAPLING}",
    ),
    Deviation(
        id="NGX-013",
        title="Any signer is believed",
        expected="a response by a signer that the issuer did not authorise to be refused",
        quotation="Prior to accepting a signed response for a particular certificate as valid, "
        "OCSP clients SHALL confirm that: [...] 4. The signer is currently authorized to provide "
        "a response for the certificate in question;",
        source="RFC 6960, section 3.2",
        does="staples it (OCSP_NOVERIFY) unless ssl_stapling_verify is on",
        read_in=f"ngx_ssl_stapling_update, {_STAPLING}",
    ),
    Deviation(
        id="NGX-014",
        title="A delegate needs no id-kp-OCSPSigning",
        expected="a response by a delegate without id-kp-OCSPSigning to be refused",
        quotation="OCSP signing delegation SHALL be designated by the inclusion of "
        "id-kp-OCSPSigning in an extended key usage certificate extension included in the OCSP "
        "response signer's certificate.",
        source="RFC 6960, section 4.2.2.2",
        does="staples it (OCSP_NOVERIFY) unless ssl_stapling_verify is on",
        read_in=f"ngx_ssl_stapling_update, {_STAPLING}",
    ),
    Deviation(
        id="NGX-015",
        title="A delegate may have expired",
        expected="a response by a delegate whose certificate has expired to be refused",
        quotation="Prior to accepting a signed response for a particular certificate as valid, "
        "OCSP clients SHALL confirm that: [...] 4. The signer is currently authorized to provide "
        "a response for the certificate in question;",
        source="RFC 6960, section 3.2",
        does="staples it (OCSP_NOVERIFY) unless ssl_stapling_verify is on",
        read_in=f"ngx_ssl_stapling_update, {_STAPLING}",
    ),
    # ----- HTTP -----
    Deviation(
        id="NGX-016",
        title="Content-Length does not end a response",
        expected="a response that Content-Length ends to be taken though the connection stays open",
        quotation="If a valid Content-Length header field is present without Transfer-Encoding, "
        "its decimal value defines the expected message body length in octets.",
        source="RFC 9112, section 6.3",
        does='waits for the end of the connection ("TODO: honor Content-Length"), gives up after '
        "60 s and throws the response away",
        read_in=f"ngx_ssl_ocsp_process_headers, ngx_ssl_ocsp_process_body, {_STAPLING}",
    ),
    Deviation(
        id="NGX-017",
        title="A parameter of Content-Type is refused",
        expected="parameters that follow the media type to be ignored",
        quotation="MIME implementations must ignore any parameters whose names they do not "
        "recognize.",
        source="RFC 2045, section 5 (for HTTP by RFC 9110, section 8.3.1)",
        does='compares the whole value with "application/ocsp-response" and refuses the response',
        read_in=f"ngx_ssl_ocsp_process_headers, {_STAPLING}",
    ),
    # ----- several addresses of the responder -----
    Deviation(
        id="NGX-018",
        title="Only the first address is tried",
        expected="the next address of the responder to be tried when one fails",
        quotation=_ADDRESSES,
        source="RFC 1123, section 2.3",
        does="tries the first address only (ticket 1330, mended in 1.19.0 by aa94ee82f)",
        read_in=f"ngx_ssl_ocsp_connect, {_STAPLING}",
        versions="<1.19.0",
    ),
    Deviation(
        id="NGX-019",
        title="A failure of one address spoils the response of the next",
        expected="the good response of the next address to be taken",
        quotation=_ADDRESSES,
        source="RFC 1123, section 2.3",
        does="keeps the state of the failed response and throws the good response of the next "
        "address away without a word",
        read_in=f"ngx_ssl_ocsp_next, {_STAPLING}",
    ),
    Deviation(
        id="NGX-020",
        title="A response of no use ends the fetch",
        expected="the next address to be tried after a response that is of no use",
        quotation=_ADDRESSES,
        source="RFC 1123, section 2.3",
        does="tries the next address only after errors of transport and of HTTP's syntax",
        read_in=f"ngx_ssl_ocsp_error, ngx_ssl_ocsp_next, {_STAPLING}",
    ),
    # ----- DNS -----
    Deviation(
        id="NGX-021",
        title="An error for one address family fails the name",
        expected="an error for one address family to leave the other usable",
        quotation="Therefore, the client SHOULD treat DNS resolution as asynchronous.",
        source="RFC 8305, section 3",
        does="fails the whole name",
        read_in="ngx_resolver_process_a, ngx_resolver.c",
    ),
    Deviation(
        id="NGX-022",
        title="After SERVFAIL no other name server is asked",
        expected="the next name server to be asked after SERVFAIL",
        quotation="if the response shows a servers failure or other bizarre contents, delete the "
        "server from the SLIST and go back to step 3.",
        source="RFC 1034, section 5.3.3",
        does="ends the look-up",
        read_in="ngx_resolver_process_response, ngx_resolver.c",
    ),
    # ----- silence -----
    Deviation(
        id="NGX-023",
        title="An HTTP status other than 200 leaves no line in the log",
        expected="a line in the log for a fetch that failed",
        quotation=_LOGGING,
        source="RFC 1123, section 1.2.3",
        does="logs nothing of a response whose HTTP status is not 200",
        read_in=f"ngx_ssl_ocsp_verify, {_STAPLING}",
    ),
    Deviation(
        id="NGX-024",
        title="A response that has just expired is stored, not served, without a line",
        expected="a line in the log for a response that cannot be stapled",
        quotation=_LOGGING,
        source="RFC 1123, section 1.2.3",
        does="takes a response that expired less than 300 s ago for a success, never serves it and "
        "logs nothing",
        read_in=f"ngx_ssl_ocsp_verify, ngx_ssl_certificate_status_callback, {_STAPLING}",
    ),
    # ----- the TLS library -----
    Deviation(
        id="NGX-025",
        title="With LibreSSL an ECDSA certificate gets the RSA certificate's staple",
        expected="the staple of the certificate that is sent",
        quotation="In TLS 1.3, the server's OCSP information is carried in an extension in the "
        "CertificateEntry containing the associated certificate.",
        source="RFC 8446, section 4.4.2.1",
        does="staples the response for the RSA certificate to a TLS 1.3 client that gets the ECDSA "
        "one (seen with LibreSSL 4.3)",
        read_in=f"ngx_ssl_certificate_status_callback (SSL_get_certificate), {_STAPLING}",
        libraries=("LibreSSL",),
    ),
    # ----- names -----
    Deviation(
        id="NGX-026",
        title="An alias without data for one family is lost where it comes first",
        expected="an alias to be followed, whatever the response to the other family's query says",
        quotation="if the response shows a CNAME and that is not the answer itself, cache the "
        "CNAME, change the SNAME to the canonical name in the CNAME RR and go to step 1.",
        source="RFC 1034, section 5.3.3",
        does="forgets an alias that came first once the other query is answered without data: "
        "the name is not found (where the alias comes last it is followed)",
        read_in="ngx_resolver_process_a, ngx_resolver.c",
    ),
    Deviation(
        id="NGX-027",
        title="An IPv6 address is looked up as a name",
        expected="an IPv6 address in a URL to be the address",
        quotation="A host identified by an Internet Protocol literal address, version 6 [RFC3513] "
        "or later, is distinguished by enclosing the IP literal within square brackets",
        source="RFC 3986, section 3.2.2",
        does="asks the name server for the name `[::1]` where it has a resolver, so that there is "
        "never a staple",
        read_in="ngx_resolve_start, ngx_resolver.c",
    ),
    Deviation(
        id="NGX-028",
        title="A label of 64 octets or more is sent",
        expected="a name with a label that is too long to be refused",
        quotation="labels 63 octets or less",
        source="RFC 1035, section 2.3.4",
        does="sends what is no query, waits for a response to it and sends it again",
        read_in="ngx_resolver_create_name_query, ngx_resolver.c",
    ),
    Deviation(
        id="NGX-029",
        title="A worker that has asked a name server over TCP leaves late",
        expected="a worker that is told to leave to close an idle connection to the name server",
        quotation="DNS clients SHOULD close the TCP connection of an idle session",
        source="RFC 7766, section 6.2.3",
        does="keeps it, and so the worker, until it has been idle for 5 s",
        read_in="ngx_resolver_send_tcp_query, ngx_resolver.c",
        versions="<1.23.0",
    ),
    # ----- clients' certificates -----
    Deviation(
        id="NGX-030",
        title="A session is of no use where only its client has the authority's certificate",
        expected="a full handshake, or the resumed session to be served",
        quotation="If no acceptable PSKs are found, the server SHOULD perform a non-PSK handshake "
        "if possible.",
        source="RFC 8446, section 4.2.11",
        does="accepts the session of a client whose chain it cannot build from what it has itself, "
        "and then closes the connection (ssl_ocsp; the intermediates that the client had sent are "
        "not kept)",
        read_in=f"ngx_ssl_ocsp_validate, {_STAPLING}",
        versions=">=1.19.0",
    ),
    Deviation(
        id="NGX-031",
        title="In stream a client that is given up leaves no line in the log",
        expected="a line in the log for a client that was given up",
        quotation=_LOGGING,
        source="RFC 1123, section 1.2.3",
        does="closes the connection after ssl_handshake_timeout and logs nothing of it (http: "
        '"client timed out")',
        read_in="ngx_stream_ssl_handshake_handler, ngx_stream_ssl_module.c",
        versions=">=1.27.2",
    ),
    Deviation(
        id="NGX-032",
        title="Asked about a client's certificate, a silent address keeps the next one from being "
        "tried",
        expected="the next address to be tried when the first one is silent",
        quotation=_ADDRESSES,
        source="RFC 1123, section 2.3",
        does="sets no time-out of its own for that fetch (it does for a staple: 60 s), so the "
        "client's time ends first, and it is given up",
        read_in=f"ngx_ssl_ocsp_validate_next (ctx->timeout), {_STAPLING}",
        versions=">=1.19.0",
    ),
    # ----- the request -----
    Deviation(
        id="NGX-033",
        title="The Host header lacks the port",
        expected="the port of the URL in the Host header",
        quotation="If the target URI includes an authority component, then a client MUST send a "
        "field value for Host that is identical to that authority component, excluding any "
        'userinfo subcomponent and its "@" delimiter',
        source="RFC 9112, section 3.2",
        does="writes the host without its port",
        read_in=f"ngx_ssl_ocsp_create_request, {_STAPLING}",
    ),
    Deviation(
        id="NGX-034",
        title="A URL with a query and no path makes a request without a path",
        expected="an empty path of the URL to be sent as a slash",
        quotation="If the target URI's path component is empty, the client MUST send \"/\" as the "
        "path within the origin-form of request-target.",
        source="RFC 9112, section 3.2.1",
        does="begins the request target with the question mark",
        read_in=f"ngx_parse_inet_url, ngx_inet.c; ngx_ssl_ocsp_create_request, {_STAPLING}",
    ),
    # ----- files -----
    Deviation(
        id="NGX-035",
        title="A stapling file is served whatever it says",
        expected="a stapling file that says nothing good of the certificate not to be served",
        quotation='Servers that receive a client hello containing the "status_request" extension '
        "MAY return a suitable certificate status response to the client along with their "
        "certificate.",
        source="RFC 6066, section 8",
        does="reads ssl_stapling_file as DER and judges nothing: it serves a response that says "
        '"revoked", one that nobody was authorised to sign, and an error',
        read_in=f"ngx_ssl_stapling_file, {_STAPLING}",
    ),
    Deviation(
        id="NGX-036",
        title="A stapling file is served with whatever certificate",
        expected="a stapling file that is about another certificate not to be served with this one",
        quotation="In TLS 1.3, the server's OCSP information is carried in an extension in the "
        "CertificateEntry containing the associated certificate.",
        source="RFC 8446, section 4.4.2.1",
        does="serves the one file with every certificate of the server; OpenSSL looks whether they "
        "belong together since 3.6 only",
        read_in=f"ngx_ssl_stapling_file, {_STAPLING}",
        libraries=("OpenSSL <3.6", "LibreSSL", "AWS-LC"),
    ),
    Deviation(
        id="NGX-037",
        title="An issuer whose certificate has expired may sign",
        expected="a response signed by an issuer whose certificate has expired to be refused",
        quotation="Prior to accepting a signed response for a particular certificate as valid, "
        "OCSP clients SHALL confirm that: [...] 4. The signer is currently authorized to provide "
        "a response for the certificate in question;",
        source="RFC 6960, section 3.2",
        does="believes whoever stands in ssl_certificate (OCSP_TRUSTOTHER), also with "
        "ssl_stapling_verify on",
        read_in=f"ngx_ssl_stapling_update, {_STAPLING}",
    ),
    # ----- the life of the server -----
    Deviation(
        id="NGX-038",
        title="worker_shutdown_timeout ends neither a fetch nor a look-up",
        expected="a worker that is shutting down to end when its worker_shutdown_timeout is over",
        quotation="Configures a timeout for a graceful shutdown of worker processes. When the time "
        "expires, nginx will try to close all the connections currently open to facilitate "
        "shutdown.",
        source="nginx.org/en/docs/ngx_core_module.html, worker_shutdown_timeout",
        does="closes clients' connections then, and waits for the responder (60 s) and for the "
        "name server (resolver_timeout) all the same",
        read_in=f"ngx_shutdown_timer_handler (ngx_cycle.c), ngx_ssl_ocsp_read_handler, {_STAPLING}",
    ),
    Deviation(
        id="NGX-039",
        title="A certificate renewed in place within a second is not seen by a reload",
        expected="a reload to read the certificates anew",
        quotation="Once the master process receives the signal to reload configuration, it checks "
        "the syntax validity of the new configuration file and tries to apply the configuration "
        "provided in it.",
        source="nginx.org/en/docs/beginners_guide.html, section Starting, Stopping, and Reloading "
        "Configuration",
        does="keeps the certificate that it has read where its file has the same inode and the "
        "same time of modification in whole seconds",
        read_in="ngx_ssl_cache_fetch (ngx_event_openssl_cache.c, since 1.27.4)",
        versions=">=1.27.4",
    ),
    # ----- the rest of the checklist (scenario/requirements.py) -----
    Deviation(
        id="NGX-040",
        title="HTTP's max-age is ignored",
        expected="the response to be fetched anew on or after the responder's max-age",
        quotation="Clients SHOULD fetch the updated OCSP Response on or after the max-age time.",
        source="RFC 9919, section 7.1 (RFC 5019, section 6.1)",
        does="reads no header of a response but Content-Type and asks again by the response's "
        "nextUpdate alone",
        read_in=f"ngx_ssl_stapling_time, ngx_ssl_ocsp_process_headers, {_STAPLING}",
    ),
    Deviation(
        id="NGX-041",
        title="A staple outlives its signer's certificate",
        expected="a response not to be served once the certificate of its signer has expired",
        quotation="Prior to accepting a signed response for a particular certificate as valid, "
        "OCSP clients SHALL confirm that: [...] 4. The signer is currently authorized to provide "
        "a response for the certificate in question;",
        source="RFC 6960, section 3.2",
        does="judges the signer when the response comes and then looks at nextUpdate alone",
        read_in=f"ngx_ssl_certificate_status_callback, {_STAPLING}",
    ),
    Deviation(
        id="NGX-042",
        title="A long request goes by GET",
        expected="a request of more than 255 octets to go by POST",
        quotation="OCSP requests larger than 255 bytes SHOULD be submitted using the POST method.",
        source="RFC 9919, section 6 (RFC 5019, section 5)",
        does="knows GET alone, however long the URL is",
        read_in=f"ngx_ssl_ocsp_create_request, {_STAPLING}",
    ),
    Deviation(
        id="NGX-043",
        title="What was fetched in one second is refreshed in one second",
        expected="refreshes of many certificates to be spread over time",
        quotation="You don't want to have all of them hammering the OCSP server - ideally, you'd "
        "have one request, in the backend, and updating them all.",
        source=f"{_SUPPORT} 6",
        does="adds nothing at random to the time of the next fetch, so all that began with a "
        "reload stay together",
        read_in=f"ngx_ssl_stapling_time, {_STAPLING}",
    ),
    Deviation(
        id="NGX-044",
        title="An expired certificate is asked about",
        expected="nobody to ask about a certificate that has expired",
        quotation="Clients SHOULD NOT make a request to check the status of expired certificates.",
        source="RFC 9919, section 4.2 (RFC 5019, section 3.2)",
        does="does not look at the dates of its own certificate and asks on",
        read_in=f"ngx_ssl_stapling_update, {_STAPLING}",
    ),
)

_BY_ID = {one.id: one for one in REGISTER}


def find(id_: str) -> Deviation:
    """The entry with this id; LabError names the nearest when there is none."""
    if id_ not in _BY_ID:
        near = sorted(_BY_ID, key=lambda one: -difflib.SequenceMatcher(None, id_, one).ratio())[:3]
        raise LabError(f'unknown deviation "{id_}"; the nearest are: {", ".join(near)}')
    return _BY_ID[id_]
