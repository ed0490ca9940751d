/* The log is what every scenario proves its faults with. */
#include "harness/base/tests/cm.h"

#include <stdio.h>

#include "responders/engine/event_log.h"

static int count_notifications;
static char word[] = "arg";

static void notified(void *arg)
{
    assert_string_equal(arg, "arg");
    count_notifications++;
}

static void append(event_log *log, const char *kind, int value)
{
    event_log_append(log, kind, json_pack("{s:i, s:[s]}", "value", value, "faults", kind));
}

/* "1 3 4": the numbers of the events found. */
static void assert_found(const event_log *log, uint64_t since, const char *match, size_t limit,
                         const char *wanted)
{
    json_t *m = match == NULL ? NULL : json_loads(match, 0, NULL);
    json_t *found = event_log_since(log, since, m, limit);
    json_t *event;
    char text[128] = "";
    size_t i, length = 0;

    json_array_foreach(found, i, event)
    {
        length +=
            (size_t)snprintf(text + length, sizeof(text) - length, "%s%" JSON_INTEGER_FORMAT,
                             i == 0 ? "" : " ", json_integer_value(json_object_get(event, "seq")));
    }
    assert_string_equal(text, wanted);
    json_decref(found);
    json_decref(m);
}

static void events_carry_number_time_and_kind_first(void **state)
{
    event_log *log = event_log_new(4);
    json_t *fields = json_pack("{s:i, s:s}", "seq", 99, "host", "a");
    json_t *found;
    char *text;
    double seconds, rest;
    char tail[80];

    (void)state;
    assert_int_equal(event_log_last(log), 0);
    assert_int_equal(event_log_append(log, "accept", fields), 1);
    assert_int_equal(event_log_append(log, "close", NULL), 2);
    assert_int_equal(event_log_last(log), 2);

    found = event_log_since(log, 0, NULL, 0);
    text = json_dumps(json_array_get(found, 0), JSON_REAL_PRECISION(15));
    assert_int_equal(sscanf(text, "{\"seq\": 1, \"time\": %lf, %79[^\n]", &seconds, tail), 2);
    assert_true(seconds > 1000000000);
    rest = seconds * 1000 - (double)(long long)(seconds * 1000 + 0.5);
    assert_true(rest < 0.001 && rest > -0.001); /* whole milliseconds */
    assert_string_equal(tail, "\"kind\": \"accept\", \"host\": \"a\"}");
    free(text);
    json_decref(found);
    event_log_free(log);
}

static void events_are_found_from_a_number_on(void **state)
{
    event_log *log = event_log_new(8);

    (void)state;
    assert_found(log, 0, NULL, 0, "");
    for (int i = 1; i <= 5; i++) {
        append(log, i % 2 == 1 ? "odd" : "even", i);
    }
    assert_found(log, 0, NULL, 0, "1 2 3 4 5");
    assert_found(log, 3, NULL, 0, "4 5");
    assert_found(log, 5, NULL, 0, "");
    assert_found(log, UINT64_MAX, NULL, 0, "");
    assert_found(log, 1, NULL, 2, "2 3");
    assert_found(log, 0, "{\"kind\": \"odd\"}", 0, "1 3 5");
    assert_found(log, 0, "{\"kind\": \"odd\"}", 2, "1 3");
    assert_found(log, 0, "{\"kind\": \"odd\", \"value\": 3}", 0, "3");
    assert_found(log, 0, "{\"faults\": [\"even\"]}", 0, "2 4");
    assert_found(log, 0, "{\"absent\": null}", 0, "");
    assert_found(log, 0, "{}", 0, "1 2 3 4 5");
    event_log_free(log);
}

static void the_ring_keeps_the_newest_and_counts_the_rest(void **state)
{
    event_log *log = event_log_new(3);
    json_t *counts;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        append(log, "a", i);
    }
    assert_int_equal(event_log_dropped(log), 0);
    append(log, "b", 4);
    append(log, "b", 5);
    assert_int_equal(event_log_dropped(log), 2);
    assert_found(log, 0, NULL, 0, "3 4 5");
    assert_found(log, 4, NULL, 0, "5");
    counts = json_pack("{s:i, s:i}", "a", 3, "b", 2);
    assert_true(json_equal(event_log_counts(log), counts));
    json_decref(counts);
    event_log_free(log);
}

static void faults_are_counted_as_they_are_told(void **state)
{
    event_log *log = event_log_new(1);
    json_t *wanted = json_pack("{s:i, s:i}", "a", 3, "b", 1);

    (void)state;
    assert_int_equal(json_object_size(event_log_faults(log)), 0);
    event_log_append(log, "response", json_pack("{s:[s, s]}", "faults", "a", "b"));
    event_log_append(log, "close", json_pack("{s:[s]}", "faults", "a"));
    event_log_append(log, "listener", json_pack("{s:[s]}", "faults", "a"));
    event_log_append(log, "request", json_pack("{s:[s], s:[]}", "planned", "c", "faults"));
    event_log_append(log, "accept", NULL);
    assert_true(json_equal(event_log_faults(log), wanted)); /* also those that fell out */
    event_log_clear(log);
    assert_int_equal(json_object_size(event_log_faults(log)), 0);
    json_decref(wanted);
    event_log_free(log);
    event_log_free(NULL);
}

static void a_ring_has_room_for_one_at_least(void **state)
{
    event_log *log = event_log_new(0);

    (void)state;
    append(log, "a", 1);
    append(log, "a", 2);
    assert_found(log, 0, NULL, 0, "2");
    event_log_free(log);
}

static void clearing_forgets_all_but_the_numbers(void **state)
{
    event_log *log = event_log_new(3);

    (void)state;
    for (int i = 1; i <= 5; i++) {
        append(log, "a", i);
    }
    event_log_clear(log);
    assert_found(log, 0, NULL, 0, "");
    assert_int_equal(event_log_last(log), 5);
    assert_int_equal(event_log_dropped(log), 0);
    assert_int_equal(json_object_size(event_log_counts(log)), 0);
    append(log, "a", 6);
    assert_found(log, 0, NULL, 0, "6");
    for (int i = 7; i <= 9; i++) {
        append(log, "a", i);
    }
    assert_found(log, 0, NULL, 0, "7 8 9");
    assert_int_equal(event_log_dropped(log), 1);
    event_log_free(log);
}

static void the_listener_hears_of_each_event(void **state)
{
    event_log *log = event_log_new(2);

    (void)state;
    count_notifications = 0;
    event_log_on_append(log, notified, word);
    append(log, "a", 1);
    append(log, "a", 2);
    append(log, "a", 3);
    event_log_on_append(log, NULL, NULL);
    append(log, "a", 4);
    assert_int_equal(count_notifications, 3);
    event_log_free(log);
}

/* A large event takes the place of many small ones, and is kept in any case. */
static void the_ring_is_bounded_by_octets_too(void **state)
{
    event_log *log = event_log_new(8);
    json_t *large = json_array();

    (void)state;
    for (int i = 0; i < 8; i++) {
        append(log, "small", i);
    }
    assert_found(log, 0, NULL, 0, "1 2 3 4 5 6 7 8");
    assert_true(event_log_octets(log) < event_log_octets_max(log) / 4);
    for (int i = 0; i < 300; i++) {
        json_array_append_new(large, json_sprintf("2001:db8::%0*d", 40, i));
    }
    event_log_append(log, "large", json_pack("{s:O}", "answers", large));
    assert_true(event_log_octets(log) <= event_log_octets_max(log));
    assert_found(log, 0, "{\"kind\": \"large\"}", 0, "9");
    event_log_append(log, "large", json_pack("{s:O}", "answers", large));
    assert_found(log, 0, NULL, 0, "10");
    assert_int_equal(event_log_dropped(log), 9);
    while (json_array_size(large) < 3000) {
        json_array_extend(large, large);
    }
    event_log_append(log, "large", json_pack("{s:O}", "answers", large));
    assert_found(log, 0, NULL, 0, "11");
    assert_true(event_log_octets(log) > event_log_octets_max(log));
    append(log, "small", 1);
    assert_found(log, 0, NULL, 0, "12");
    event_log_clear(log);
    assert_int_equal(event_log_octets(log), 0);
    json_decref(large);
    event_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_carry_number_time_and_kind_first),
        cmocka_unit_test(events_are_found_from_a_number_on),
        cmocka_unit_test(the_ring_keeps_the_newest_and_counts_the_rest),
        cmocka_unit_test(faults_are_counted_as_they_are_told),
        cmocka_unit_test(a_ring_has_room_for_one_at_least),
        cmocka_unit_test(clearing_forgets_all_but_the_numbers),
        cmocka_unit_test(the_listener_hears_of_each_event),
        cmocka_unit_test(the_ring_is_bounded_by_octets_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
