/* The catalogue of faulty-ocspd, assembled from its families. */
#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/faults/fault.h"

#define FAULTS_MAX 128

const catalogue *ocsp_faults(void)
{
    static const fault_spec *const families[] = {
        envelope_faults,  single_response_faults, time_faults,
        signature_faults, sequence_faults,        connect_close_faults,
        latency_faults,   http_status_faults,     http_framing_faults,
    };
    static const fault_spec *faults[FAULTS_MAX + 1];
    static const catalogue all = {faults};
    size_t n = 0;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        for (const fault_spec *f = families[i]; f->name != NULL && n < FAULTS_MAX; f++) {
            faults[n++] = f;
        }
    }
    return &all;
}

static int check_use(const certificates *c, const char *rule, json_t *use, const char *where,
                     problem *p)
{
    const fault_spec *spec;
    json_t *params = catalogue_check_use(ocsp_faults(), use, where, &spec, p);
    if (params == NULL) {
        return -1;
    }
    int result = 0;
    char pointer[128];
    const char *signer = param_string(params, "signer");
    const char *serial = param_string(params, "serial");
    char *normal = serial == NULL ? NULL : serial_normalise(serial);
    if (signer != NULL && certificates_by_id(c, signer, NULL) == NULL) {
        snprintf(pointer, sizeof(pointer), "%s/signer", where);
        problem_set(p, 400, pointer,
                    "rule \"%s\": no manifest has a certificate \"%s\" that %s could sign with; "
                    "GET /v1/certificates lists all",
                    rule, signer, spec->name);
        result = -1;
    } else if (serial != NULL && normal == NULL) {
        snprintf(pointer, sizeof(pointer), "%s/serial", where);
        problem_set(p, 400, pointer,
                    "rule \"%s\": \"%.40s\" is not a serial number, up to 128 digits of hex", rule,
                    serial);
        result = -1;
    }
    free(normal);
    json_decref(params);
    return result;
}

int ocsp_faults_check_rules(const certificates *c, json_t *rules, problem *p)
{
    size_t i, k, n;
    json_t *one, *step, *use;
    json_array_foreach(rules, i, one)
    {
        json_array_foreach(json_object_get(one, "sequence"), k, step)
        {
            json_array_foreach(json_object_get(step, "do"), n, use)
            {
                char where[96];
                snprintf(where, sizeof(where), "/rules/%zu/sequence/%zu/do/%zu", i, k, n);
                if (check_use(c, json_string_value(json_object_get(one, "id")), use, where, p) !=
                    0) {
                    return -1;
                }
            }
        }
    }
    return 0;
}
