/* What a driver may ask for, and what it is told when it may not. */
#include "harness/base/tests/cm.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/runtime/launched_request.h"

static launched_request r;
static problem p;
static char *message; /* the words of the last request live in it */

static int forget(void **state)
{
    (void)state;
    free(message);
    message = NULL;
    return 0;
}

/* In a copy of exactly this size, so that the sanitizer sees an octet too far. */
static int parse(const char *text, size_t length, size_t nattached)
{
    memset(&p, 0, sizeof(p));
    free(message);
    message = memory_text_of(text, length);
    return launched_request_parse(message, length, nattached, &r, &p);
}

#define PARSE(text, nattached) parse(text, sizeof(text) - 1, nattached)

static void a_program_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(PARSE("true\0", 2), 0);
    assert_int_equal(r.nsockets, 0);
    assert_int_equal(r.nvariables, 0);
    assert_string_equal(r.argv[0], "true");
    assert_null(r.argv[1]);
}

static void everything_has_its_place(void **state)
{
    char address[INET_ADDRSTRLEN];

    (void)state;
    assert_int_equal(PARSE("inherit=101\0listen=100,127.1.2.3,443\0inherit=2147483647\0"
                           "A=1\0B=\0nginx\0-g\0a=b\0",
                           4),
                     0);
    assert_int_equal(r.nsockets, 3);
    assert_int_equal(r.sockets[0].descriptor, 101);
    assert_int_equal(r.sockets[0].attached, 2);
    assert_int_equal(r.sockets[1].descriptor, 100);
    assert_int_equal(r.sockets[1].attached, -1);
    assert_int_equal(ntohs(r.sockets[1].address.sin_port), 443);
    assert_int_equal(r.sockets[1].address.sin_family, AF_INET);
    inet_ntop(AF_INET, &r.sockets[1].address.sin_addr, address, sizeof(address));
    assert_string_equal(address, "127.1.2.3");
    assert_int_equal(r.sockets[2].descriptor, 2147483647);
    assert_int_equal(r.sockets[2].attached, 3);
    assert_int_equal(r.nvariables, 2);
    assert_string_equal(r.variables[0], "A=1");
    assert_string_equal(r.variables[1], "B=");
    assert_string_equal(r.argv[0], "nginx");
    assert_string_equal(r.argv[1], "-g");
    assert_string_equal(r.argv[2], "a=b");
    assert_null(r.argv[3]);
}

/* A socket word after a variable is a variable, one after the program an argument. */
static void sockets_come_first(void **state)
{
    (void)state;
    assert_int_equal(PARSE("A=1\0inherit=x\0true\0listen=1\0", 2), 0);
    assert_int_equal(r.nsockets, 0);
    assert_int_equal(r.nvariables, 2);
    assert_string_equal(r.argv[1], "listen=1");
}

static void the_last_word_needs_no_nul(void **state)
{
    (void)state;
    assert_int_equal(PARSE("A=1\0true", 2), 0);
    assert_string_equal(r.argv[0], "true");
}

static void refused(int rc, const char *says)
{
    assert_int_equal(rc, -1);
    assert_int_equal(p.status, 400);
    assert_string_equal(p.detail, says);
}

static void refusals(void **state)
{
    static const char *const listeners[] = {
        "listen=",
        "listen=100",
        "listen=100,127.0.0.1",
        "listen=100,127.0.0.1,",
        "listen=100,127.0.0.1,x",
        "listen=100,127.0.0.1,80x",
        "listen=100,127.0.0.1,65536",
        "listen=100,127.0.0,80",
        "listen=100,localhost,80",
        "listen=100,127.0.0.1.1.1.1.1.1,80",
        "listen=99,127.0.0.1,80",
        "listen=-100,127.0.0.1,80",
        "listen=2147483648,127.0.0.1,80",
        "listen=99999999999999999999999,127.0.0.1,80",
        "listen=100;127.0.0.1,80",
    };
    static const char *const inherited[] = {"inherit=", "inherit=99", "inherit=x", "inherit=100x",
                                            "inherit= 100"};
    char says[200];

    (void)state;
    for (size_t i = 0; i < sizeof(listeners) / sizeof(listeners[0]); i++) {
        snprintf(says, sizeof(says),
                 "%s: not listen=DESCRIPTOR,ADDRESS,PORT, DESCRIPTOR from 100 on", listeners[i]);
        refused(parse(listeners[i], strlen(listeners[i]), 3), says);
    }
    for (size_t i = 0; i < sizeof(inherited) / sizeof(inherited[0]); i++) {
        snprintf(says, sizeof(says), "%s: not inherit=DESCRIPTOR, DESCRIPTOR from 100 on",
                 inherited[i]);
        refused(parse(inherited[i], strlen(inherited[i]), 3), says);
    }
    refused(PARSE("inherit=100\0inherit=101\0true\0", 3),
            "inherit=101: no descriptor is attached for it");
    refused(PARSE("true\0", 1), "a request carries the descriptors for stdout and stderr");
    refused(PARSE("", 2), "a request names a program to run");
    refused(PARSE("LAB=yes\0", 2), "a request names a program to run");
}

static void bounds(void **state)
{
    static const char too_much[] =
        "a request has at most 256 words of 65535 octets and 8 descriptors";
    static char text[LAUNCHED_REQUEST_OCTETS_MAX + 1];

    (void)state;
    for (size_t i = 0; i < 2 * 257; i++) {
        text[i] = i % 2 == 0 ? 'x' : '\0';
    }
    assert_int_equal(parse(text, 2 * 256, 2), 0);
    assert_string_equal(r.argv[255], "x");
    assert_null(r.argv[256]);
    refused(parse(text, 2 * 257, 2), too_much);

    memset(text, 'x', sizeof(text));
    assert_int_equal(parse(text, sizeof(text) - 1, 8), 0);
    refused(parse(text, sizeof(text), 2), too_much);
    refused(parse("true", 5, 9), too_much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_and_nothing_else),
        cmocka_unit_test(everything_has_its_place),
        cmocka_unit_test(sockets_come_first),
        cmocka_unit_test(the_last_word_needs_no_nul),
        cmocka_unit_test(refusals),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests_name("launched request", tests, NULL, forget);
}
