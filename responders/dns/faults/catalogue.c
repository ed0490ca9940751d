/* See catalogue.h; the grammar of a recipe stands in fault.h. */
#include "responders/dns/faults/catalogue.h"

#include "responders/dns/faults/faults.h"
#include "responders/net/primitives.h"

const primitive *const dns_fault_primitives[] = {
    &dns_fault_rcode,
    &dns_fault_error,
    &dns_fault_rcode_only,
    &dns_fault_no_data,
    &dns_fault_other_addresses,
    &dns_fault_dead_addresses,
    &dns_fault_ttl,
    &dns_fault_ttl_window,
    &dns_fault_alias,
    &dns_fault_alias_chain,
    &dns_fault_alias_loop,
    &dns_fault_id,
    &dns_fault_echo,
    &dns_fault_truncate,
    &dns_fault_cut,
    &dns_fault_message,
    &dns_fault_pointer_loop,
    &dns_fault_drop,
    &dns_fault_tcp_fails,
    &primitives_delay,
    &primitives_drip_head,
    NULL,
};

/* A line is wide so that the table stays a table. */
/* clang-format off */
const fault_line dns_fault_lines[] = {
    {"C01", "servfail", "rcode value=2 question=true type=null", NULL, "response code 2, no records", "RFC 1035, 4.1.1"},
    {"C02", "nxdomain", "rcode value=3 question=true type=null", NULL, "response code 3 with an SOA record: the name does not exist", "RFC 2308, 2.1"},
    {"C03", "refused", "rcode value=5 question=true type=null", NULL, "response code 5, no records", "RFC 1035, 4.1.1"},
    {"C04", "notimp", "rcode value=4 question=true type=null", NULL, "response code 4, no records", "RFC 1035, 4.1.1"},
    {"C05", "formerr", "rcode value=1 type=null", NULL, "response code 1, with or without the question", "RFC 1035, 4.1.1"},
    {"C06", "rcode-unassigned", "rcode value?6[6..15] question=true type=null", NULL, "a response code from 6 to 15, no records", "RFC 6895, 2.3"},
    {"C08", "nodata", "no-data", NULL, "no error, no record of the type, an SOA record", "RFC 2308, 2.2"},
    {"C10", "rcode-with-answers", "rcode-only", NULL, "an error code together with the records", "nginx-tests"},
    {"C11", "per-type-divergence", "error type?AAAA", NULL, "queries of one address family get an error, the other is responded to", "RFC 4074, 4.3"},
    {"C12", "drop-query", "drop", NULL, "no response at all", "RFC 1035, 4.2.1"},
    {"C14", "drop-first-n", "drop", "faulty n", "no response to the first n queries", "RFC 1035, 4.2.1"},
    {"C17", "answer-delay", "delay before=headers", NULL, "the response is sent later", "RFC 1035, 7.2"},
    {"C25", "wrong-id", "id", NULL, "the response carries another ID", "RFC 5452, 9.1"},
    {"C32", "qr-bit-clear", "echo", NULL, "the query is echoed, its QR bit clear", "RFC 1035, 7.3"},
    {"C35", "truncated-udp", "truncate", NULL, "over UDP TC is set and no record comes; over TCP all is well", "RFC 2181, 9"},
    {"C38", "tc-then-tcp-fails", "truncate; tcp-fails", NULL, "over UDP TC is set and no record comes; over TCP it fails", "RFC 7766, 5"},
    {"C40", "message-cut", "cut", NULL, "the message ends inside the question or a record", "RFC 1035, 7.3"},
    {"C45", "compression-loop", "pointer-loop", NULL, "a name of the answer section is a compression pointer that never ends", "RFC 9267, 2"},
    {"C55", "wrong-address", "other-addresses", NULL, "the addresses of another host", "RFC 1035, 3.4.1"},
    {"C56", "mixed-addresses", "dead-addresses", NULL, "dead addresses before the name's own", "RFC 1123, 2.3"},
    {"C65", "cname-single", "alias", NULL, "the name is an alias; its target has the addresses", "RFC 1034, 3.6.2"},
    {"C66", "cname-chain", "alias-chain", NULL, "n aliases lead to the addresses", "RFC 1034, 3.6.2"},
    {"C67", "cname-loop", "alias-loop", NULL, "aliases that lead back to the name", "RFC 1034, 3.6.2"},
    {"C74", "ttl-zero", "ttl seconds=0", NULL, "every TTL is 0", "RFC 1035, 3.2.1"},
    {"C75", "ttl-short-then-change", "ttl-window", NULL, "a short TTL, and other addresses once it has passed", "RFC 1035, 7.4"},
    {"C78", "answer-change", "other-addresses", "healthy n", "other addresses after n queries", "RFC 1035, 7.4"},
    {"C79", "error-then-address", "error type=null", "faulty n", "n errors, then the addresses", "RFC 2308, 7.1"},
    {"C80", "address-then-error", "error type=null", "healthy n", "n responses with addresses, then errors", "RFC 2308, 7.1"},
    {"C101", "message-octets", "message", NULL, "octets of the rule's choice in the place of the message", "RFC 1035, 4.1"},
    {0},
};
/* clang-format on */
