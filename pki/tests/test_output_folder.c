/* The folder appears whole or not at all. */
#include "pki/tests/scratch.h"

#include <openssl/evp.h>
#include <signal.h>
#include <sys/resource.h>

#include "pki/manifest.h"
#include "pki/output_folder.h"

static const char pki[] =
    "{'name': 'x',"
    " 'authorities': [{'id': 'root', 'subject': 'R', 'key': 'p256'},"
    "   {'id': 'ca', 'issuer': 'root', 'subject': 'C', 'key': 'p256', 'serial': '0a'}],"
    " 'leaves': [{'id': 'www', 'issuer': 'ca', 'names': ['a.test'], 'ocsp_urls': ['u']},"
    "            {'id': 'direct', 'issuer': 'root', 'names': ['a.test']}]}";

#define FILES 13 /* 4 certificates and keys, 2 chains and trust files, the manifest */

static description *d;
static hierarchy h;
static scratch s;

static int make(void **state)
{
    (void)state;
    problem p;
    key_pool pool = {0};
    scratch_make(&s);
    d = described(pki);
    return hierarchy_mint(d, &pool, &h, &p);
}

static int drop(void **state)
{
    (void)state;
    hierarchy_clear(&h);
    description_free(d);
    scratch_remove(s.path);
    return 0;
}

/* Each test leaves the scratch folder as empty as it found it. */
static int empty(void **state)
{
    (void)state;
    return entries_in(s.path) == 0 ? 0 : -1;
}

static char *joined(const char *one, const char *two)
{
    char *first = read_text(scratch_path(&s, one));
    char *second = read_text(scratch_path(&s, two));
    first = realloc(first, strlen(first) + strlen(second) + 1);
    strcat(first, second);
    free(second);
    return first;
}

static void the_folder_holds_everything(void **state)
{
    (void)state;
    problem p;
    assert_int_equal(output_folder_write(&h, scratch_path(&s, "out/"), &p), 0);
    assert_int_equal(entries_in(s.path), 1);
    assert_int_equal(entries_in(scratch_path(&s, "out")), FILES);
    assert_int_equal(mode_of(scratch_path(&s, "out")), 0700);
    assert_int_equal(mode_of(scratch_path(&s, "out/www.key")), 0600);
    assert_int_equal(mode_of(scratch_path(&s, "out/root.key")), 0600);

    static const char *const same[][3] = {{"out/www.pem", "out/ca.pem", "out/www.chain.pem"},
                                          {"out/ca.pem", "out/root.pem", "out/www.trusted.pem"}};
    for (size_t i = 0; i < 2; i++) {
        char *expected = joined(same[i][0], same[i][1]);
        char *found = read_text(scratch_path(&s, same[i][2]));
        assert_string_equal(found, expected);
        free(found);
        free(expected);
    }
    /* Without an intermediate the chain is the leaf, and the root alone is trusted. */
    char *chain = read_text(scratch_path(&s, "out/direct.chain.pem"));
    char *leaf = read_text(scratch_path(&s, "out/direct.pem"));
    char *trusted = read_text(scratch_path(&s, "out/direct.trusted.pem"));
    char *root = read_text(scratch_path(&s, "out/root.pem"));
    assert_string_equal(chain, leaf);
    assert_string_equal(trusted, root);
    free(chain);
    free(leaf);
    free(trusted);
    free(root);
    scratch_remove(scratch_path(&s, "out"));
}

static void an_empty_folder_is_taken_and_a_full_one_kept(void **state)
{
    (void)state;
    problem p = {0};
    assert_int_equal(mkdir(scratch_path(&s, "out"), 0755), 0);
    assert_int_equal(output_folder_check(scratch_path(&s, "out"), &p), 0);
    assert_int_equal(output_folder_write(&h, scratch_path(&s, "out"), &p), 0);
    assert_int_equal(mode_of(scratch_path(&s, "out")), 0700);

    char *before = read_text(scratch_path(&s, "out/manifest.json"));
    assert_int_equal(output_folder_write(&h, scratch_path(&s, "out"), &p), -1);
    assert_int_equal(p.status, 500);
    assert_non_null(strstr(told(&p), "/out: the folder is not empty (accepted: a new name"));
    char *after = read_text(scratch_path(&s, "out/manifest.json"));
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_int_equal(entries_in(s.path), 1);
    scratch_remove(scratch_path(&s, "out"));
}

static void places_that_cannot_be_are_named(void **state)
{
    (void)state;
    problem p = {0};
    assert_int_equal(output_folder_write(&h, scratch_path(&s, "no/such"), &p), -1);
    assert_non_null(strstr(told(&p), "/no/such: No such file or directory"));
    write_text(scratch_path(&s, "file"), "kept");
    assert_int_equal(output_folder_write(&h, scratch_path(&s, "file"), &p), -1);
    assert_non_null(strstr(told(&p), "/file: Not a directory"));
    assert_int_equal(entries_in(s.path), 1);
    assert_int_equal(unlink(scratch_path(&s, "file")), 0);
}

/* rename(2) does not replace a link, whether or not something is behind it. */
static void a_link_that_leads_nowhere_is_kept(void **state)
{
    (void)state;
    problem p = {0};
    assert_int_equal(symlink("nowhere", scratch_path(&s, "link")), 0);
    assert_int_equal(output_folder_write(&h, scratch_path(&s, "link"), &p), -1);
    assert_non_null(strstr(told(&p), "/link: Not a directory"));
    assert_int_equal(entries_in(s.path), 1);
    assert_int_equal(unlink(scratch_path(&s, "link")), 0);
}

/* A limit on the size of files stands for a full disk: certificates pass, the manifest does not. */
static void a_write_that_fails_leaves_nothing(void **state)
{
    (void)state;
    problem p = {0};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 1600, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int status = output_folder_write(&h, scratch_path(&s, "out"), &p);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, -1);
    assert_int_equal(p.status, 500);
    assert_string_equal(told(&p), "manifest.json: File too large");
    assert_int_equal(entries_in(s.path), 0);
}

static void the_manifest_says_what_was_minted(void **state)
{
    (void)state;
    json_t *manifest = manifest_new(d);
    json_t *certificates = json_object_get(manifest, "certificates");
    assert_string_equal(json_string_value(json_object_get(manifest, "name")), "x");
    assert_int_equal(json_integer_value(json_object_get(manifest, "now")), NOW);
    static const char *const order[] = {"root", "ca", "www", "direct"};
    size_t at = 0;
    const char *id;
    json_t *value;
    json_object_foreach(certificates, id, value)
    {
        assert_string_equal(id, order[at++]);
    }
    assert_int_equal(at, 4);

    json_t *expected = quoted(
        "{'role': 'authority', 'issuer': 'root', 'subject': 'C', 'serial': 'a', 'key': 'p256',"
        " 'certificate': 'ca.pem', 'private_key': 'ca.key', 'ocsp_urls': [],"
        " 'must_staple': false, 'eku': 'none', 'not_before': 1861920000,"
        " 'not_after': 2208816000}");
    assert_true(json_equal(json_object_get(certificates, "ca"), expected));
    json_decref(expected);
    json_t *www = json_object_get(certificates, "www");
    assert_string_equal(json_string_value(json_object_get(www, "role")), "leaf");
    assert_string_equal(json_string_value(json_object_get(www, "issuer")), "ca");
    assert_string_equal(json_string_value(json_object_get(www, "chain")), "www.chain.pem");
    assert_string_equal(json_string_value(json_object_get(www, "trusted")), "www.trusted.pem");
    assert_string_equal(json_string_value(json_object_get(www, "eku")), "server-auth");
    assert_int_equal(json_array_size(json_object_get(www, "ocsp_urls")), 1);
    json_decref(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_folder_holds_everything, empty),
        cmocka_unit_test_teardown(an_empty_folder_is_taken_and_a_full_one_kept, empty),
        cmocka_unit_test_teardown(places_that_cannot_be_are_named, empty),
        cmocka_unit_test_teardown(a_link_that_leads_nowhere_is_kept, empty),
        cmocka_unit_test_teardown(a_write_that_fails_leaves_nothing, empty),
        cmocka_unit_test_teardown(the_manifest_says_what_was_minted, empty),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
