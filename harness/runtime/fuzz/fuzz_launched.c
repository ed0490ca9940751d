/*
 * The reader of what a driver asks the launcher for: any octets are a request that can be carried
 * out or a problem of one line. The first octet says how many descriptors are attached.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/runtime/launched_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const launched_request *r, const char *text, size_t length, size_t nattached)
{
    int attached = LAUNCHED_REQUEST_OUTPUTS;

    for (size_t i = 0; i < r->nsockets; i++) {
        const launched_request_socket *s = &r->sockets[i];

        must(s->descriptor >= LAUNCHED_REQUEST_SOCKETS_FROM);
        must(s->attached == (s->attached == -1 ? -1 : attached++));
        must(s->attached != -1 || s->address.sin_family == AF_INET);
    }
    must((size_t)attached <= nattached);
    must(r->variables == r->words + r->nsockets && r->argv == r->variables + r->nvariables);
    for (size_t i = 0; i < r->nvariables; i++) {
        must(strchr(r->variables[i], '=') != NULL);
    }
    must(r->argv[0] != NULL && strchr(r->argv[0], '=') == NULL);
    for (char *const *word = r->words; *word != NULL; word++) {
        must(*word >= text && *word + strlen(*word) <= text + length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static launched_request request;
    size_t nattached, length;
    problem p = {0};
    char *text;

    if (size == 0) {
        return 0;
    }
    nattached = data[0];
    length = size - 1;
    text = malloc(size);
    must(text != NULL);
    memcpy(text, data + 1, length);
    text[length] = '\0';

    if (launched_request_parse(text, length, nattached, &request, &p) == 0) {
        check(&request, text, length, nattached);
    } else {
        must(p.status == 400 && p.detail[0] != '\0' && strchr(p.detail, '\n') == NULL);
    }
    free(text);
    return 0;
}
