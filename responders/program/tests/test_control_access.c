/* Who may use the control API: the file system says so for a Unix socket, a token on TCP. */
#include "responders/program/tests/access_fixture.h"

static void tcp_needs_the_token(void **state)
{
    process p;
    response a = {0};
    int fd;

    (void)state;
    start_with(&p, "tcp:127.0.0.1:0", TOKEN "\n");
    fd = connect_tcp(control_port(&p));
    assert_status(fd, NULL, 401, &a);
    assert_non_null(strstr(a.headers, "\r\nWWW-Authenticate: Bearer realm=\"staplelab\"\r\n"));
    assert_non_null(strstr(a.headers, "application/problem+json"));
    assert_status(fd, "Bearer " TOKEN, 200, &a);
    assert_status(fd, "bearer " TOKEN, 200, &a);
    assert_status(fd, "Bearer " TOKEN "x", 401, &a);
    assert_status(fd, "Bearer " TOKEN TOKEN, 401, &a);
    assert_status(fd, "Bearer 0123456789abcdef-._~+/", 401, &a);
    assert_status(fd, "Bearer 0123456789abcdeX-._~+/=", 401, &a);
    assert_status(fd, "Bearer X123456789abcdef-._~+/=", 401, &a);
    assert_status(fd, "Bearer ", 401, &a);
    assert_status(fd, "Basic " TOKEN, 401, &a);
    assert_status(fd, TOKEN, 401, &a);
    http(fd, "GET", "/metrics", NULL, 401, &a);
    http(fd, "POST", "/v1/nosuch", "{", 401, &a);
    http(fd, "PUT", "/v1/rules", "[]", 401, &a);
    assert_status(fd, "Bearer " TOKEN, 200, &a);
    assert_int_equal(integer_of(&a, "generation"), 0);
    response_clear(&a);
    close(fd);
    process_stop(&p);
}

static void a_token_counts_on_a_unix_socket_too(void **state)
{
    process p;
    response a = {0};
    int fd;

    (void)state;
    start_with(&p, NULL, TOKEN);
    fd = connect_unix(p.path);
    assert_status(fd, NULL, 401, &a);
    assert_status(fd, "Bearer " TOKEN, 200, &a);
    response_clear(&a);
    close(fd);
    process_stop(&p);
}

/* Starts it with these control options, which it refuses. */
static void refused(process *p, const char *where, const char *token_file, int status,
                    const char *wanted)
{
    const char *const arguments[] = {"--listen",
                                     "127.0.0.1:0",
                                     "--control",
                                     where,
                                     token_file == NULL ? NULL : "--control-token-file",
                                     token_file,
                                     NULL};
    char out[256], err[1024], line[1024];

    process_spawn(p, arguments);
    assert_int_equal(process_wait(p, out, sizeof(out), err, sizeof(err)), status);
    snprintf(line, sizeof(line), "fake-program: %s\n", wanted);
    assert_string_equal(err, line);
    assert_string_equal(out, "");
}

static void what_cannot_be_served_is_refused(void **state)
{
    process p;
    char file[112], where[128], wanted[512];

    (void)state;
    process_folder(&p);
    snprintf(file, sizeof(file), "%s/file", p.folder);
    write_file(file, "too-short\n");
    refused(&p, "tcp:127.0.0.1:0", NULL, 1,
            "a control API on TCP needs a token: give --control-token-file");
    refused(&p, "tcp:127.0.0.1:0", file, 1,
            "a control token is at least 16 letters, digits or any of -._~+/= (RFC 6750)");
    write_file(file, "with a blank in it\n");
    refused(&p, "tcp:127.0.0.1:0", file, 1,
            "a control token is at least 16 letters, digits or any of -._~+/= (RFC 6750)");
    write_file(file, TOKEN);
    refused(&p, "tcp:localhost:0", file, 1,
            "\"tcp:localhost:0\": expected tcp:ADDRESS:PORT, as in tcp:127.0.0.1:0");
    refused(&p, "tcp:a=127.0.0.1:0", file, 1,
            "\"tcp:a=127.0.0.1:0\": expected tcp:ADDRESS:PORT, as in tcp:127.0.0.1:0");
    refused(&p, "/tmp/x", NULL, 1, "\"/tmp/x\": expected unix:PATH or tcp:ADDRESS:PORT");
    refused(&p, "unix:", NULL, 1,
            "\"unix:\": the path of a Unix socket has 1 to 107 octets, not 0");
    snprintf(where, sizeof(where), "unix:%s", file);
    snprintf(wanted, sizeof(wanted), "cannot listen on %s: it exists and is not a socket", where);
    refused(&p, where, NULL, 1, wanted);
    unlink(file);
    snprintf(where, sizeof(where), "unix:%s/nosuch/control", p.folder);
    snprintf(wanted, sizeof(wanted), "cannot listen on %s: No such file or directory", where);
    refused(&p, where, NULL, 1, wanted);
    snprintf(wanted, sizeof(wanted), "--control-token-file %s: No such file or directory", file);
    refused(&p, p.address, file, 2, wanted);
    process_remove_folder(&p);
}

static void write_octets(const char *path, size_t count, char octet)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    while (count-- > 0) {
        assert_int_equal(fputc(octet, file), octet);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void a_token_file_has_one_line_for_a_few(void **state)
{
    process p;
    char file[112], wanted[512];

    (void)state;
    process_folder(&p);
    snprintf(file, sizeof(file), "%s/file", p.folder);
    snprintf(wanted, sizeof(wanted),
             "--control-token-file %s: a token file has one line, this one has more", file);
    write_file(file, TOKEN "\n" TOKEN "\n");
    refused(&p, p.address, file, 2, wanted);
    write_file(file, TOKEN "\n\n");
    refused(&p, p.address, file, 2, wanted);
    write_file(file, TOKEN "\r" TOKEN);
    refused(&p, p.address, file, 2, wanted);
    snprintf(wanted, sizeof(wanted),
             "--control-token-file %s: a token file has at most 4096 octets", file);
    write_octets(file, 4097, 'a');
    refused(&p, p.address, file, 2, wanted);
    snprintf(wanted, sizeof(wanted), "--control-token-file %s: a token file is text, without a NUL",
             file);
    write_octets(file, 20, '\0');
    refused(&p, p.address, file, 2, wanted);
    write_file(file, TOKEN "\n");
    assert_int_equal(chmod(file, 0644), 0);
    snprintf(wanted, sizeof(wanted),
             "--control-token-file %s: everybody may read it; chmod o-rw it first", file);
    refused(&p, p.address, file, 2, wanted);
    assert_int_equal(chmod(file, 0602), 0);
    snprintf(wanted, sizeof(wanted),
             "--control-token-file %s: everybody may write it; chmod o-rw it first", file);
    refused(&p, p.address, file, 2, wanted);
    unlink(file);
    snprintf(wanted, sizeof(wanted), "--control-token-file %s: Is a directory", p.folder);
    refused(&p, p.address, p.folder, 2, wanted);
    process_remove_folder(&p);
}

static void a_line_may_end_as_it_likes(void **state)
{
    static const char *const texts[] = {TOKEN, TOKEN "\n", TOKEN "\r\n"};
    process p;
    response a = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int fd;

        start_with(&p, NULL, texts[i]);
        fd = connect_unix(p.path);
        assert_status(fd, "Bearer " TOKEN, 200, &a);
        close(fd);
        process_stop(&p);
    }
    response_clear(&a);
}

static void a_long_path_is_refused(void **state)
{
    process p;
    char where[256] = "unix:", wanted[512];

    (void)state;
    process_folder(&p);
    memset(where + 5, 'x', 108);
    snprintf(wanted, sizeof(wanted),
             "\"%s\": the path of a Unix socket has 1 to 107 octets, not 108", where);
    refused(&p, where, NULL, 1, wanted);
    process_remove_folder(&p);
}

static void a_socket_left_behind_is_replaced(void **state)
{
    process p;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    response a = {0};
    int fd;

    (void)state;
    process_folder(&p);
    strcpy(address.sun_path, p.path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    process_start(&p, NULL, NULL);
    fd = connect_unix(p.path);
    http(fd, "GET", "/v1/ready", NULL, 200, &a);
    response_clear(&a);
    close(fd);
    process_stop(&p);
}

static void a_socket_in_use_is_left_alone(void **state)
{
    process p, second;
    response a = {0};
    char wanted[512];
    int fd;

    (void)state;
    process_folder(&p);
    process_start(&p, NULL, NULL);
    second = p;
    snprintf(wanted, sizeof(wanted),
             "cannot listen on %s: another program serves this socket; choose another --control "
             "path",
             p.address);
    second.ready = NULL;
    refused(&second, p.address, NULL, 1, wanted);
    fd = connect_unix(p.path);
    http(fd, "GET", "/v1/ready", NULL, 200, &a);
    response_clear(&a);
    close(fd);
    process_stop(&p);
}

/* Somebody replaced the socket file: it is not ours to remove. */
static void only_its_own_socket_is_removed(void **state)
{
    process p;
    char out[64], err[256];

    (void)state;
    process_folder(&p);
    process_start(&p, NULL, NULL);
    unlink(p.path);
    write_file(p.path, "");
    kill(p.pid, SIGINT);
    assert_int_equal(process_wait(&p, out, sizeof(out), err, sizeof(err)), 0);
    assert_int_equal(unlink(p.path), 0);
    process_remove_folder(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_needs_the_token),
        cmocka_unit_test(a_token_counts_on_a_unix_socket_too),
        cmocka_unit_test(what_cannot_be_served_is_refused),
        cmocka_unit_test(a_token_file_has_one_line_for_a_few),
        cmocka_unit_test(a_line_may_end_as_it_likes),
        cmocka_unit_test(a_long_path_is_refused),
        cmocka_unit_test(a_socket_left_behind_is_replaced),
        cmocka_unit_test(a_socket_in_use_is_left_alone),
        cmocka_unit_test(only_its_own_socket_is_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
