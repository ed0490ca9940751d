"""The checklist: what a server that staples has to do, and who asks for it.

Quotations stand where the source was read; elsewhere it is named only.  docs/conformance.md says
how the report is made of it.
"""

from __future__ import annotations

from staplelab.scenario.requirement import Requirement as R

GROUPS = {
    "A": "On the wire",
    "B": "The first handshake",
    "C": "Cache, refresh and expiry",
    "D": "Judging a response before it is stapled",
    "E": "HTTP to the responder",
    "F": "Names",
    "G": "The server's life",
    "H": "Must-staple certificates",
    "I": "Load on the responder",
    "J": "What an operator can see",
    "K": "Clients' certificates (ssl_ocsp)",
}

_TLS12 = "RFC 6066, section 8"
_TLS13 = "RFC 8446, section 4.4.2.1"
_ACCEPT = "RFC 6960, section 3.2, item"
_SIGNER = "RFC 6960, section 4.2.2.2"
_LIGHT = "RFC 9919, section 5 (RFC 5019, section 4)"
_LIGHT_HTTP = "RFC 9919, section 6 (RFC 5019, section 5)"
_LIGHT_HASH = "RFC 9919, section 3 (RFC 5019, section 2)"
_LIGHT_CACHE = "RFC 9919, section 7 (RFC 5019, section 6)"
_SLEEVI = "R. Sleevi, Requirements for OCSP stapling support, item"
_STUDY = "T. Chung and others, Is the Web Ready for OCSP Must-Staple?, IMC 2018"
_TLS_FEATURE = "RFC 7633"
_HTTP = "RFC 9110"
_NEED = "no standard says so; operators need it"
_NGINX = "nginx's documentation and change log"

_IN_BACKGROUND = (
    "Refreshes the response, in the background, with sufficient time before expiration."
)
_KEEP = (
    "Support for keeping a long-lived (disk) cache of OCSP responses. [...] Any restarting of the "
    "service shouldn't blow away previous responses that were obtained."
)
_ONE_REQUEST = (
    "You don't want to have all of them hammering the OCSP server - ideally, you'd have one "
    "request, in the backend, and updating them all."
)
_NO_NEXT_UPDATE = "If the nextUpdate field is absent, the client MUST reject the response."
_WHOLE = (
    'An "ocsp_response" contains a complete, DER-encoded OCSP response (using the ASN.1 type '
    "OCSPResponse defined in [RFC2560])."
)
_OLD = (
    "Responses whose nextUpdate value is earlier than the local system time value SHOULD be "
    "considered unreliable."
)
_FEATURE = (
    "A server offering an end-entity certificate with a TLS feature extension MUST satisfy a "
    "client request for the specified feature, unless this would be redundant as described below."
)

REQUIREMENTS = (
    # ----- A: on the wire -----
    R("A1", "A client that did not ask for a staple is sent none, and no status_request", _TLS12),
    R(
        "A2",
        "In TLS 1.2 an empty status_request in the ServerHello goes with a CertificateStatus, "
        "which follows the Certificate and precedes the ServerKeyExchange",
        _TLS12,
    ),
    R("A3", "Without a response at hand a TLS 1.2 handshake goes on without one", _TLS12),
    R(
        "A4",
        "In TLS 1.3 the response stands in the extensions of the leaf's CertificateEntry, and "
        "nowhere else",
        _TLS13,
    ),
    R(
        "A5",
        "What is stapled is what the responder sent, octet for octet, and one whole OCSPResponse",
        _TLS12,
        _WHOLE,
        ("NGX-011",),
    ),
    R("A6", "In TLS 1.3 the entries behind the leaf carry no response of the leaf's", _TLS13),
    R(
        "A7",
        "status_request_v2 is ignored, and status_request is answered beside it",
        "RFC 8446, section 4.4.2.1; RFC 6961",
    ),
    R(
        "A8",
        "An unknown status_type is ignored; a malformed status_request ends the handshake with an "
        "alert, and nothing else",
        _TLS12,
    ),
    R("A9", "A responder_id_list or request_extensions do not disturb stapling", _TLS12),
    R("A10", "A resumed session carries no staple and makes nobody fetch one", _TLS13),
    R("A11", "Early data and what follows change nothing about stapling", _TLS13),
    R("A12", "Compressed certificates and stapling do not get into each other's way", _NGINX),
    R(
        "A13",
        "With an RSA and an ECDSA certificate the staple is that of the certificate that was sent",
        _TLS13,
        deviations=("NGX-025",),
    ),
    R("A14", "The server name chooses certificate and staple together", _NEED),
    # ----- B: the first handshake -----
    R(
        "B1",
        "The first handshake after a start has a staple",
        f"{_SLEEVI} 3; {_STUDY}",
        _IN_BACKGROUND,
        ("NGX-001",),
    ),
    R(
        "B2",
        "A certificate costs one bare handshake and one fetch, however many workers there are",
        f"{_SLEEVI} 6",
        _ONE_REQUEST,
        ("NGX-002",),
    ),
    R("B3", "A slow responder slows no handshake down", _NEED),
    R("B4", "While a fetch is under way no second one is started", f"{_SLEEVI} 5"),
    R(
        "B5",
        "A fetch that could not even be begun does not end stapling for good",
        _NEED,
    ),
    # ----- C: cache, refresh and expiry -----
    R("C1", "A response is served until its nextUpdate, and not a second longer", f"{_ACCEPT} 6"),
    R(
        "C2",
        "A response is refreshed well before it expires",
        f"{_SLEEVI} 3",
        _IN_BACKGROUND,
    ),
    R(
        "C3",
        "A response is refreshed without traffic",
        f"{_SLEEVI} 3",
        _IN_BACKGROUND,
        ("NGX-005",),
    ),
    R("C4", "The old response is served while the new one is fetched", f"{_SLEEVI} 7"),
    R(
        "C5",
        "A good response is kept until its nextUpdate when a refresh fails",
        f"{_SLEEVI} 7; {_STUDY}",
        deviations=("NGX-008",),
    ),
    R(
        "C6",
        "After a failure the responder is left alone for a while, and asked again",
        f"{_SLEEVI} 5",
    ),
    R(
        "C7",
        "A short validity leaves no handshake without a staple",
        f"{_SLEEVI} 3",
        _IN_BACKGROUND,
        ("NGX-006",),
    ),
    R(
        "C8",
        "A response without nextUpdate is not served for ever",
        _LIGHT,
        _NO_NEXT_UPDATE,
        ("NGX-007",),
    ),
    R(
        "C9",
        "The freshness that HTTP gives a response decides when it is fetched again",
        f"{_SLEEVI} 4; {_LIGHT_CACHE}",
        deviations=("NGX-040",),
    ),
    R("C10", "An older response does not replace a newer one", _LIGHT, deviations=("NGX-008",)),
    R("C11", "A clock that is set back loses no staple", _NEED),
    R("C12", "A clock that jumps ahead and comes back loses no staple", _NEED),
    R(
        "C13",
        "A response is not served once its signer's certificate has expired",
        f"{_SIGNER}; {_SLEEVI} 2",
        deviations=("NGX-041",),
    ),
    R("C14", "A response may be valid for longer than the certificate that it is about", _NEED),
    R("C15", "Times far in the future are read as they stand", "RFC 6960, section 4.2.2.1"),
    # ----- D: judging a response -----
    R(
        "D1",
        'Once a responder has said "revoked" no older "good" is served any more',
        _LIGHT,
        deviations=("NGX-010",),
    ),
    R("D2", 'A response that says "unknown" is not stapled', f"{_SLEEVI} 2"),
    R("D3", "A response that is an error (tryLater and the like) is not stapled", f"{_SLEEVI} 2"),
    R("D4", "A response about another serial number is refused", f"{_ACCEPT} 1"),
    R(
        "D5",
        "A response about another issuer is refused; one whose CertID is made by SHA-256 is not",
        _LIGHT_HASH,
        deviations=("NGX-012",),
    ),
    R(
        "D6",
        "Of several SingleResponses the one about the certificate is found",
        _LIGHT_HASH,
    ),
    R("D7", "A response with a bad signature is refused", f"{_ACCEPT} 2"),
    R(
        "D8",
        "A response that a stranger has signed is refused",
        f"{_ACCEPT}s 3 and 4",
        deviations=("NGX-013",),
    ),
    R(
        "D9",
        "A delegate has to have id-kp-OCSPSigning, and a certificate that is valid",
        _SIGNER,
        deviations=("NGX-014", "NGX-015"),
    ),
    R("D10", "A proper delegate is believed", _SIGNER),
    R("D11", "A response whose signer's certificate is nowhere is refused", _SIGNER),
    R("D12", "A response of the future is refused, beyond a small tolerance", f"{_ACCEPT} 5"),
    R(
        "D13",
        "A response that has expired is refused, and the log says so",
        f"{_ACCEPT} 6",
        deviations=("NGX-008", "NGX-024"),
    ),
    R(
        "D14",
        "A response with a critical extension that is not understood is refused",
        "RFC 6960, section 4.4",
        why="neither the lab's responder nor OpenSSL's adds such an extension to a response",
    ),
    R(
        "D15",
        "What is no OCSPResponse, or not one alone, is not stapled",
        _TLS12,
        _WHOLE,
        ("NGX-011",),
    ),
    R("D16", "An old thisUpdate alone does not make a response invalid", f"{_ACCEPT} 5"),
    R(
        "D17",
        "A nonce that nobody asked for is ignored",
        "RFC 9919, section 5; RFC 9654",
    ),
    R(
        "D18",
        "A response is believed whatever modern algorithm has signed it",
        _NEED,
    ),
    # ----- E: HTTP to the responder -----
    R(
        "E1",
        "A request is the path of the URL, a slash and the escaped base64 of the OCSPRequest",
        "RFC 6960, appendix A.1",
    ),
    R(
        "E2",
        "A request of more than 255 octets goes by POST",
        _LIGHT_HTTP,
        deviations=("NGX-042",),
    ),
    R(
        "E3",
        "Content-Length ends a response on a connection that stays open",
        f"{_HTTP} and RFC 9112",
        deviations=("NGX-016",),
    ),
    R("E4", "A chunked response to HTTP/1.0, which nobody may send, is no staple", "RFC 9112"),
    R("E5", "A redirect is no staple, and costs none", _NEED),
    R("E6", "An HTTP status other than 200 is no staple, and costs none", f"{_SLEEVI} 5"),
    R(
        "E7",
        "application/ocsp-response is taken, also with parameters, and other types are refused",
        f"RFC 6960, appendix A.2; {_HTTP}, section 8.3.1",
        deviations=("NGX-017",),
    ),
    R("E8", "A response that comes drop by drop is given up after a time", _NEED),
    R(
        "E9",
        "A response that is too large is not stapled in part",
        _TLS12,
        deviations=("NGX-011",),
    ),
    R("E10", "A connection that ends early is an error that is logged", _NEED),
    R(
        "E11",
        "Where one address of the responder fails the next one is asked",
        "RFC 1123, section 2.3",
        deviations=("NGX-018", "NGX-019", "NGX-020"),
    ),
    R("E12", "A responder with https:// is refused with a warning, and the server starts", _NGINX),
    R("E13", "Of several responders in a certificate one at least is asked", "RFC 5280"),
    R(
        "E14",
        "Port, path and address in the responder's URL are kept to",
        "RFC 3986",
        deviations=("NGX-027", "NGX-033", "NGX-034"),
    ),
    R("E15", "The responder may be replaced by another host, such as a proxy", f"{_SLEEVI} 9"),
    # ----- F: names -----
    R("F1", "The responder's name is asked for in both families and kept for its TTL", "RFC 1035"),
    R(
        "F2",
        "A name server that fails costs no staple that is there",
        _NEED,
        deviations=("NGX-021", "NGX-022", "NGX-026"),
    ),
    R("F3", "With a resolver that fails no address of the start is used", _NGINX),
    R("F4", "Without a resolver the addresses of the start are used, and the log says so", _NGINX),
    R("F5", "A name that is unknown at the start is a warning, and the server starts", _NGINX),
    R("F6", "A dead address of one family does not keep the other from being used", _NEED),
    R(
        "F7",
        "A client that leaves while a name is resolved leaves nothing behind that crashes",
        "CVE-2026-40701",
    ),
    R("F8", "A responder that moves is found at the next refresh", "RFC 1035"),
    # ----- G: the server's life -----
    R(
        "G1",
        "A reload keeps a valid staple",
        f"{_SLEEVI} 1",
        _KEEP,
        ("NGX-003",),
    ),
    R(
        "G2",
        "An upgrade of the binary, or the end of a worker, keeps a valid staple",
        f"{_SLEEVI} 1",
        _KEEP,
        ("NGX-003",),
    ),
    R("G3", "A new certificate never gets the old one's staple", _NEED),
    R("G4", "A reload during a fetch harms neither of the two", _NEED),
    R("G5", "A certificate that is named by a variable has no staple", _NGINX),
    R("G6", "Without the issuer there is a warning, and the server starts", _NGINX),
    R(
        "G7",
        "Without a responder in the certificate there is a warning, and the server starts",
        _NGINX,
    ),
    R(
        "G8",
        "A stapling file is judged, and not served once it has expired",
        "RFC 6960, section 4.2.2.1",
        _OLD,
        ("NGX-009", "NGX-035"),
    ),
    R(
        "G9",
        "Stapling works in stream{}, where nginx has it there (since 1.27.2)",
        _NGINX,
    ),
    # ----- H: must-staple -----
    R(
        "H1",
        "A must-staple certificate is not sent without a staple",
        f"{_TLS_FEATURE}, section 3",
        _FEATURE,
        ("NGX-004",),
    ),
    R(
        "H2",
        "Whoever switches stapling off for a must-staple certificate is warned",
        f"{_TLS_FEATURE}, section 3",
        _FEATURE,
        ("NGX-004",),
    ),
    R(
        "H3",
        "An outage that ends before nextUpdate leaves no must-staple client outside",
        _STUDY,
    ),
    # ----- I: load on the responder -----
    R(
        "I1",
        "A certificate in several server{} is fetched once",
        f"{_SLEEVI} 6",
        _ONE_REQUEST,
        ("NGX-002",),
    ),
    R(
        "I2",
        "Refreshes of many certificates are spread over time",
        f"{_SLEEVI} 6",
        deviations=("NGX-043",),
    ),
    R(
        "I3",
        "Certificates that all fail are asked about once in 300 s each, and no more",
        f"{_SLEEVI} 5",
    ),
    R(
        "I4",
        "Nobody asks about a certificate that has expired",
        "RFC 9919, section 4 (RFC 5019, section 3.2)",
        deviations=("NGX-044",),
    ),
    R("I5", "A failed fetch is a line or two in the log, however many clients come", _NEED),
    # ----- J: what an operator can see -----
    R(
        "J1",
        "Each fetch that fails, or is of no use, leaves a line that says why",
        "RFC 1123, section 1.2.3",
        deviations=("NGX-023", "NGX-024", "NGX-031"),
    ),
    R(
        "J2",
        "The state of a staple can be asked for",
        _NEED,
        why="nginx has no variable and no page for it, so there is nothing to ask",
    ),
    R(
        "J3",
        "Failures of a fetch are logged at the level error, in nginx's own lasting words",
        _NEED,
    ),
    # ----- K: clients' certificates -----
    R(
        "K1",
        "A good client is let in, a revoked one is not, and an error of the responder refuses",
        _NGINX,
    ),
    R(
        "K2",
        "With leaf the client's certificate alone is asked about, with on the whole chain",
        _NGINX,
    ),
    R(
        "K3",
        "A response is kept for all workers until its nextUpdate",
        _NGINX,
    ),
    R(
        "K4",
        "A resumed session is asked about as a full one is",
        _NGINX,
        deviations=("NGX-030",),
    ),
    R(
        "K5",
        "stream{} refuses a client that the responder calls revoked",
        "CVE-2026-28755",
    ),
    R("K6", "The signer of a response about a client is judged", _SIGNER),
    R(
        "K7",
        "A silent responder does not keep a client for ever",
        _NEED,
        deviations=("NGX-032",),
    ),
)

BY_ID = {one.id: one for one in REQUIREMENTS}
