/*
 * The simulator: random worlds drive the real unit machine with a virtual clock. A world holds
 * units, the processes behind them (executor.c), what is scheduled to happen (world.c) and a second
 * opinion on every unit (oracle.c). In most worlds the units depend on each other: a struct order
 * decides what they are told (orders.c), with a second opinion on that (graph_oracle.c). In the
 * others everything is asked of lone units (commands.c). Everything follows from the world's seed.
 */
#ifndef REEVE_SIM_SIM_H
#define REEVE_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ends.h"
#include "core/order.h"
#include "core/unit.h"
#include "core/verdict.h"
#include "graph.h"
#include "prng.h"

enum { SIM_TRACE_KEPT = 80, SIM_RESTARTS_KEPT = 64, SIM_LIMIT_MAX = 50, SIM_COMMANDS_MAX = 3 };

enum exec_progress { EXEC_AHEAD, EXEC_DONE_UNREAD, EXEC_FAILED_UNREAD, EXEC_READ };

/* The processes of one run: what is true, whatever the core believes. */
struct life {
    uint64_t run;
    bool main_there; /* not reaped */
    bool main_dead;  /* a zombie when main_there */
    bool empty_told; /* TREE_EMPTY, or an EXITED that says so, is posted or on its way */
    uint32_t others; /* living processes of the run besides main */
    uint32_t others_killed;
    enum exec_progress exec;
    struct exit_status status;
    bool term_hit_main; /* our signals that found main alive */
    bool kill_hit_main;
    bool killed;
    int64_t killed_ms;
    /* how it will behave */
    bool calm; /* as one would like it to; the rest is false */
    bool exec_fails;
    bool main_ignores_term;
    bool others_ignore_term;
    bool exits_despite_kill; /* was on its way out: SIGKILL found it alive, its code stays */
    int64_t term_delay_ms;
    int64_t resist_ms; /* how long SIGKILL takes */
    /* looks.c: how it looks from outside, and what it tells */
    uint64_t look;        /* number of the newest look */
    bool look_on;         /* it is under way */
    unsigned ill_percent; /* of looks: they fail */
    bool hangs;           /* it feeds no watchdog any more */
    int64_t watchdog_ms;  /* as it has told last */
    /* as of the results that were told since it is ready, or is to become so */
    uint32_t n_looked, n_good, bad_in_row;
    int64_t looked_ms;
};

/* The commands of a unit's hooks, one at a time: what is true, whatever the core believes. */
struct errand {
    uint64_t run;
    uint64_t number; /* of all commands of the unit */
    enum hook hook;
    uint32_t command;
    bool at_work; /* HOOKED is to come */
    bool waits;   /* it has not begun: something is left of the one before */
    bool told;    /* SIGTERM was sent, or was to be */
    bool dead;    /* it has ended, or was killed; what came of it is going */
    struct probe_result result;
    int64_t by_ms; /* the armed timer */
    bool left;     /* something that was killed and is still there */
    bool owes;     /* nothing is, which is to be told */
    uint64_t left_number;
    /* of this run */
    bool calm;                    /* nothing unusual happens */
    bool stubborn;                /* what comes of its commands mostly outlives SIGKILL */
    unsigned n_begun[HOOK_COUNT]; /* first commands */
    unsigned n_good[HOOK_COUNT];
    bool bad[HOOK_COUNT]; /* the last one was */
    bool told_main;       /* by stop_command */
    uint64_t n_reloads;   /* of all runs: begun */
};

/* What an independent reading of DESIGN §3, ready and health, expects of a run. */
struct oracle_looks {
    bool looking;
    int64_t at_lo_ms, at_hi_ms; /* when the next one begins; 0: none */
    int64_t watchdog_ms;
    int64_t ready_ms;
    enum healthiness is;
    bool was_healthy;
    bool is_first; /* the last that was told is its first success */
    uint32_t bad_in_row;
    int64_t bad_ms; /* the last of these */
    int64_t good_wall_ms, bad_wall_ms;
    struct probe_result last_bad;
};

/* What an independent reading of DESIGN §4 expects of a unit. */
struct oracle {
    enum unit_phase phase;
    int64_t deadline_lo_ms, deadline_hi_ms;
    bool again, told_down, ready;
    int64_t patience_ms; /* from SIGKILL to unkillable; 0: the usual */
    uint64_t run;
    int64_t started_ms;
    uint32_t tries, streak, policy_restarts;
    int64_t restarts_ms[SIM_RESTARTS_KEPT]; /* newest at n_restarts - 1 */
    uint32_t n_restarts;
    struct exit_record want; /* of the current run; reason and requested_by at its end */
    enum requested_by by;    /* who began the stop */
    struct requester who;
    bool main_ended;
    int64_t main_ended_ms;
    int64_t kill_from_ms; /* no SIGKILL before */
    int64_t kill_by_ms;   /* whoever asked for the stop waits no longer; 0: for ever */
    bool told_ready;      /* before the news that it executes */
    int64_t extended_ms;  /* no deadline of a run that is up before */
    /* oracle_hooks.c */
    enum hook hook; /* at work; HOOK_NONE */
    uint32_t hook_at;
    int64_t hook_by_ms;
    int64_t hook_own_by_ms; /* the same, by its own key */
    bool left;              /* something of a command outlives its kill */
    int64_t left_by_ms;
    bool interrupted; /* told to end before there was a main process */
    bool tree_gone, hooks_over;
    int64_t spawned_ms;
    int64_t end_by_ms; /* of a stop: post_stop, too, is over */
    bool reload_wanted;
    struct probe_result reload_result;
    int64_t held_until_ms, held_until_wall_ms; /* 0: not held */
    bool spared;
    struct oracle_looks looks;
    unsigned actions[ACT_COUNT];
};

struct sim_unit {
    struct unit_spec spec;
    struct dependency dependencies[SIM_UNITS_MAX];
    uint32_t on_failed_start[1];
    struct unit core;
    struct hook_command commands[HOOK_COUNT][SIM_COMMANDS_MAX];
    struct life life;
    struct errand errand;
    struct oracle oracle;
    int64_t timer_ms;             /* the armed timer; 0: none */
    int64_t look_timer_ms;        /* the same, for looks */
    bool looking;                 /* a look was begun whose result was not taken */
    enum unit_phase looked_while; /* it was begun */
    int64_t kill_by_ms;           /* the earliest that a stop of this run has named; 0: none */
    int64_t end_by_ms;            /* the same, post_stop included */
    int64_t over_by_ms;           /* by its own times its run is over then; 0: it may stay */
    int64_t lag_before_ms;        /* as it was when over_by_ms was known */
    int64_t held_until_ms;        /* as it was told last; 0: not */
    bool told_down;               /* the last command was a stop */
    bool alloc_failed;
    bool released; /* the run's resources were given up */
    uint64_t n_records;
    unsigned n_kept;
    struct exit_record shadow[RECORDS_KEPT]; /* newest at (n_records - 1) % KEPT */
};

enum item_kind {
    ITEM_TIMER,
    ITEM_LOOK_TIMER,
    ITEM_COMMAND,
    ITEM_EXEC,
    ITEM_EXEC_READ,
    ITEM_READY,
    ITEM_MAIN_DIES,
    ITEM_REAP,
    ITEM_OTHER_DIES,
    ITEM_TREE_EMPTY,
    ITEM_FORK,
    ITEM_LOOKED,
    ITEM_FEED,
    ITEM_TELL,
    ITEM_HOOK_ENDS,
    ITEM_HOOK_BY,
    ITEM_HOOK_TOLD,
    ITEM_HOOK_GONE,
    ITEM_RELOAD,
    ITEM_GO_ON,
    ITEM_SHUTDOWN,
    ITEM_SKIP_TO_KILL,
    ITEM_LAST_KILL,
    ITEM_END,
};

struct item {
    int64_t at_ms;
    uint64_t seq;
    enum item_kind kind;
    uint32_t unit;
    uint64_t run;
    int64_t arg;
};

struct trace_line {
    struct moment now;
    enum wish wish; /* else an event: */
    struct event event;
    enum unit_phase before, after;
    uint64_t run;
    int64_t deadline_ms, look_at_ms;
    enum hook hook;
    uint32_t hook_at;
    int64_t hook_by_ms;
    bool hook_left;
    unsigned acts; /* one bit an action */
};

/* One who asked for something and waits for what becomes of it. */
struct sim_operation {
    bool is_open;
    bool is_stuck; /* that is what was told */
    uint32_t unit;
    uint64_t run; /* as it was then */
    uint64_t n_reloads;
    uint64_t asked; /* has reached the unit when the order has done that much */
    struct operation_mark mark;
};

struct world {
    uint64_t seed;
    struct prng prng;
    struct moment now;
    int64_t wall_offset_ms;
    int64_t gap_ms;                        /* the pace of commands */
    int64_t lag_ms;                        /* by so much were turns late, in all */
    unsigned hold_percent, reload_percent; /* of wishes */
    uint32_t n_units;
    struct sim_unit units[SIM_UNITS_MAX];
    uint64_t n_events, events_max;
    unsigned alloc_fail_percent;
    unsigned calm_percent; /* of lives: nothing unusual happens to them */
    bool ordered;
    struct order order;
    struct graph graph;
    struct sim_operation operation;
    /* endings.c */
    struct daemon_spec daemon;
    struct ends ends;
    bool ever_wanted[SIM_UNITS_MAX];
    bool to_end; /* a unit has ended reeved */
    /* shutdown */
    int64_t budget_ms, begun_ms;
    bool shutting_down, last_kill_done, ended;
    /* scheduled */
    struct item *heap;
    uint32_t n_heap, cap_heap;
    uint64_t next_seq;
    /* posted */
    struct event *queue;
    uint32_t queue_head, queue_n, cap_queue;
    /* trace */
    struct trace_line trace[SIM_TRACE_KEPT];
    uint64_t n_trace;
    uint64_t hash;
};

/* world.c */
/* Runs one world from its seed; returns its trace hash and adds its events to *n_events. */
uint64_t world_run(uint64_t seed, uint64_t *n_events);
void world_post(struct world *w, const struct event *ev);
void world_schedule(struct world *w, int64_t delay_ms, enum item_kind kind, uint32_t unit,
                    uint64_t run, int64_t arg);

/* schedule.c: a heap by time, first come first served within a millisecond */
void schedule_add(struct world *w, struct item item);
bool schedule_peek(const struct world *w, struct item *ret);
struct item schedule_take(struct world *w);

/* specs.c */
/* `gap_ms`: looks that come much more often than commands would drown them. */
void spec_random(struct prng *p, struct unit_spec *spec, int64_t gap_ms);
/* What it runs beside main. */
void spec_random_hooks(struct prng *p, struct sim_unit *su);
/* Whether it can be asked to reload. */
bool spec_reloads(const struct unit_spec *spec);

/* commands.c: worlds without an order */
/* One to four commands to random units, as control/ posts them. */
void commands_post(struct world *w);
/* When a hold ends; 0: now. */
int64_t random_hold_ms(struct world *w);
void commands_stop_all(struct world *w, int64_t kill_by_ms);

/* orders.c: worlds with an order, as run/ drives it */
void orders_init(struct world *w);
void orders_begin(struct world *w);
/* One to four wishes at once. */
void orders_wish(struct world *w);
/* That this one reloads. */
void orders_wish_reload(struct world *w, uint32_t unit);
void orders_shutdown(struct world *w);
void orders_hurry(struct world *w);
/* Steps at most `most` events of the order; whether it may have more. */
bool orders_portion(struct world *w, uint32_t most);
/* To be called after each step. */
void orders_stepped(struct world *w, uint32_t unit, enum unit_phase before, uint64_t n_records);
/* Wishes without sense, when nothing of the world matters any more. */
void orders_chaos(struct world *w);

/* operations.c */
/* Before the order is asked; `operation.asked` is still to be set. */
void operation_begin(struct world *w, enum wish wish, uint32_t unit);
void operation_forget(struct world *w);
/* After each step, and when all is quiet. */
void operation_look(struct world *w, bool quiet);

/* endings.c */
void endings_init(struct world *w);
void endings_finish(struct world *w);
/* After each wish. */
void endings_look(struct world *w);
/* After each step, and when all is quiet. */
void endings_stepped(struct world *w, uint32_t unit, enum unit_phase before, uint64_t n_records);
void endings_quiet(struct world *w);

/* executor.c: what run/ and the kernel do */
void executor_perform(struct world *w, uint32_t unit, const struct actions *acts);
void executor_happen(struct world *w, const struct item *item);
bool life_main_alive(const struct life *l);
/* The action is the first of a run. */
bool run_begins(const struct sim_unit *su, const struct action *a);
/* Like executor_perform and executor_happen, for looks and for what units tell: looks.c. */
void looks_perform(struct world *w, uint32_t unit, enum action_type type);
void looks_happen(struct world *w, const struct item *item);
/* The command executes, or is about to be told to. */
void looks_execed(struct world *w, uint32_t unit);
/* Before and after each step. */
void looks_before(struct world *w, const struct event *ev);
void looks_after(struct world *w, uint32_t unit, enum unit_phase before);
/* The same for the commands of hooks, and for reloads: errands.c. */
/* It has a number now. */
void errands_run_begins(struct world *w, uint32_t unit);
void errands_perform(struct world *w, uint32_t unit, enum action_type type);
void errands_happen(struct world *w, const struct item *item);
/* After each step: a command is killed when the unit says so, and that moves. */
void errands_after(struct world *w, uint32_t unit);
/* Whether this event, which was posted a while ago, still says what is so. */
bool errands_let_pass(const struct world *w, const struct event *ev);
/* A command is at work, or something is left of one. */
bool errand_exists(const struct errand *e);
/* A process is alive or not reaped, or the news of its end are under way. */
bool life_exists(const struct life *l);

/* step.c: one event through the real machine, with every check */
void sim_step(struct world *w, const struct event *ev);
/* Arbitrary events, when nothing of the world matters any more. */
void sim_chaos(struct world *w, unsigned rounds);

/* oracle.c, oracle_after.c, oracle_hooks.c, oracle_looks.c, reasons.c */
void oracle_init(struct oracle *o);
/* Takes the event before the core does. */
void oracle_step(struct sim_unit *su, const struct event *ev, struct moment now);
/* Compares, and takes over what the oracle knows only as a range. */
void oracle_compare(struct world *w, struct sim_unit *su, const struct actions *acts);
/* The same for looks and health. */
void oracle_compare_looks(struct world *w, struct sim_unit *su);
/* Fills the expected record's reason and who asked. */
void oracle_judge(struct sim_unit *su);
/* Whether its last run was a success. */
bool oracle_succeeded(const struct sim_unit *su);
/* The delay before failure number `nth`, without jitter. */
int64_t oracle_delay_ms(int64_t first_ms, int64_t max_ms, uint32_t nth);

/* invariants.c */
void invariants_actions(struct world *w, uint32_t unit, const struct actions *acts,
                        enum unit_phase before);
void invariants_records(struct world *w, struct sim_unit *su);

/* invariants_hooks.c */
/* Each action before it is performed; `sent_away`: the command at work is, by one of the same step.
 */
void invariants_hooks(struct world *w, uint32_t unit, const struct action *a, bool sent_away);
/* Before and after each step. */
void invariants_times_before(struct world *w, const struct event *ev);
void invariants_times_after(struct world *w, uint32_t unit, enum unit_phase before);
/* With the queue empty. */
void invariants_hooks_quiet(struct world *w, uint32_t unit);
/* Whatever is at work is killed by now. */
void invariants_hooks_killed(struct world *w, uint32_t unit);
/* With the queue empty: nothing waits for what cannot come. */
void invariants_quiet(struct world *w);
void invariants_last_kill(struct world *w);
void invariants_end(struct world *w);

/* coverage.c */
void coverage_taken(enum unit_phase phase, enum event_type type);
void coverage_ignored(enum unit_phase phase, enum event_type type);
void coverage_print(void);
/* When a look begins that is to be at a random part of its time: in which quarter. */
enum spread_of { SPREAD_FIRST, SPREAD_SECOND, SPREAD_COUNT };
void coverage_spread(enum spread_of of, unsigned quarter);
/* How many pairs were never seen, or too seldom; prints each. */
unsigned coverage_missing(void);

/* alloc_hook.c: link with -Wl,--wrap=realloc,--wrap=calloc */
extern bool alloc_hook_fails;
extern unsigned alloc_hook_spare; /* this many more succeed first */
extern uint64_t alloc_hook_failed;

/* trace.c */
void trace_add(struct world *w, const struct trace_line *line);
void trace_mix(struct world *w, uint64_t value);
/* Prints the seed, the message and the last lines, and exits with 1. */
void sim_fail(struct world *w, uint32_t unit, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

#endif
