/* What a description may say, what it means, and how it is refused. */
#include "pki/tests/scratch.h"

#include "pki/description.h"
#include "pki/placeholders.h"

#define ROOT                    "{'id': 'root', 'subject': 'R'}"
#define LEAF                    "'issuer': 'root', 'names': ['a.test']"
#define WITH(authorities, rest) "{'name': 'x', 'authorities': [" authorities "]" rest "}"
#define LEAVES(leaves)          WITH(ROOT, ", 'leaves': [" leaves "]")
#define SIGNERS(signers)        WITH(ROOT, ", 'signers': [" signers "]")

static void defaults_are_by_role(void **state)
{
    (void)state;
    description *d =
        described(WITH(ROOT, ", 'leaves': [{'id': 'www', " LEAF "}],"
                             "'signers': [{'id': 's', 'issuer': 'root', 'subject': 'S'}]"));
    assert_string_equal(d->name, "x");
    assert_int_equal(d->count, 3);
    static const struct {
        const char *id, *subject;
        pki_role role;
        pki_key_type key;
        pki_eku eku;
        int not_before, not_after;
    } expected[] = {
        {"root", "R", PKI_AUTHORITY, PKI_KEY_RSA2048, PKI_EKU_NONE, -365, 3650},
        {"s", "S", PKI_SIGNER, PKI_KEY_RSA2048, PKI_EKU_OCSP_SIGNING, -1, 30},
        {"www", "a.test", PKI_LEAF, PKI_KEY_P256, PKI_EKU_SERVER_AUTH, -1, 90},
    };
    for (size_t i = 0; i < 3; i++) {
        const pki_entry *e = &d->entries[i];
        assert_string_equal(e->id, expected[i].id);
        assert_string_equal(e->subject, expected[i].subject);
        assert_int_equal(e->role, expected[i].role);
        assert_int_equal(e->key, expected[i].key);
        assert_int_equal(e->eku, expected[i].eku);
        assert_true(e->not_before == NOW + expected[i].not_before * INT64_C(86400));
        assert_true(e->not_after == NOW + expected[i].not_after * INT64_C(86400));
        assert_int_equal(e->issuer, 0);
        assert_false(e->must_staple);
        assert_false(e->ocsp_nocheck);
        assert_null(e->ocsp_urls);
    }
    description_free(d);
}

static void every_member_is_read(void **state)
{
    (void)state;
    description *d = described(
        WITH(ROOT ", {'id': 'ca', 'issuer': 'root', 'subject': 'C', 'key': 'p256', 'serial': '0A'}",
             ", 'signers': [{'id': 's', 'issuer': 'ca', 'subject': 'S', 'eku': 'none',"
             "               'ocsp_nocheck': true, 'not_before': '-2h', 'not_after': '-1h'}],"
             "'leaves': [{'id': 'l', 'issuer': 'ca', 'names': ['b.test', 'c.test'],"
             "            'key': 'ed25519', 'must_staple': true, 'ocsp_urls': ['u', 'v'],"
             "            'ca_issuers_urls': ['w']}]"));
    assert_int_equal(d->count, 4);
    assert_int_equal(d->entries[1].key, PKI_KEY_P256);
    assert_string_equal(d->entries[1].serial, "a");
    assert_int_equal(d->entries[2].issuer, 1);
    assert_int_equal(d->entries[2].eku, PKI_EKU_NONE);
    assert_true(d->entries[2].ocsp_nocheck);
    assert_true(d->entries[2].not_before == NOW - 7200);
    assert_true(d->entries[2].not_after == NOW - 3600);
    const pki_entry *leaf = &d->entries[3];
    assert_int_equal(leaf->issuer, 1);
    assert_int_equal(leaf->key, PKI_KEY_ED25519);
    assert_true(leaf->must_staple);
    assert_string_equal(leaf->subject, "b.test");
    assert_int_equal(json_array_size(leaf->names), 2);
    assert_string_equal(json_string_value(json_array_get(leaf->ocsp_urls, 1)), "v");
    assert_string_equal(json_string_value(json_array_get(leaf->ca_issuers_urls, 0)), "w");
    description_free(d);
}

static void a_key_can_be_another_authoritys(void **state)
{
    (void)state;
    description *d = described(
        WITH("{'id': 'root', 'subject': 'R', 'key': 'ed25519'}, {'id': 'other', 'subject': 'O'},"
             "{'id': 'cross', 'issuer': 'other', 'subject': 'R', 'key_of': 'root'}",
             ""));
    assert_int_equal(d->entries[0].key_of, 0);
    assert_int_equal(d->entries[1].key_of, 1);
    assert_int_equal(d->entries[2].key_of, 0);
    assert_int_equal(d->entries[2].issuer, 1);
    assert_int_equal(d->entries[2].key, PKI_KEY_ED25519);
    description_free(d);
}

static void derived_serials_repeat_and_differ(void **state)
{
    (void)state;
    const char *text = LEAVES("{'id': 'a', " LEAF "}, {'id': 'b', " LEAF "}");
    description *one = described(text);
    description *two = described(text);
    for (size_t i = 0; i < one->count; i++) {
        assert_string_equal(one->entries[i].serial, two->entries[i].serial);
        assert_int_equal(strlen(one->entries[i].serial), 16);
        assert_in_range(one->entries[i].serial[0], '4', '7');
    }
    assert_string_not_equal(one->entries[1].serial, one->entries[2].serial);
    description_free(one);
    description_free(two);
}

static void equal_serials_of_two_issuers_are_accepted(void **state)
{
    (void)state;
    description *d = described(WITH("{'id': 'a', 'subject': 'A', 'serial': '1'},"
                                    "{'id': 'b', 'subject': 'B', 'serial': '1'}",
                                    ""));
    assert_int_equal(d->entries[0].issuer, 0);
    assert_int_equal(d->entries[1].issuer, 1);
    description_free(d);
}

static void placeholders_are_replaced_once(void **state)
{
    (void)state;
    problem p = {0};
    json_t *settings = json_object();
    assert_int_equal(placeholders_set(settings, "port=1", &p), 0);
    assert_int_equal(placeholders_set(settings, "port=80", &p), 0);
    assert_int_equal(placeholders_set(settings, "_a1=${port}\"=", &p), 0);
    json_t *in =
        quoted("{'u': ['http://x:${port}/${port}', '$port $ {', '${_a1}', ''], 'n': [1, null]}");
    json_t *out = NULL;
    assert_int_equal(placeholders_replace(in, settings, &out, &p), 0);
    json_t *expected =
        quoted("{'u': ['http://x:80/80', '$port $ {', '${port}\\u0022=', ''], 'n': [1, null]}");
    assert_true(json_equal(out, expected));
    json_decref(expected);
    json_decref(out);
    json_decref(in);
    json_decref(settings);
}

/* A name that another one begins with is not taken for it, however long they are. */
static void a_long_name_is_looked_up_whole(void **state)
{
    (void)state;
    enum { LENGTH = 200 };
    char assignment[LENGTH + 3], use[LENGTH + 4];
    problem p;
    json_t *settings = json_object(), *out;
    memset(assignment, 'n', LENGTH);
    strcpy(assignment + LENGTH, "=1");
    snprintf(use, sizeof(use), "${%.*s}", LENGTH, assignment);
    assert_int_equal(placeholders_set(settings, assignment, &p), 0);
    json_t *in = json_string(use);
    assert_int_equal(placeholders_replace(in, settings, &out, &p), 0);
    assert_string_equal(json_string_value(out), "1");
    json_decref(in);
    json_decref(out);
    json_decref(settings);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a", "=b", "1a=b", "a-b=c", "a=\xff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        problem p = {0};
        json_t *settings = json_object();
        assert_int_equal(placeholders_set(settings, bad[i], &p), -1);
        assert_int_equal(p.status, 400);
        assert_non_null(strstr(told(&p), "--set: "));
        assert_int_equal(json_object_size(settings), 0);
        json_decref(settings);
    }
}

/* A description, where its refusal points, and a stretch of what it says. */
static const struct {
    const char *text, *start, *says;
} refusals[] = {
    {"[]", "the description is not an object", "accepted: an object"},
    {"{'authorities': [" ROOT "]}", "the member \"name\" is missing", "accepted: a string"},
    {"{'name': 7, 'authorities': [" ROOT "]}", "/name: a number", "accepted: a string"},
    {"{'name': 'a b', 'authorities': [" ROOT "]}", "/name: \"a b\"", "accepted: 1 to 64"},
    {WITH(ROOT, ", 'colour': 1"), "unknown member \"colour\"",
     "accepted: name, authorities, signers, leaves"},
    {"{'name': 'x'}", "there is no authority", "\"authorities\" with one or more"},
    {WITH("", ""), "there is no authority", "\"authorities\" with one or more"},
    {"{'name': 'x', 'authorities': {}}", "/authorities: ", "accepted: an array of objects"},
    {WITH(ROOT, ", 'leaves': 'www'"), "/leaves: ", "accepted: an array of objects"},
    {WITH(ROOT, ", 'signers': null"), "/signers: ", "accepted: an array of objects"},
    {LEAVES("'www'"), "/leaves/0: ", "accepted: an object"},
    {LEAVES("{" LEAF "}"), "/leaves/0: the member \"id\" is missing", "a string"},
    {LEAVES("{'id': ['a'], " LEAF "}"), "/leaves/0/id: an array", "accepted: a string"},
    {LEAVES("{'id': '../a', " LEAF "}"), "/leaves/0/id: \"../a\"", "letter or digit"},
    {LEAVES("{'id': 'root', " LEAF "}"),
     "/leaves/0: the id \"root\" is taken by one of the authorities", "an id of its own"},
    {LEAVES("{'id': 'a', " LEAF "}, {'id': 'a', " LEAF "}"),
     "/leaves/1: the id \"a\" is taken by one of the leaves", "accepted"},
    {LEAVES("{'id': 'a', " LEAF ", 'subject': 'S'}"), "/leaves/0: unknown member \"subject\"",
     "must_staple"},
    {WITH("{'id': 'r', 'subject': 'R', 'must_staple': true}", ""),
     "/authorities/0: unknown member \"must_staple\"", "ocsp_urls"},
    {SIGNERS("{'id': 's', 'issuer': 'root', 'subject': 'S', 'names': []}"),
     "/signers/0: unknown member \"names\"", "ocsp_nocheck"},
    {LEAVES("{'id': 'a', 'names': ['a']}"), "/leaves/0: the member \"issuer\" is missing",
     "accepted"},
    {LEAVES("{'id': 'a', 'names': ['a'], 'issuer': 'nobody'}"), "/leaves/0/issuer: \"nobody\"",
     "accepted: root"},
    {LEAVES("{'id': 'b', " LEAF "}, {'id': 'a', 'names': ['a'], 'issuer': 'b'}"),
     "/leaves/1/issuer: \"b\" is no authority", "accepted: root"},
    {WITH("{'id': 'r', 'subject': 'R', 'issuer': 'r'}", ""), "/authorities/0/issuer: \"r\"",
     "accepted: none stands before it"},
    {WITH("{'id': 'r', 'subject': 'R', 'issuer': 's'}, {'id': 's', 'subject': 'S'}", ""),
     "/authorities/0/issuer: \"s\"", "none stands before it"},
    {WITH("{'id': 'r'}", ""), "/authorities/0: the member \"subject\" is missing", "a string"},
    {WITH("{'id': 'r', 'subject': ''}", ""), "/authorities/0/subject: \"\"", "1 to 64 characters"},
    {LEAVES("{'id': 'a', 'issuer': 'root'}"), "/leaves/0: the member \"names\" is missing",
     "one or more strings"},
    {LEAVES("{'id': 'a', 'issuer': 'root', 'names': []}"), "/leaves/0/names: the array is empty",
     "one or more strings"},
    {LEAVES("{'id': 'a', 'issuer': 'root', 'names': 'a.test'}"), "/leaves/0/names: a string",
     "an array of one or more strings"},
    {LEAVES("{'id': 'a', 'issuer': 'root', 'names': ['a', 1]}"), "/leaves/0/names/1: a number",
     "accepted: a string"},
    {LEAVES("{'id': 'a', 'issuer': 'root', 'names': ['a', 'a b']}"), "/leaves/0/names/1: \"a b\"",
     "a DNS name"},
    {LEAVES("{'id': 'a', 'issuer': 'root', 'names': "
            "['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']}"),
     "/leaves/0/names/0: ", "becomes the common name"},
    {LEAVES("{'id': 'a', " LEAF ", 'key': 'rsa1024'}"), "/leaves/0/key: \"rsa1024\"",
     "accepted: p256, rsa2048, ed25519"},
    {LEAVES("{'id': 'a', " LEAF ", 'key': 1}"), "/leaves/0/key: a number",
     "p256, rsa2048, ed25519"},
    {WITH(ROOT ", {'id': 'a', 'subject': 'A', 'key_of': 'b'}", ""),
     "/authorities/1/key_of: \"b\" is no authority", "accepted: root"},
    {WITH(ROOT ", {'id': 'a', 'subject': 'A', 'key_of': 'a'}", ""),
     "/authorities/1/key_of: \"a\" is no authority", "accepted: root"},
    {WITH(ROOT ", {'id': 'a', 'subject': 'A', 'key_of': 1}", ""), "/authorities/1/key_of: a number",
     "a string"},
    {WITH(ROOT ", {'id': 'a', 'subject': 'A', 'key': 'p256', 'key_of': 'root'}", ""),
     "/authorities/1: key and key_of are both there", "accepted: a key of its own"},
    {LEAVES("{'id': 'a', " LEAF ", 'key_of': 'root'}"), "/leaves/0: unknown member \"key_of\"",
     "accepted: id"},
    {LEAVES("{'id': 'a', " LEAF ", 'serial': 1001}"), "/leaves/0/serial: a number", "a string"},
    {LEAVES("{'id': 'a', " LEAF ", 'serial': '0'}"), "/leaves/0/serial: \"0\"", "above 0"},
    {LEAVES("{'id': 'a', " LEAF ", 'serial': '01'}, {'id': 'b', " LEAF ", 'serial': '1'}"),
     "/leaves/1: the serial \"1\" is taken by \"a\"", "accepted"},
    {LEAVES("{'id': 'a', " LEAF ", 'not_before': 'yesterday'}"),
     "/leaves/0/not_before: \"yesterday\"", "\"-1d\""},
    {LEAVES("{'id': 'a', " LEAF ", 'not_after': true}"), "/leaves/0/not_after: a boolean",
     "a string"},
    {LEAVES("{'id': 'a', " LEAF ", 'not_after': '+9999999d'}"),
     "/leaves/0/not_after: \"+9999999d\"", "1950 to 9999"},
    {LEAVES("{'id': 'a', " LEAF ", 'not_before': '-40000d'}"), "/leaves/0/not_before: \"-40000d\"",
     "1950 to 9999"},
    {LEAVES("{'id': 'a', " LEAF ", 'not_after': '-2d'}"),
     "/leaves/0: not_after lies 86400 s before not_before", "not earlier"},
    {LEAVES("{'id': 'a', " LEAF ", 'ocsp_urls': 'http://x/'}"), "/leaves/0/ocsp_urls: a string",
     "accepted: an array of strings"},
    {LEAVES("{'id': 'a', " LEAF ", 'ocsp_urls': ['u', {}]}"), "/leaves/0/ocsp_urls/1: an object",
     "accepted: a string"},
    {LEAVES("{'id': 'a', " LEAF ", 'ca_issuers_urls': ['']}"), "/leaves/0/ca_issuers_urls/0: \"\"",
     "US-ASCII"},
    {LEAVES("{'id': 'a', " LEAF ", 'must_staple': 'yes'}"), "/leaves/0/must_staple: a string",
     "true or false"},
    {SIGNERS("{'id': 's', 'issuer': 'root', 'subject': 'S', 'ocsp_nocheck': 1}"),
     "/signers/0/ocsp_nocheck: a number", "true or false"},
    {SIGNERS("{'id': 's', 'issuer': 'root', 'subject': 'S', 'eku': 'code-signing'}"),
     "/signers/0/eku: \"code-signing\"", "accepted: ocsp-signing, server-auth, client-auth, none"},
    {LEAVES("{'id': 'a', " LEAF ", 'eku': 'any'}"), "/leaves/0/eku: \"any\"",
     "accepted: ocsp-signing, server-auth, client-auth, none"},
    {LEAVES("{'id': 'a', " LEAF ", 'ocsp_urls': ['http://x:${port}/']}"),
     "/leaves/0/ocsp_urls/0: ${port} has no value", "--set port=VALUE"},
    {LEAVES("{'id': '${port', " LEAF "}"), "/leaves/0/id: \"${port\"", "is not ${NAME}"},
    {LEAVES("{'id': '${}', " LEAF "}"), "/leaves/0/id: \"${}\"", "is not ${NAME}"},
    {LEAVES("{'id': 'a', " LEAF ", 'a/b~': '${port}'}"), "/leaves/0/a~1b~0: ${port}", "no value"},
};

static void every_refusal_says_where_and_what_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        problem p = {0};
        description *d = NULL;
        json_t *json = quoted(refusals[i].text);
        json_t *settings = json_object();
        assert_int_equal(description_new(json, settings, NOW, &d, &p), -1);
        if (strncmp(told(&p), refusals[i].start, strlen(refusals[i].start)) != 0 ||
            strstr(told(&p), refusals[i].says) == NULL) {
            fail_msg("expected \"%s ... %s\", got \"%s\"", refusals[i].start, refusals[i].says,
                     told(&p));
        }
        assert_int_equal(p.status, 400);
        json_decref(settings);
        json_decref(json);
    }
}

static void an_error_is_one_line_whatever_it_quotes(void **state)
{
    (void)state;
    problem p = {0};
    description *d = NULL;
    json_t *json = quoted("{'name': 'a\\nb\\u001b\\u009b\\u00e9', 'authorities': []}");
    json_t *settings = json_object();
    assert_int_equal(description_new(json, settings, NOW, &d, &p), -1);
    assert_non_null(strstr(told(&p), "\"a?b???\xc3\xa9\""));
    json_decref(settings);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_by_role),
        cmocka_unit_test(every_member_is_read),
        cmocka_unit_test(a_key_can_be_another_authoritys),
        cmocka_unit_test(derived_serials_repeat_and_differ),
        cmocka_unit_test(equal_serials_of_two_issuers_are_accepted),
        cmocka_unit_test(placeholders_are_replaced_once),
        cmocka_unit_test(a_long_name_is_looked_up_whole),
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(every_refusal_says_where_and_what_is_accepted),
        cmocka_unit_test(an_error_is_one_line_whatever_it_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
