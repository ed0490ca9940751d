/*
 * The catalogue: every fault in the order of its id, and what the catalogue's types cannot say
 * about parameters.
 */
#include "responders/dns/faults/faults.h"

#include <arpa/inet.h>

static const fault_spec *const table[] = {
    &fault_servfail,
    &fault_nxdomain,
    &fault_refused,
    &fault_notimp,
    &fault_formerr,
    &fault_rcode_unassigned,
    &fault_nodata,
    &fault_rcode_with_answers,
    &fault_per_type_divergence,
    &fault_drop_query,
    &fault_drop_first_n,
    &fault_answer_delay,
    &fault_wrong_id,
    &fault_qr_bit_clear,
    &fault_truncated_udp,
    &fault_tc_then_tcp_fails,
    &fault_message_cut,
    &fault_compression_loop,
    &fault_wrong_address,
    &fault_mixed_addresses,
    &fault_cname_single,
    &fault_cname_chain,
    &fault_cname_loop,
    &fault_ttl_zero,
    &fault_ttl_short_then_change,
    &fault_answer_change,
    &fault_error_then_address,
    &fault_address_then_error,
    NULL,
};

const catalogue dns_faults = {.faults = table};

static int check_addresses(const json_t *list, const char *rule, const char *name, problem *p)
{
    uint8_t octets[16];
    const char *text;
    json_t *value;
    size_t i;

    json_array_foreach(list, i, value)
    {
        text = json_string_value(value);
        if (text == NULL ||
            (inet_pton(AF_INET, text, octets) != 1 && inet_pton(AF_INET6, text, octets) != 1)) {
            problem_set(p, 400, "",
                        "rule \"%s\": \"%.100s\" in \"%s\" is not an address; accepted are such "
                        "as \"127.0.0.1\" and \"::1\"",
                        rule, text == NULL ? "" : text, name);
            return -1;
        }
    }
    return 0;
}

static int check_use(const json_t *use, const char *rule, problem *p)
{
    const json_t *target = json_object_get(use, "target");
    const char *wrong;
    dns_name name;

    if (check_addresses(json_object_get(use, "values"), rule, "values", p) != 0 ||
        check_addresses(json_object_get(use, "dead"), rule, "dead", p) != 0) {
        return -1;
    }

    wrong = json_is_string(target) ? dns_name_from_text(json_string_value(target), &name) : NULL;
    if (wrong != NULL) {
        problem_set(p, 400, "", "rule \"%s\": target \"%.100s\": %s", rule,
                    json_string_value(target), wrong);
        return -1;
    }
    return 0;
}

int faults_check_rules(const json_t *rules, problem *p)
{
    json_t *rule, *step, *use;
    const char *id;
    size_t i, j, k;

    json_array_foreach(rules, i, rule)
    {
        id = json_string_value(json_object_get(rule, "id"));
        json_array_foreach(json_object_get(rule, "sequence"), j, step)
        {
            json_array_foreach(json_object_get(step, "do"), k, use)
            {
                if (check_use(use, id == NULL ? "" : id, p) != 0) {
                    return -1;
                }
            }
        }
    }
    return 0;
}
