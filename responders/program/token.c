/* See token.h. */
#include "responders/program/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/memory.h"

/* A group may be meant to read it: that is how secrets are given to a container. */
static int check_mode(FILE *file, const char *option, const char *path, problem *p)
{
    struct stat st;

    if (fstat(fileno(file), &st) != 0) {
        return problem_refuse(p, "", "%s %.200s: %s", option, path, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        return problem_refuse(p, "", "%s %.200s: %s", option, path, strerror(EISDIR));
    }
    if ((st.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        return problem_refuse(p, "", "%s %.200s: everybody may %s it; chmod o-rw it first", option,
                              path, (st.st_mode & S_IROTH) != 0 ? "read" : "write");
    }
    return 0;
}

/* Ends the line in `text`, which has so many octets, and sees that there is no other. */
static int check_line(char *text, size_t length, const char *option, const char *path, problem *p)
{
    size_t line;

    if (length > TOKEN_OCTETS_MAX) {
        return problem_refuse(p, "", "%s %.200s: a token file has at most %d octets", option, path,
                              TOKEN_OCTETS_MAX);
    }
    if (memchr(text, '\0', length) != NULL) {
        return problem_refuse(p, "", "%s %.200s: a token file is text, without a NUL", option,
                              path);
    }
    text[length] = '\0';
    line = strcspn(text, "\r\n");
    if (text[line] != '\0' && strcmp(text + line, "\n") != 0 && strcmp(text + line, "\r\n") != 0) {
        return problem_refuse(p, "", "%s %.200s: a token file has one line, this one has more",
                              option, path);
    }
    text[line] = '\0';
    return 0;
}

int token_read(const char *option, const char *path, char **out, problem *p)
{
    char text[TOKEN_OCTETS_MAX + 2];
    FILE *file = fopen(path, "re");
    size_t length;
    int rc;

    if (file == NULL) {
        return problem_refuse(p, "", "%s %.200s: %s", option, path, strerror(errno));
    }
    rc = check_mode(file, option, path, p);
    if (rc == 0) {
        length = fread(text, 1, TOKEN_OCTETS_MAX + 1, file);
        rc = check_line(text, length, option, path, p);
    }
    fclose(file);
    if (rc == 0) {
        *out = memory_text(text);
    }
    explicit_bzero(text, sizeof(text));
    return rc;
}
