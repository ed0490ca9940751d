/* See own_ca.h. */
#include "responders/ocsp/own_ca.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/ocsp/index_txt.h"
#include "responders/ocsp/pem.h"

/* "pki/ca.pem": "ca" */
static char *id_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');
    return memory_text_of(name, dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name));
}

int ocsp_store_add_ca(ocsp_store *c, const char *certificate, const char *key_path, problem *p)
{
    ocsp_certificate *ca = NULL;
    EVP_PKEY *key = NULL;
    X509 *x509 = pem_certificate(certificate, p);
    int result = -1;

    if (x509 == NULL || (key = pem_private_key(key_path, p)) == NULL) {
        goto done;
    }
    if (X509_check_ca(x509) == 0) {
        problem_set(p, 400, "",
                    "%s: not the certificate of a CA (it needs basicConstraints with CA:TRUE and, "
                    "if there is a keyUsage, keyCertSign)",
                    certificate);
        goto done;
    }
    if (X509_check_private_key(x509, key) != 1) {
        ERR_clear_error();
        problem_set(p, 400, "", "%s: not the private key of the certificate in %s", key_path,
                    certificate);
        goto done;
    }
    ca = ocsp_certificate_new(x509);
    if (ca == NULL) {
        problem_set(p, 400, "", "%s: the certificate cannot be read", certificate);
        goto done;
    }
    ca->id = id_of(certificate);
    ca->key = key;
    key = NULL;
    ca->pki = c->pkis++;
    ca->issuer = X509_check_issued(x509, x509) == X509_V_OK ? ca : NULL;
    ca->serves_any = true;
    ca->others = ca->standing;
    ocsp_store_add(c, ca);
    c->last_ca = ca;
    result = 0;

done:
    X509_free(x509);
    EVP_PKEY_free(key);
    return result;
}

static int check_ca(const ocsp_store *c, const char *option, problem *p)
{
    return c->last_ca != NULL ? 0
                              : problem_refuse(p, "",
                                               "%s belongs to the --ca CERT KEY before it, and "
                                               "there is none",
                                               option);
}

int ocsp_store_set_default(ocsp_store *c, const char *status, int64_t now, problem *p)
{
    char near[64];

    if (check_ca(c, "--default", p) != 0) {
        return -1;
    }
    for (int i = 0; ocsp_cert_status_names[i] != NULL; i++) {
        if (strcmp(ocsp_cert_status_names[i], status) == 0) {
            c->last_ca->others = (ocsp_standing){(ocsp_cert_status)i, OCSP_NO_REASON, now};
            return 0;
        }
    }
    problem_nearest(status, ocsp_cert_status_names, near, sizeof(near));
    return problem_refuse(p, "", "--default \"%.60s\": accepted are good, revoked and unknown%s%s",
                          status, near[0] == '\0' ? "" : "; the nearest is: ", near);
}

int ocsp_store_read_index(ocsp_store *c, const char *path, problem *p)
{
    octets text = {0};
    index_txt index = {0};
    int result = -1;

    if (check_ca(c, "--index", p) != 0 || pem_file(path, &text, p) != 0 ||
        index_txt_read(path, octets_span(&text), &index, p) != 0) {
        goto done;
    }
    for (size_t i = 0; i < index.count; i++) {
        ocsp_store_add_serial(c, c->last_ca, index.all[i].serial)->standing = index.all[i].standing;
    }
    result = 0;

done:
    index_txt_free(&index);
    octets_free(&text);
    return result;
}
