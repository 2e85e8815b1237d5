/*
 * The catalogue of what config says about the keys that name other units, word for word; the rest
 * of it is in test_config_messages.c.
 */
#include "config_fixture.h"

/* Lines 1 to 8; a unit under test follows from line 9. */
#define OTHERS                                                                                     \
    "[service:db]\ncommand = x\ntags = back\n[job:migrate]\ncommand = x\n"                         \
    "[service:web]\ncommand = x\ninstances = 3\n"
#define UNIT OTHERS "[service:app]\ncommand = x\n"
#define OFF OTHERS "[service:off]\ncommand = x\nenabled = no\ntags = o\n"
#define SMALL_UNIT(name, keys) "[service:" name "]\ncommand = x\n" keys

struct row {
    const char *text;
    const char *says; /* lines joined by newlines; "" for a good one */
};

static void join(struct strbuf *to, char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        strbuf_addf(to, "%s%s", i ? "\n" : "", lines[i]);
        assert_non_null(strstr(lines[i], "; ")); /* what would be right */
    }
}

static void check_rows(const struct row *rows, size_t n, bool warnings)
{
    for (size_t i = 0; i < n; i++) {
        struct strbuf said = STRBUF_INIT;
        struct loaded l = load_text(rows[i].text);

        if (warnings)
            join(&said, l.errors.warnings, l.errors.n_warnings);
        else
            join(&said, l.errors.lines, l.errors.n_lines);
        if (strcmp(strbuf_text(&said), rows[i].says) != 0)
            print_error("for:\n%s\n", rows[i].text);
        assert_string_equal(strbuf_text(&said), rows[i].says);
        strbuf_finish(&said);
        unload(&l);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows), false)
#define CHECK_WARNINGS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows), true)

static void about_names(void **state)
{
    static const struct row rows[] = {
        {UNIT "requires = bd\n", "t.ini:11: [service:app] requires: there is no unit 'bd'; did you "
                                 "mean 'db'?"},
        {UNIT "wants = queue\n",
         "t.ini:11: [service:app] wants: there is no unit 'queue'; define it by [service:queue] or "
         "[job:queue], or remove it here"},
        {UNIT "before = queue\n",
         "t.ini:11: [service:app] before: there is no unit 'queue'; define it by [service:queue] "
         "or [job:queue], or remove it here"},
        {UNIT "requires = db.service network.target\n",
         "t.ini:11: [service:app] requires: there is no unit 'db.service'; did you mean 'db'?\n"
         "t.ini:11: [service:app] requires: there is no unit 'network.target'; reeve has no units "
         "of that kind: remove it"},
        {UNIT "requires = service:db\n", "t.ini:11: [service:app] requires: 'service:db' is the "
                                         "title of a section; write db"},
        {UNIT "requires = db, migrate\n",
         "t.ini:11: [service:app] requires: 'db,' is no name; separate units by white space, not "
         "by ','"},
        {UNIT "after = w*\n", "t.ini:11: [service:app] after: 'w*' is no name; give the units a "
                              "tag and write tag:NAME"},
        {UNIT "requires = \"db web\"\n",
         "t.ini:11: [service:app] requires: '\"db' is no name; write names without quotes\n"
         "t.ini:11: [service:app] requires: 'web\"' is no name; write names without quotes"},
        {UNIT "requires = db@ @1\n",
         "t.ini:11: [service:app] requires: there is no 'db@', since 'db' has no instances; write "
         "db\n"
         "t.ini:11: [service:app] requires: there is no unit '@1'; write NAME, NAME@NUMBER or "
         "tag:NAME, each maybe with :CONDITION"},
        {UNIT "requires = db : ready\n",
         "t.ini:11: [service:app] requires: there is no unit ''; write NAME, NAME@NUMBER or "
         "tag:NAME, each maybe with :CONDITION\n"
         "t.ini:11: [service:app] requires: there is no unit 'ready'; a condition follows its unit "
         "without white space, as in db:ready"},
        {UNIT "requires = db web db\n",
         "t.ini:11: [service:app] requires: 'db' is named twice; write it once"},
        {UNIT "requires = tag:back db tag:back:started\n",
         "t.ini:11: [service:app] requires: 'tag:back:started' is named twice; write it once"},
        {UNIT "after = app\n",
         "t.ini:11: [service:app] after: 'app' is this unit itself; remove it here"},
        {UNIT "before = app\n",
         "t.ini:11: [service:app] before: 'app' is this unit itself; remove it here"},
        {UNIT "requires = web@4\n",
         "t.ini:11: [service:app] requires: there is no 'web@4'; the instances are web@1 to web@3, "
         "and 'web' means all of them"},
        {UNIT "requires = web@01\n",
         "t.ini:11: [service:app] requires: there is no 'web@01'; the instances are web@1 to "
         "web@3, and 'web' means all of them"},
        {UNIT "requires = db@1\n", "t.ini:11: [service:app] requires: there is no 'db@1', since "
                                   "'db' has no instances; write db"},
        {UNIT "requires = tag:bakc\n", "t.ini:11: [service:app] requires: no unit has the tag "
                                       "'bakc'; did you mean 'tag:back'?"},
        {UNIT "requires = tag:other\n",
         "t.ini:11: [service:app] requires: no unit has the tag 'other'; write it into the 'tags' "
         "of some, or remove it here"},
        {UNIT "requires = tag:\n", "t.ini:11: [service:app] requires: the tag has no name; write "
                                   "for example tag:backend"},
        {UNIT "requires = tag:mine\ntags = mine\n",
         "t.ini:11: [service:app] requires: no other unit has the tag 'mine'; write it into the "
         "'tags' of some, or remove it here"},
        /* What is named in a header that is refused is no second error. */
        {UNIT "requires = cache\n[servce:cache]\ncommand = x\n",
         "t.ini:12: [servce:cache] unknown section; did you mean [service:cache]?"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void about_conditions(void **state)
{
    static const struct row rows[] = {
        {UNIT "requires = db:redy\n",
         "t.ini:11: [service:app] requires: 'redy' is not a condition; did you mean db:ready?"},
        {UNIT "requires = db:xyzzy\n", "t.ini:11: [service:app] requires: 'xyzzy' is not a "
                                       "condition; write db:started, db:ready, "
                                       "db:healthy or db:completed"},
        {UNIT "requires = tag:back:xyzzy\n",
         "t.ini:11: [service:app] requires: 'xyzzy' is not a condition; write tag:back:started, "
         "tag:back:ready, tag:back:healthy or tag:back:completed"},
        {UNIT "requires = db:\n",
         "t.ini:11: [service:app] requires: no condition stands behind 'db:'; write db, or for "
         "example db:started"},
        {UNIT "requires = db:healthy\n", "t.ini:11: [service:app] requires: 'db' has no key "
                                         "'health', so that nothing tells whether "
                                         "it is healthy; give it one, or write db:ready"},
        {UNIT "wants = web:healthy web@2:healthy\n",
         "t.ini:11: [service:app] wants: 'web' has no key 'health', so that nothing tells whether "
         "it is healthy; give it one, or write web:ready\n"
         "t.ini:11: [service:app] wants: 'web@2' has no key 'health', so that nothing tells "
         "whether "
         "it is healthy; give it one, or write web@2:ready"},
        {UNIT "after = tag:mixed:healthy\n"
              "[service:a]\ncommand = x\ntags = mixed\nhealth = notify\n"
              "[job:b]\ncommand = x\ntags = mixed\n",
         "t.ini:11: [service:app] after: 'b' (tag:mixed) has no key 'health', so that nothing "
         "tells "
         "whether it is healthy; give it one, or write tag:mixed:ready"},
        /* A key that is refused may have been meant as one. */
        {UNIT "requires = a:healthy b:healthy\n"
              "[service:a]\ncommand = x\nhealth = x\n[service:b]\ncommand = x\nhelth = notify\n",
         "t.ini:14: [service:a] health: 'x' is not a value of this key; write notify, "
         "tcp:HOST:PORT, unix:PATH or exec:COMMAND\n"
         "t.ini:17: [service:b] helth: unknown key; did you mean 'health'?"},
        {UNIT "requires = db:service_healthy\n",
         "t.ini:11: [service:app] requires: 'service_healthy' is not a condition; did you mean "
         "db:healthy?"},
        {UNIT "requires = migrate:service_completed_successfully\n",
         "t.ini:11: [service:app] requires: 'service_completed_successfully' is not a condition; "
         "did you mean migrate:completed?"},
        {UNIT "before = db:ready\n",
         "t.ini:11: [service:app] before: 'db:ready' has a condition, which belongs to 'after'; "
         "remove it here, or write 'after' there"},
        {UNIT "after = db:completed\n",
         "t.ini:11: [service:app] after: 'db' is a service with restart = always, which never "
         "completes; write db:ready, or give it restart = on-failure"},
        {UNIT "wants = web:completed\n",
         "t.ini:11: [service:app] wants: 'web' is a service with restart = always, which never "
         "completes; write web:ready, or give it restart = on-failure"},
        {UNIT "wants = web@2:completed\n",
         "t.ini:11: [service:app] wants: 'web@2' is a service with restart = always, which never "
         "completes; write web@2:ready, or give it restart = on-failure"},
        {UNIT "wants = tag:back:completed\n",
         "t.ini:11: [service:app] wants: 'db' (tag:back) is a service with restart = always, which "
         "never completes; write tag:back:ready, or give it restart = on-failure"},
        {SMALL_UNIT("a", "restart = on-failure\n") SMALL_UNIT("b", "requires = a:completed\n"), ""},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void about_disabled_units(void **state)
{
    static const struct row rows[] = {
        {OFF SMALL_UNIT("app", "requires = off\n"),
         "t.ini:15: [service:app] requires: 'off' never starts, since it has enabled = no; enable "
         "it, or remove it here"},
        {OFF SMALL_UNIT("app", "requires = tag:o\n"),
         "t.ini:15: [service:app] requires: 'off' (tag:o) never starts, since it has enabled = no; "
         "enable it, or remove it here"},
        {OFF SMALL_UNIT("app", "wants = off\nafter = off\n"), ""},
        /* Neither ever starts. */
        {OFF SMALL_UNIT("app", "requires = off\nenabled = no\n"), ""},
        {OFF SMALL_UNIT("app", "on_failed = start:off\n"),
         "t.ini:15: [service:app] on_failed: 'off' never starts, since it has enabled = no; enable "
         "it, or name another"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void about_instances(void **state)
{
    static const struct row rows[] = {
        {SMALL_UNIT("a", "instances = 0\n"),
         "t.ini:3: [service:a] instances: '0' is not a number that fits; write a whole number from "
         "1 to 1000"},
        {SMALL_UNIT("a", "instances = 1001\n"),
         "t.ini:3: [service:a] instances: '1001' is not a number that fits; write a whole number "
         "from 1 to 1000"},
        /* What is wrong with all of them is told once. */
        {SMALL_UNIT("a", "instances = 500\nstop_timeout = 10\nrequires = nope\nuser = nobdy\n"),
         "t.ini:4: [service:a] stop_timeout: '10' has no unit; write for example 10s or 10ms\n"
         "t.ini:5: [service:a] requires: there is no unit 'nope'; define it by [service:nope] or "
         "[job:nope], or remove it here\n"
         "t.ini:6: [service:a] user: there is no user 'nobdy' on this system; did you mean "
         "'nobody'?"},
        {SMALL_UNIT("a", "instances = 3\nrequires = a\n"),
         "t.ini:4: [service:a] requires: 'a' is this unit itself; remove it here"},
        /* What is wrong with one of them, for this one. */
        {SMALL_UNIT("a", "instances = 3\numask = ${REEVE_INSTANCE}7${REEVE_INSTANCE}7\n"),
         "t.ini:4: [service:a] umask: '1717' is not a mode; write octal digits from 000 to 777, "
         "for example 022 or 0660\n"
         "t.ini:4: [service:a] umask: '2727' is not a mode; write octal digits from 000 to 777, "
         "for example 022 or 0660\n"
         "t.ini:4: [service:a] umask: '3737' is not a mode; write octal digits from 000 to 777, "
         "for example 022 or 0660"},
        {SMALL_UNIT("a", "instances = 2\n") "[job:a]\ncommand = x\ninstances = 2\n",
         "t.ini:4: [job:a] the name 'a' is already taken in line 1; a name is used once, by a "
         "service or a job"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

#define ONE_UNIT "write start:NAME, or for several units give them a tag and write start:tag:TAG"

static void about_failures(void **state)
{
    static const struct row rows[] = {
        {UNIT "on_failed = restart\n",
         "t.ini:11: [service:app] on_failed: 'restart' is not a value of this key; write ignore, "
         "shutdown or start:NAME (a unit)"},
        {UNIT "on_failed = migrate\n",
         "t.ini:11: [service:app] on_failed: 'migrate' is not a value of this key; did you mean "
         "start:migrate?"},
        {UNIT "on_failed = start:\n",
         "t.ini:11: [service:app] on_failed: 'start:' does not name one unit; " ONE_UNIT},
        {UNIT "on_failed = start:db web\n",
         "t.ini:11: [service:app] on_failed: 'start:db web' does not name one unit; " ONE_UNIT},
        {UNIT "on_failed = start:db,web\n",
         "t.ini:11: [service:app] on_failed: 'start:db,web' does not name one unit; " ONE_UNIT},
        {UNIT "on_failed = start:bd\n",
         "t.ini:11: [service:app] on_failed: there is no unit 'bd'; did you mean 'db'?"},
        {UNIT "on_failed = start:db:ready\n",
         "t.ini:11: [service:app] on_failed: 'start:db:ready' has a condition, which means nothing "
         "here; write start:NAME"},
        {UNIT "on_failed = start:app\n",
         "t.ini:11: [service:app] on_failed: 'app' is this unit itself; name another ('restart' "
         "says if it starts again)"},
        {"[job:once]\ncommand = x\non_failed = start:once\n",
         "t.ini:3: [job:once] on_failed: 'once' is this unit itself; name another ('retries' says "
         "how often it starts again)"},
        {UNIT "tags = mine\non_failed = start:tag:mine\n",
         "t.ini:12: [service:app] on_failed: no other unit has the tag 'mine'; write it into the "
         "'tags' of some"},
        {SMALL_UNIT("a", "on_failed = start:b\n") SMALL_UNIT("b", "on_failed = start:a\n"),
         "t.ini:3: [service:a] on_failed: units start each other when they fail: a starts b, b "
         "starts a; take one of these out"},
        {SMALL_UNIT("a", "on_failed = start:b\n") SMALL_UNIT("b", "requires = a\n"),
         "t.ini:3: [service:a] on_failed: 'b' requires 'a', directly or not, so it cannot start "
         "once that has failed; name another unit, or change its 'requires' to 'wants'"},
        {SMALL_UNIT("a", "on_failed = start:b\ninstances = 70\n") SMALL_UNIT("b", "requires = c\n")
             SMALL_UNIT("c", "requires = a@70\n"),
         "t.ini:3: [service:a] on_failed: 'b' requires 'a', directly or not, so it cannot start "
         "once that has failed; name another unit, or change its 'requires' to 'wants'"},
        {SMALL_UNIT("a", "on_failed = start:b\n") SMALL_UNIT("b", "wants = a\nafter = a\n"), ""},
        {SMALL_UNIT("a", "on_failed = start:b\nrequires = b\n") SMALL_UNIT("b", ""), ""},
    };

    (void)state;
    CHECK_ROWS(rows);
}

#define REEVE(keys) "[reeve]\n" keys OTHERS

static void about_the_end(void **state)
{
    static const struct row rows[] = {
        {REEVE("exit_when = done\n"), "t.ini:2: [reeve] exit_when: 'done' is not a value of this "
                                      "key; write never, all-done or any-failed"},
        {REEVE("exit_code_from = bd\n"),
         "t.ini:2: [reeve] exit_code_from: there is no unit 'bd'; did you mean 'db'?"},
        {REEVE("exit_code_from = web\n"), "t.ini:2: [reeve] exit_code_from: 'web' has 3 instances; "
                                          "name one of them, for example web@1"},
        {REEVE("exit_code_from = db migrate\n"),
         "t.ini:2: [reeve] exit_code_from: 'db migrate' is not one unit; write the name of one"},
        {REEVE("exit_code_from = tag:back\n"),
         "t.ini:2: [reeve] exit_code_from: 'tag:back' is not one unit; write the name of one"},
        {REEVE("exit_code_from = db:ready\n"),
         "t.ini:2: [reeve] exit_code_from: 'db:ready' has a condition, which means nothing here; "
         "write the name alone"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void about_circles(void **state)
{
    static const struct row rows[] = {
        {SMALL_UNIT("a", "requires = b\n") SMALL_UNIT("b", "after = a:started\n"),
         "t.ini:3: [service:a] requires: units wait for each other in a circle: a requires b, b is "
         "after a; take one of these out"},
        {SMALL_UNIT("a", "requires = b\n") SMALL_UNIT("b", "after = c\n")
             SMALL_UNIT("c", "wants = a\n"),
         "t.ini:3: [service:a] requires: units wait for each other in a circle: a requires b, b is "
         "after c, c wants a; take one of these out"},
        /* The same unit by two keys. */
        {SMALL_UNIT("a", "requires = b\nbefore = b\n") SMALL_UNIT("b", ""),
         "t.ini:3: [service:a] requires: units wait for each other in a circle: a requires b, b is "
         "after a (a has before = b); take one of these out"},
        {SMALL_UNIT("a", "before = b\n") SMALL_UNIT("b", "before = a\n"),
         "t.ini:6: [service:b] before: units wait for each other in a circle: a is after b (b has "
         "before = a), b is after a (a has before = b); take one of these out"},
        /* By tags. */
        {SMALL_UNIT("a", "requires = tag:t\n") SMALL_UNIT("b", "tags = t\nbefore = tag:u\n")
             SMALL_UNIT("c", "tags = t u\nafter = a\n"),
         "t.ini:3: [service:a] requires: units wait for each other in a circle: a requires c "
         "(tag:t), c is after a; take one of these out"},
        {SMALL_UNIT("a", "tags = t\nrequires = b\n") SMALL_UNIT("b", "requires = c\n")
             SMALL_UNIT("c", "before = x\nrequires = d\n") SMALL_UNIT("d", "requires = a\n")
                 SMALL_UNIT("x", "before = tag:t\n"),
         "t.ini:4: [service:a] requires: units wait for each other in a circle: a requires b, b "
         "requires c, c requires d, d requires a; take one of these out"},
        {SMALL_UNIT("a", "tags = t\nbefore = b\n") SMALL_UNIT("b", "before = tag:t\n"),
         "t.ini:7: [service:b] before: units wait for each other in a circle: a is after b (b has "
         "before = tag:t), b is after a (a has before = b); take one of these out"},
        /* Apart from each other. */
        {SMALL_UNIT("a", "requires = b\n") SMALL_UNIT("b", "requires = a\n")
             SMALL_UNIT("c", "requires = d\n") SMALL_UNIT("d", "requires = c\n"),
         "t.ini:3: [service:a] requires: units wait for each other in a circle: a requires b, b "
         "requires a; take one of these out\n"
         "t.ini:9: [service:c] requires: units wait for each other in a circle: c requires d, d "
         "requires c; take one of these out"},
        /* With a unit in common: both are told, since no key is in both. */
        {SMALL_UNIT("a", "requires = b\nafter = c\n") SMALL_UNIT("b", "requires = a\n")
             SMALL_UNIT("c", "requires = a\n"),
         "t.ini:3: [service:a] requires: units wait for each other in a circle: a requires b, b "
         "requires a; take one of these out\n"
         "t.ini:4: [service:a] after: units wait for each other in a circle: a is after c, c "
         "requires a; take one of these out"},
        /* Of instances: once, whichever they go through. */
        {SMALL_UNIT("a", "instances = 20\nrequires = b@${REEVE_INSTANCE}\n")
             SMALL_UNIT("b", "instances = 20\nafter = a@${REEVE_INSTANCE}\n"),
         "t.ini:4: [service:a] requires: units wait for each other in a circle: a@1 requires b@1, "
         "b@1 is after a@1; take one of these out"},
        {SMALL_UNIT("a", "instances = 20\nrequires = b\n")
             SMALL_UNIT("b", "instances = 20\nafter = a\n"),
         "t.ini:4: [service:a] requires: units wait for each other in a circle: a@1 requires b@1, "
         "b@1 is after a@1; take one of these out"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void about_long_circles(void **state)
{
    static const char ring[] = "t.ini:3: [service:u0] requires: units wait for each other in a "
                               "circle: u0 requires u1, u1 requires u2, u2 requires u3, u3 "
                               "requires u4, u4 requires u5, u5 requires u6, u6 requires u7, u7 "
                               "requires u8, and so on through 90 more units, until u98 requires "
                               "u99, u99 requires u0; take one of these out";
    struct strbuf text = STRBUF_INIT;

    (void)state;
    for (int i = 0; i < 100; i++)
        strbuf_addf(&text, "[service:u%d]\ncommand = x\nrequires = u%d\n", i, (i + 1) % 100);
    assert_errors(load_text(strbuf_text(&text)), ERRORS(ring));
    strbuf_finish(&text);
}

#define NEVER_FAILS                                                                                \
    "warning: this never follows, since 'app' is tried again whenever it fails, also to start; "   \
    "give it a 'restart_limit', or restart = never"

static void warnings(void **state)
{
    static const struct row rows[] = {
        {OFF SMALL_UNIT("app", "wants = off\n"),
         "t.ini:15: [service:app] wants: warning: 'off' never starts, since it has enabled = no; "
         "enable it, or remove it here"},
        {OFF SMALL_UNIT("app", "wants = tag:o\nafter = off\n"), ""},
        {UNIT "restart = never\non_failed = start:db\n",
         "t.ini:12: [service:app] on_failed: warning: 'db' is up anyway, since it starts with "
         "reeved; give it autostart = no"},
        {UNIT "on_failed = start:migrate\nrestart = never\n", ""},
        {UNIT "on_failed = start:migrate\n", "t.ini:11: [service:app] on_failed: " NEVER_FAILS},
        {UNIT "on_failed = shutdown\nrestart = on-failure\ninstances = 3\n",
         "t.ini:11: [service:app] on_failed: " NEVER_FAILS},
        {UNIT "on_failed = shutdown\nrestart_limit = 1\n", ""},
        {UNIT "on_failed = shutdown\nessential = yes\n", ""},
        {UNIT "on_failed = ignore\n", ""},
        {"[job:a]\ncommand = x\non_failed = shutdown\nretries = 3\n", ""},
        {UNIT "wants = db\nrequires = \non_dependency_restart = restart\n",
         "t.ini:13: [service:app] on_dependency_restart: warning: this unit requires no other, so "
         "that it never follows one; name some in 'requires', or remove the key"},
        {UNIT "requires = db\non_dependency_restart = restart\n", ""},
        {UNIT "on_dependency_restart = ignore\n", ""},
        {"[reeve]\nexit_when = all-done\n" OTHERS,
         "t.ini:2: [reeve] exit_when: warning: this never comes, since 'db' starts with reeved and "
         "is always restarted; give it autostart = no, so that it is up only for units that "
         "require it"},
        {"[reeve]\nexit_when = any-failed\n" OTHERS, ""},
        {"[reeve]\nexit_when = all-done\n" SMALL_UNIT("a", "autostart = no\n")
             SMALL_UNIT("b", "restart = on-failure\n"),
         ""},
        {"[reeve]\nexit_when = all-done\n[job:a]\ncommand = x\n" SMALL_UNIT("b",
                                                                            "autostart = no\n"),
         "t.ini:2: [reeve] exit_when: warning: nothing starts with reeved, which waits until "
         "something is started by hand; give what is to be done autostart = yes"},
        {"[reeve]\nexit_when = all-done\n[job:a]\ncommand = x\nautostart = yes\n", ""},
        {"[reeve]\nexit_when = any-failed\n[job:a]\ncommand = x\n", ""},
        {"[reeve]\nexit_code_from = off\n" OFF,
         "t.ini:2: [reeve] exit_code_from: warning: 'off' never starts, since it has enabled = no; "
         "enable it, or name another"},
    };

    (void)state;
    CHECK_WARNINGS(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(about_names),     cmocka_unit_test(about_conditions),
        cmocka_unit_test(about_instances), cmocka_unit_test(about_disabled_units),
        cmocka_unit_test(about_failures),  cmocka_unit_test(about_the_end),
        cmocka_unit_test(about_circles),   cmocka_unit_test(about_long_circles),
        cmocka_unit_test(warnings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
