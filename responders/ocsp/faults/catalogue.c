/* See catalogue.h; how a recipe is written: responders/engine/fault.h. */
#include "responders/ocsp/faults/catalogue.h"

#include "responders/net/primitives.h"
#include "responders/ocsp/faults/faults.h"

/* A line is wide so that the table stays a table. */
/* clang-format off */
const fault_line ocsp_fault_lines[] = {
    /* The OCSPResponse. */
    {"A01", "status-malformed-request", "response-status status=1", NULL, "OCSPResponseStatus malformedRequest (1)", "RFC 6960, 2.3"},
    {"A02", "status-internal-error", "response-status status=2", NULL, "OCSPResponseStatus internalError (2)", "RFC 6960, 2.3"},
    {"A03", "status-try-later", "response-status status=3", NULL, "OCSPResponseStatus tryLater (3)", "RFC 6960, 2.3"},
    {"A04", "status-sig-required", "response-status status=5", NULL, "OCSPResponseStatus sigRequired (5)", "RFC 6960, 2.3"},
    {"A05", "status-unauthorized", "response-status status=6", NULL, "OCSPResponseStatus unauthorized (6)", "RFC 6960, 2.3; RFC 5019, 2.2.3"},
    {"A09", "success-without-response-bytes", "response-status status=0", NULL, "OCSPResponseStatus successful (0) but no responseBytes", "RFC 6960, 4.2.1"},
    {"A11", "empty-response", "der-replace length=0 seed=0", NULL, "a body of no octets", "RFC 6066, 8"},
    {"A12", "not-der", "der-replace length?64[1..1048576]", NULL, "a body that is not ASN.1 at all", "RFC 6960, 4.2.1"},
    {"A13", "der-truncated", "der-cut", NULL, "the response, cut", "RFC 6960, 4.2.1"},
    {"A14", "der-trailing-garbage", "der-append", NULL, "trailing octets after the OCSPResponse", "RFC 6960, A.2"},

    /* The SingleResponse. */
    {"A26", "cert-status-revoked", "cert-status status=revoked reason=-1", NULL, "certStatus revoked, without a reason", "RFC 6960, 2.2"},
    {"A27", "cert-status-revoked-with-reason", "cert-status status=revoked reason?1[0..10]", NULL, "certStatus revoked with a revocationReason", "RFC 6960, 4.2.1; RFC 5280, 5.3.1"},
    {"A30", "cert-status-unknown", "cert-status status=unknown reason=-1 revocation_time=0", NULL, "certStatus unknown", "RFC 6960, 2.2"},
    {"A32", "wrong-serial", "single-serial", NULL, "the only SingleResponse is for another serial number", "RFC 6960, 3.2"},
    {"A33", "wrong-issuer-name-hash", "issuer-name-hash", NULL, "issuerNameHash of the CertID, inverted", "RFC 6960, 3.2"},
    {"A34", "wrong-issuer-key-hash", "issuer-key-hash", NULL, "issuerKeyHash of the CertID, inverted", "RFC 6960, 3.2"},
    {"A35", "cert-id-hash-other", "cert-id-hash", NULL, "a CertID of the same certificate in another hash function than asked", "RFC 5019, 2.1.1"},

    /* Its times. */
    {"A42", "this-update-future", "this-update offset?3600[1..3153600000]", NULL, "thisUpdate later than now", "RFC 6960, 4.2.2.1"},
    {"A43", "next-update-past", "expired", NULL, "nextUpdate before now: expired on arrival", "RFC 6960, 4.2.2.1"},
    {"A44", "next-update-absent", "no-next-update", NULL, "no nextUpdate", "RFC 6960, 4.2.2.1; RFC 5019, 2.2.4"},
    {"A45", "next-update-before-this-update", "next-update-before", NULL, "nextUpdate before thisUpdate", "RFC 6960, 2.4"},
    {"A47", "short-validity", "validity seconds?120[0..86400]", NULL, "a window of a few seconds or minutes", "RFC 5019, 6.1"},

    /* Its signature. */
    {"A58", "bad-signature", "signature", NULL, "one octet of the signature, inverted", "RFC 6960, 3.2"},
    {"A62", "signed-by-other-ca", "signer signer?rogue form=byKey", NULL, "signed by an unrelated authority", "RFC 6960, 4.2.2.2"},
    {"A64", "delegated-signer-missing", "signer embedded=false", NULL, "signed by a delegate whose certificate is not in certs", "RFC 6960, 4.2.1"},
    {"A66", "delegated-signer-no-eku", "signer signer?delegate-no-eku embedded=true form=byKey", NULL, "signed by a delegate without id-kp-OCSPSigning, its certificate in certs", "RFC 6960, 4.2.2.2"},
    {"A69", "delegated-signer-expired", "signer signer?delegate-expired embedded=true form=byKey", NULL, "signed by a delegate past its notAfter, its certificate in certs", "RFC 6960, 4.2.2.2.1"},
    {"A77", "responder-id-wrong", "responder-id", NULL, "the ResponderID names another key", "RFC 6960, 4.2.2.3"},

    /* Responses that change from request to request. */
    {"A90", "good-then-revoked", "cert-status status=revoked reason=-1 revocation_time=0", "healthy n", "good for n requests, revoked from then on", "RFC 6960, 2.2"},
    {"A92", "good-then-error", "response-status status?3[1..6]", "healthy n, faulty m", "good for n requests, then m errors, then good", "mod_gnutls"},

    /* How a connection comes to be and how it ends. */
    {"B01", "connection-refused", "listener-mode mode=closed", NULL, "nothing listens: RST in response to SYN", "RFC 9293, 3.10.7.1"},
    {"B02", "connect-timeout", "listener-mode mode=backlog-full", NULL, "the accept queue is full: SYN is dropped", "RFC 9293, 3.8.3"},
    {"B04", "accept-then-silence", "accept-hold", NULL, "accepted, never responded to", "toxiproxy: timeout"},
    {"B05", "accept-then-fin", "accept-fin", NULL, "FIN before any octet", "WireMock: EMPTY_RESPONSE"},
    {"B06", "rst-on-accept", "accept-rst", NULL, "accepted, then RST before anything is read", "RFC 9293, 3.5.2"},
    {"B07", "rst-after-request", "close how=rst within=nothing at=0", NULL, "RST once the request was read", "WireMock: CONNECTION_RESET_BY_PEER"},
    {"B08", "rst-mid-body", "close how=rst within=body", NULL, "RST inside the body", "RFC 9112, 8"},
    {"B10", "fin-mid-headers", "close how=fin within=head at?-1[-1..1048576]", NULL, "FIN inside the status line or the headers", "RFC 9112, 8"},
    {"B11", "truncated-body", "close how=fin within=body", NULL, "fewer octets than Content-Length says, then FIN", "RFC 9112, 8"},
    {"B13", "no-close-keepalive", "http-connection value=keep-alive; close how=hold within=whole at=-1", NULL, "a whole response, then the connection is left open", "RFC 9112, 9.3"},

    /* When its octets come. */
    {"B18", "fixed-latency", "delay", NULL, "the response comes later", "toxiproxy: latency"},
    {"B21", "slow-headers", "drip-head", NULL, "status line and headers come drop by drop", "toxiproxy: slicer"},
    {"B22", "slow-body", "drip-body", NULL, "the body comes drop by drop", "WireMock: chunkedDribbleDelay"},

    /* HTTP status. */
    {"B30", "http-4xx", "http-status code?404[400..499]", NULL, "a 4xx status without a body", "RFC 9110, 15.5"},
    {"B31", "http-5xx", "http-status code?503[500..599]", NULL, "a 5xx status without a body", "RFC 9110, 15.6"},
    {"B33", "http-redirect", "http-status code?302[300..399] content_type=null; http-location", NULL, "a 3xx status with a Location", "RFC 9110, 15.4"},
    {"B37", "captive-portal", "http-page", NULL, "200 with a page of HTML", "RFC 8952, 1"},
    {"B71", "fail-first-n", "http-status code?503[400..599] content_type=null", "faulty n", "n requests fail, then it is good", "WireMock: scenarios"},

    /* HTTP headers and framing. */
    {"B40", "garbage-then-close", "http-raw", NULL, "octets that are not HTTP, then FIN", "WireMock: RANDOM_DATA_THEN_CLOSE"},
    {"B42", "content-type-wrong", "content-type value?\"text/html\"", NULL, "a Content-Type of something else", "RFC 6960, A.2"},
    {"B43", "content-type-missing", "content-type value=null", NULL, "no Content-Type", "RFC 6960, A.2; RFC 9110, 8.3"},
    {"B44", "content-type-params", "content-type value?\"application/ocsp-response; charset=utf-8\"", NULL, "the right Content-Type with parameters behind it", "RFC 9110, 8.3.1"},
    {"B46", "content-length-too-long", "content-length direction=longer", NULL, "Content-Length larger than the body", "RFC 9112, 6.3"},
    {"B47", "content-length-too-short", "content-length direction=shorter", NULL, "Content-Length smaller than the body", "RFC 9112, 6.3"},
    {"B49", "chunked-to-http10", "chunked", NULL, "chunked transfer coding whatever HTTP version the client speaks", "RFC 9112, 6.1"},
    {"B53", "header-oversized", "header-padding", NULL, "one header of many octets", "RFC 9110, 5.4"},
    {"B58", "body-oversized", "body-padding", NULL, "a body of many octets", "RFC 6066, 8"},
    {0},
};
/* clang-format on */

const primitive *const ocsp_fault_primitives[] = {
    &ocsp_fault_response_status,    &ocsp_fault_der_replace,     &ocsp_fault_der_cut,
    &ocsp_fault_der_append,         &ocsp_fault_single_status,   &ocsp_fault_single_serial,
    &ocsp_fault_issuer_name_hash,   &ocsp_fault_issuer_key_hash, &ocsp_fault_cert_id_hash,
    &ocsp_fault_this_update,        &ocsp_fault_expired,         &ocsp_fault_no_next_update,
    &ocsp_fault_next_update_before, &ocsp_fault_validity,        &ocsp_fault_signer,
    &ocsp_fault_responder_id,       &ocsp_fault_signature,       &ocsp_fault_http_status,
    &ocsp_fault_http_location,      &ocsp_fault_http_page,       &ocsp_fault_http_raw,
    &ocsp_fault_content_type,       &ocsp_fault_content_length,  &ocsp_fault_chunked,
    &ocsp_fault_http_connection,    &ocsp_fault_header_padding,  &ocsp_fault_body_padding,
    &primitives_listener_mode,      &primitives_accept_hold,     &primitives_accept_fin,
    &primitives_accept_rst,         &primitives_delay,           &primitives_drip_head,
    &primitives_drip_body,          &primitives_close,           NULL,
};
