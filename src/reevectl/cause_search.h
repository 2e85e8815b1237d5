/* One search for a cause, and what the files that search share. */
#ifndef REEVE_REEVECTL_CAUSE_SEARCH_H
#define REEVE_REEVECTL_CAUSE_SEARCH_H

#include "reevectl/cause.h"

/* What the events of the unit come to; all borrowed. Nothing, when they do not lead to the state
 * that it is in: some are lost, or it has moved on since. */
struct history {
    const cJSON *entry;   /* the newest unit.state: into this state */
    const cJSON *starter; /* the request for the start of this run, as far as there was one */
    const cJSON *stopper; /* the request for the stop that is due, or led to the state */
    bool begun;           /* the start of this run is among the events */
    bool was_down;        /* before that it was down, and did not just come back */
};

/* One search, with what is looked at again and again. */
struct search {
    struct cause *c;
    const struct cause_facts *facts;
    const cJSON *unit;
    const cJSON *effective;
    const cJSON *last; /* the newest record, or NULL */
    const char *name;
    bool is_job;
    bool goal_is_up;
    int64_t now_wall_ms;
    int64_t since_ms;
    struct history history;
};

/* The search for the cause of `unit`, which may be another than that of the facts. */
void search_init(struct search *s, struct cause *c, const struct cause_facts *facts,
                 const cJSON *unit, int64_t now_wall_ms);

/* cause_parts.c: sentences and parts of them, about the unit of the search */

bool cause_is_word(const cJSON *object, const char *key, const char *word);
/* c->state: "running since Sat 2026-11-21 12:00:00 CET, 3m ago" */
void cause_add_state(struct search *s, const char *state);
/* "3 times", "once" */
void cause_add_times(struct strbuf *b, int64_t n);
/* c->last_run: "run 41 lasted 2s, until 3s ago: killed by SIGSEGV (segmentation fault)" */
void cause_add_last_run(struct search *s);
/* "root (uid 0, pid 12) asked for a restart", "a user asked for it" */
void cause_add_person(struct strbuf *b, const cJSON *requester, const char *deed);
/* The same for whoever or whatever asked, from a record or an event: "stopped along with db, which
 * it requires". `participle` is what was done, `deed` what a person asked for. */
void cause_add_asker(const struct search *s, struct strbuf *b, const cJSON *asked,
                     const char *participle, const char *deed);
/* c->advice: "to try now: reevectl start db" */
void cause_add_advice(struct search *s, const char *what, const char *command);
/* The same for a start, after what has to be put right before, if that is known. */
void cause_advise_start(struct search *s, const char *otherwise, const char *command);
/* The same for what has failed for good. */
void cause_advise_retry(struct search *s);
/* "restart = never, so it is not tried again" */
void cause_add_finality(const struct search *s, struct strbuf *b);
/* "next try in 3s, restarted 6 times already" */
void cause_add_next_try(const struct search *s, struct strbuf *b);

/* cause_history.c: `events` is a list of Event, the oldest first, or NULL. */
void history_find(struct history *h, const cJSON *unit, const cJSON *events);

/* cause_health.c: what its probes have to do with it */

/* What is wrong with a unit that runs: "unhealthy since Sat 2026-11-21 12:00:00 CET, 3m ago: ..."
 * and what follows from that; or that nothing is known yet. Whether there is something to tell. */
bool cause_add_health(const struct search *s, struct strbuf *b);
/* "not healthy yet: tcp:localhost:80: Connection refused", of one that runs and is not healthy,
 * with this in front. */
void cause_add_not_healthy(const struct search *s, struct strbuf *b, const char *front);

/* cause_hooks.c: what holds, hooks and mistakes have to do with it */

/* "held until 12:30:05, in 3m: root (uid 0, pid 12) asked for it"; whether it is held. */
bool cause_add_hold(const struct search *s, struct strbuf *b);
/* Whether it would start, were it not held. */
bool cause_is_held_up(const cJSON *unit);
/* Whether commands of this hook are at work. */
bool cause_is_in(const struct search *s, enum hook hook);
/* "in pre_start for 3s, which is killed in 7s at the latest" */
void cause_add_hook(const struct search *s, struct strbuf *b);
/* "in 7s at the latest", "at any moment" */
void cause_add_span_left(struct strbuf *b, int64_t left_ms);
/* Of one that runs: "post_start is at work", "post_start failed: command 1 (/srv/x) ...", or
 * nothing.
 */
void cause_add_hooks_of_run(const struct search *s, struct strbuf *b);
/* c->reason and c->advice: what was seen that users often get wrong, and what to do about it. */
void cause_find_mistake(struct search *s);

/* cause_order.c: what other units have to do with it */

/* Waiting for others, before its start. */
void cause_find_waiting(struct search *s);
/* "to stop after web, which is stopping", when its stop waits for others; whether it does. */
bool cause_add_held_stop(const struct search *s, struct strbuf *b);
/* Who wants it up: "root (uid 0, pid 12) started it", "starts with reeved", "web requires it". */
void cause_add_origin(const struct search *s, struct strbuf *b);
/* ", which it requires": how the unit depends on that one, or nothing. */
void cause_add_relation(const struct search *s, struct strbuf *b, const char *other);

#endif
