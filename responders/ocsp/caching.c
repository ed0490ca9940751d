/* See caching.h. */
#include "responders/ocsp/caching.h"

#include <stdio.h>

#include "responders/ocsp/codec/hash.h"

static void set_tag(http_response *http)
{
    char digest[HASH_SHA256_HEX], tag[HASH_SHA256_HEX + 2];

    hash_sha256_hex(octets_span(&http->body), digest);
    snprintf(tag, sizeof(tag), "\"%s\"", digest);
    http_response_set(http, "ETag", tag);
}

void ocsp_caching_add(http_response *http, const ocsp_response *model, int64_t now)
{
    int64_t this_update = INT64_MIN, next_update = INT64_MAX, left;
    char control[96];

    if (model->status != OCSP_SUCCESSFUL || model->nsingles == 0 || model->nonce.length > 0) {
        return;
    }
    for (size_t i = 0; i < model->nsingles; i++) {
        const ocsp_single *s = &model->singles[i];

        if (!s->has_next_update) {
            return;
        }
        this_update = s->this_update > this_update ? s->this_update : this_update;
        next_update = s->next_update < next_update ? s->next_update : next_update;
    }
    left = next_update > now ? next_update - now - 1 : 0;
    snprintf(control, sizeof(control), "max-age=%lld, public, no-transform, must-revalidate",
             (long long)left);
    http_response_set_date(http, "Last-Modified", this_update < now ? this_update : now);
    http_response_set_date(http, "Expires", next_update);
    set_tag(http);
    http_response_set(http, "Cache-Control", control);
}

void ocsp_caching_remove(http_response *http)
{
    static const char *const names[] = {"Last-Modified", "Expires", "ETag", "Cache-Control"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        http_response_remove(http, names[i]);
    }
}
