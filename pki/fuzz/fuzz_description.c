/* Any text at all is either refused with a reason or gives entries that can be minted in order. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pki/description.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_accepted(const description *d)
{
    char serial[VALUES_SERIAL_SIZE];
    for (size_t i = 0; i < d->count; i++) {
        const pki_entry *e = &d->entries[i];
        expect(e->issuer <= i && d->entries[e->issuer].role == PKI_AUTHORITY);
        expect(values_id_is_valid(e->id) && values_common_name_is_valid(e->subject));
        expect(values_serial_normalise(e->serial, serial) && strcmp(e->serial, serial) == 0);
        expect(e->not_before <= e->not_after);
        expect((e->names != NULL) == (e->role == PKI_LEAF));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    problem p = {0};
    description *d = NULL;
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (json == NULL) {
        return 0;
    }
    json_t *settings = json_pack("{s:s}", "ocsp_port", "8080");
    if (description_new(json, settings, 1893456000, &d, &p) == 0) {
        check_accepted(d);
    } else {
        expect(d == NULL && p.status == 400 && p.detail[0] != '\0');
    }
    description_free(d);
    json_decref(settings);
    json_decref(json);
    return 0;
}
