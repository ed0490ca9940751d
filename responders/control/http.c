/*
 * Who may ask, and what was asked.  evhttp does the protocol itself; it is used for this API only.
 */
#include "responders/control/http.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 6750 section 2.1, b64token. */
int control_http_check_token(const char *token, problem *p)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";

    if (strlen(token) < CONTROL_TOKEN_MIN || strspn(token, letters) != strlen(token)) {
        return problem_refuse(p, "",
                              "a control token is at least %d letters, digits or any of -._~+/= "
                              "(RFC 6750)",
                              CONTROL_TOKEN_MIN);
    }
    return 0;
}

static const char *method_name(enum evhttp_cmd_type command)
{
    switch (command) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD: /* the same without the body */
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_OPTIONS:
        return "OPTIONS";
    case EVHTTP_REQ_PATCH:
        return "PATCH";
    default:
        return "this method";
    }
}

/* Takes as long whatever was sent, so that a token cannot be guessed octet by octet. */
static bool same_token(const char *wanted, const char *given)
{
    const size_t nwanted = strlen(wanted), ngiven = strlen(given);
    unsigned char differs = nwanted == ngiven ? 0 : 1;

    for (size_t i = 0; i < nwanted; i++) {
        unsigned char octet = ngiven == 0 ? 0 : (unsigned char)given[i % ngiven];

        differs |= (unsigned char)wanted[i] ^ octet;
    }
    return differs == 0;
}

bool control_http_is_token(const char *token, const char *value)
{
    return strncasecmp(value, "Bearer ", 7) == 0 &&
           same_token(token, value + 7 + strspn(value + 7, " "));
}

bool control_http_authorised(const char *token, struct evhttp_request *request)
{
    const char *value =
        evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");

    return token == NULL || (value != NULL && control_http_is_token(token, value));
}

/* An IP address, "localhost", or another name that nobody can register: one without a dot. */
static bool is_near(const char *host)
{
    const size_t length = host[0] == '[' ? strcspn(host + 1, "]") : strcspn(host, ":");
    char name[256];
    uint8_t address[16];

    if (length >= sizeof(name)) {
        return false;
    }
    snprintf(name, sizeof(name), "%.*s", (int)length, host[0] == '[' ? host + 1 : host);
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1 ||
           (host[0] != '[' && strchr(name, '.') == NULL);
}

bool control_http_is_of_a_page(struct evhttp_request *request, problem *p)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    const char *origin = evhttp_find_header(headers, "Origin");
    const char *host = evhttp_find_header(headers, "Host");

    if (origin != NULL) {
        problem_set(p, 403, "",
                    "no page in a browser may use this API, and \"Origin: %.80s\" is "
                    "one",
                    origin);
    } else if (host != NULL && !is_near(host)) {
        problem_set(p, 403, "",
                    "\"Host: %.80s\" is not this API's: use an IP address, localhost or a name "
                    "without a dot",
                    host);
    } else {
        return false;
    }
    return true;
}

static int read_body(control_request *x, problem *p)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(x->http);
    const size_t length = evbuffer_get_length(in);
    json_error_t error;

    if (length == 0) {
        return 0;
    }
    if (length > CONTROL_BODY_MAX) {
        problem_set(p, 413, "", "a body has at most %d octets, this one has %zu", CONTROL_BODY_MAX,
                    length);
        return -1;
    }
    if (strcmp(x->method, "POST") != 0 && strcmp(x->method, "PUT") != 0) {
        return problem_refuse(p, "", "%s takes no body", x->method);
    }
    x->body = json_loadb((const char *)evbuffer_pullup(in, -1), length,
                         JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (x->body == NULL) {
        return problem_refuse(p, "", "the body is not JSON: line %d, column %d: %s", error.line,
                              error.column, error.text);
    }
    return 0;
}

static int read_target(control_request *x, problem *p)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(x->http);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    const char *query = uri == NULL ? NULL : evhttp_uri_get_query(uri);
    size_t length = 0;

    x->path = path == NULL ? NULL : evhttp_uridecode(path, 0, &length);
    if (x->path == NULL || strlen(x->path) != length) {
        return problem_refuse(p, "", "the request target has no usable path");
    }
    if (query != NULL && evhttp_parse_query_str(query, &x->query) != 0) {
        return problem_refuse(p, "", "the query is not NAME=VALUE pairs joined by \"&\"");
    }
    return 0;
}

int control_request_read(struct evhttp_request *request, control_request *out, problem *p)
{
    *out = (control_request){.http = request,
                             .method = method_name(evhttp_request_get_command(request))};
    TAILQ_INIT(&out->query);
    return read_target(out, p) == 0 && read_body(out, p) == 0 ? 0 : -1;
}

void control_request_clear(control_request *x)
{
    evhttp_clear_headers(&x->query);
    free(x->path);
    json_decref(x->body);
}
