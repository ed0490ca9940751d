/*
 * Runs a fuzz target without a fuzzer: every file of its corpus, then seeded mutations of
 * them.  The same inputs in the same order each time, so that a crash found by `make check`
 * is there again when somebody looks.
 *
 *   fuzz_X CORPUS_FOLDER [MUTATIONS (default 2000)]
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX  (64 * 1024)
#define INPUTS_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    uint8_t *data;
    size_t size;
} input;

static uint64_t state = 1;

/* xorshift64*: any generator will do, as long as it is the same one on every machine. */
static uint64_t next_random(uint64_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * UINT64_C(2685821657736338717) >> 16) % below;
}

/* In a buffer of exactly its size, so that the sanitizer sees one octet too far. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int read_file(const char *path, input *in)
{
    FILE *f = fopen(path, "rb");
    int rc = -1;

    if (f == NULL) {
        return -1;
    }
    in->data = malloc(INPUT_MAX);
    if (in->data != NULL) {
        in->size = fread(in->data, 1, INPUT_MAX, f);
        rc = ferror(f) ? -1 : 0;
    }
    fclose(f);
    return rc;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* One to four small changes: a bit, an octet, a cut, a doubled or a borrowed stretch. */
static size_t mutate(uint8_t *data, size_t size, const input *other)
{
    for (uint64_t n = 1 + next_random(4); n > 0; n--) {
        size_t at = size == 0 ? 0 : (size_t)next_random(size);
        size_t length;

        switch (next_random(6)) {
        case 0:
            if (size > 0) {
                data[at] ^= (uint8_t)(1u << next_random(8));
            }
            break;
        case 1:
            if (size > 0) {
                data[at] = (uint8_t)next_random(256);
            }
            break;
        case 2:
            if (size > 0) {
                static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0xc0, 0xff};

                data[at] = edges[next_random(sizeof(edges))];
            }
            break;
        case 3:
            size = at;
            break;
        case 4:
            length = (size_t)next_random(size - at + 1);
            if (size + length <= INPUT_MAX) {
                memmove(data + at + length, data + at, size - at);
                size += length;
            }
            break;
        default:
            length = other->size == 0 ? 0 : (size_t)next_random(other->size);
            if (at + length <= INPUT_MAX) {
                memcpy(data + at, other->data, length);
                size = at + length > size ? at + length : size;
            }
            break;
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    static uint8_t scratch[INPUT_MAX];
    static input inputs[INPUTS_MAX];
    struct dirent **names = NULL;
    unsigned long mutations = 2000;
    size_t ninputs = 0;
    char *end = NULL;
    int n, status = 1;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER [MUTATIONS]\n", argv[0]);
        return 2;
    }
    if (argc == 3) {
        mutations = strtoul(argv[2], &end, 10);
        if (argv[2][0] < '0' || argv[2][0] > '9' || *end != '\0') {
            fprintf(stderr, "%s: MUTATIONS must be a number, not \"%s\"\n", argv[0], argv[2]);
            return 2;
        }
    }
    n = scandir(argv[1], &names, visible, alphasort);
    if (n < 0) {
        fprintf(stderr, "%s: cannot read the corpus folder %s\n", argv[0], argv[1]);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat st;

        snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
        if (ninputs == INPUTS_MAX || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
            continue;
        }
        if (read_file(path, &inputs[ninputs]) != 0) {
            fprintf(stderr, "%s: cannot read %s\n", argv[0], path);
            goto done;
        }
        run(inputs[ninputs].data, inputs[ninputs].size);
        ninputs++;
    }
    if (ninputs == 0) {
        fprintf(stderr, "%s: no input in the corpus folder %s\n", argv[0], argv[1]);
        goto done;
    }
    for (unsigned long i = 0; i < mutations; i++) {
        const input *from = &inputs[i % ninputs];
        size_t size = from->size;

        memcpy(scratch, from->data, size);
        size = mutate(scratch, size, &inputs[next_random(ninputs)]);
        run(scratch, size);
    }
    printf("%zu inputs and %lu mutations of them\n", ninputs, mutations);
    status = 0;

done:
    for (size_t i = 0; i < INPUTS_MAX; i++) {
        free(inputs[i].data);
    }
    for (int i = 0; i < n; i++) {
        free(names[i]);
    }
    free(names);
    return status;
}
