/* See match.h. */
#include "responders/ocsp/match.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/ocsp/codec/serial.h"

static char *normalise_client(const char *value)
{
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    int family = strchr(value, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(family, value, address) != 1 ||
        inet_ntop(family, address, text, sizeof(text)) == NULL) {
        return NULL;
    }
    return memory_text(text);
}

static char *change_case(const char *value, int (*change)(int))
{
    char *text = memory_text(value);
    for (char *p = text; *p != '\0'; p++) {
        *p = (char)change((unsigned char)*p);
    }
    return text;
}

static char *normalise_method(const char *value)
{
    return change_case(value, toupper);
}

static char *normalise_host(const char *value)
{
    return change_case(value, tolower);
}

static char *normalise_path(const char *value)
{
    return value[0] == '/' ? memory_text(value) : NULL;
}

static char *normalise_version(const char *value)
{
    if (strncmp(value, "HTTP/", 5) == 0) {
        value += 5;
    }
    bool known = strcmp(value, "1.0") == 0 || strcmp(value, "1.1") == 0;
    return known ? memory_text(value) : NULL;
}

const match_key ocsp_match_keys[] = {
    [OCSP_KEY_LISTENER] = {"listener", "the name of the listener", true, NULL},
    [OCSP_KEY_CLIENT] = {"client", "the client's IP address", true, normalise_client},
    [OCSP_KEY_SERIAL] = {"serial", "the serial number of the first CertID, hex", false,
                         serial_normalise},
    [OCSP_KEY_CERTIFICATE] = {"certificate",
                              "the id in the manifest of the first CertID's certificate", false,
                              NULL},
    [OCSP_KEY_METHOD] = {"method", "the HTTP method, such as GET or POST", false, normalise_method},
    [OCSP_KEY_PATH] =
        {"path", "the path up to the base64 of a GET (\"/\", \"/ocsp/\"), the whole path of a POST",
         false, normalise_path},
    [OCSP_KEY_HOST] = {"host", "the Host header, lower case", false, normalise_host},
    [OCSP_KEY_HTTP_VERSION] = {"http_version", "the version of the request, 1.0 or 1.1", false,
                               normalise_version},
    [OCSP_KEYS] = {0},
};
