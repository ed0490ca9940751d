/*
 * The judgement and the report of a staple, whatever its octets. A leaf and an issuer are known, so
 * that the corpus reaches every step.
 */
#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clients/fuzz/corpus_certificates.h"
#include "harness/clients/report.h"
#include "harness/clients/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static X509 *leaf;
static STACK_OF(X509) * candidates;

static X509 *read_certificate(const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
    BIO_free(in);
    if (certificate == NULL) {
        abort();
    }
    return certificate;
}

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* What every judgement promises, and most of all a good one. */
static void check(const verdict_judgement *judged, size_t size)
{
    const staple *s = &judged->staple;
    must(verdict_name(judged->verdict) != NULL && judged->reason[0] != '\0');
    must(judged->has_staple && s->octets == size && s->trailing_octets <= size);
    must((judged->verdict == VERDICT_UNPARSEABLE) == (s->defect[0] != '\0'));
    if (judged->verdict != VERDICT_GOOD) {
        return;
    }
    must(s->trailing_octets == 0 && s->response_status == 0 && s->nsingles > 0);
    must(judged->signer.certificate != NULL && judged->signer.objection == NULL);
    must(s->singles[0].matches_leaf && s->singles[0].status == STAPLE_CERT_GOOD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (leaf == NULL) {
        leaf = read_certificate(CORPUS_LEAF);
        candidates = sk_X509_new_null();
        sk_X509_push(candidates, leaf);
        sk_X509_push(candidates, read_certificate(CORPUS_ISSUER));
    }

    verdict_judgement judged;
    verdict_on_staple(
        &(verdict_evidence){
            .der = {data, size}, .leaf = leaf, .candidates = candidates, .now = CORPUS_NOW},
        &judged);
    check(&judged, size);
    json_t *report = report_staple(&judged);
    char *text = json_dumps(report, 0);
    must(text != NULL);
    free(text);
    json_decref(report);
    verdict_judgement_free(&judged);
    return 0;
}
