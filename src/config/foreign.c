#include "config/foreign.h"

#include <string.h>

#define LATER .later = true

static const char restarts[] = "always, on-failure or never";
static const char kill_modes[] = "group, tree or main";
static const char outputs[] = "inherit or null, for standard output and standard error";
static const char with_unit[] = "a duration with its unit, for example 10s";
static const char by_header[] = "the name of a unit stands in its header, [service:NAME] or "
                                "[job:NAME]; remove the key";
static const char by_number[] = "so many units NAME@1, NAME@2 ... are made of the section";
static const char by_template[] = "names of templates, [template:NAME], separated by white space";
static const char by_name[] = "names of units, separated by white space";
static const char by_condition[] = "names of units, separated by white space, each maybe with a "
                                   "condition as in db:ready or migrate:completed";
static const char by_following[] = "with on_dependency_restart = restart it follows restarts as "
                                   "well";
static const char by_look[] = "tcp:HOST:PORT, unix:PATH, exec:COMMAND or notify";
static const char by_ready[] = "for example notify, fd:3, tcp:localhost:8080 or exec:pg_isready -q";
static const char by_cron[] = "let cron(8) call 'reevectl start NAME'";
static const char by_line[] = "commands, one a line";
static const char by_reload[] = "commands, one a line; 'reload_signal' sends a signal instead";
static const char by_redirection[] = "let the command do it: sh -c 'exec PROGRAM >>FILE 2>&1'";
static const char by_file[] = "files, one a line; '-' before a name says that it may be missing";
static const char foreground[] = "programs stay in the foreground, where reeve sees them end; "
                                 "remove the key";
static const char no_pid_file[] = "reeve needs no file for the pid, 'reevectl status' shows it; "
                                  "remove the key";

/* clang-format off */
const struct foreign foreign_keys[] = {
    /* supervisord */
    {"autorestart", .key = "restart", .hint = restarts},
    {"startretries", .key = "restart_limit",
     .hint = "so many restarts inside 'restart_window', 0 for no limit"},
    {"startsecs", .key = "restart_reset", .hint = "a run this long counts as stable"},
    {"stopsignal", .key = "stop_signal"},
    {"stopwaitsecs", .key = "stop_timeout", .hint = with_unit},
    {"exitcodes", .key = "success_exit", .hint = "exit codes and names of signals"},
    {"stdout_logfile", .where = SECTION_UNIT, .key = "log", .hint = outputs},
    {"stderr_logfile", .where = SECTION_UNIT, .key = "log", .hint = outputs},
    {"redirect_stderr", .where = SECTION_UNIT, .key = "log", .hint = outputs},
    {"logfile", .where = SECTION_UNIT, .key = "log", .hint = outputs},
    {"killasgroup", .key = "kill_mode", .hint = kill_modes},
    {"stopasgroup", .key = "kill_mode", .hint = kill_modes},
    {"numprocs", .key = "instances", .hint = by_number},
    {"numprocs_start", .hint = "instances are numbered from 1; remove the key"},
    {"priority", .where = SECTION_SERVICE, .key = "after",
     .hint = "the units that are to be up before this one; numbers order nothing"},
    {"process_name", .hint = by_header},
    {"logfile", .where = SECTION_REEVE,
     .hint = "reeved writes its log to standard error; remove the key"},
    {"nodaemon", .where = SECTION_REEVE,
     .hint = "reeved always stays in the foreground; remove the key"},
    {"file", .where = SECTION_REEVE, .key = "socket"},
    {"chmod", .where = SECTION_REEVE, .key = "socket_mode"},
    {"chown", .where = SECTION_REEVE, .key = "socket_group"},
    {"files", .where = SECTION_REEVE, .key = "include"}, /* of [include] */

    /* systemd */
    {"execstart", .key = "command"},
    {"exec_start", .key = "command"},
    {"workingdirectory", .key = "directory"},
    {"environment", .key = "environment"},
    {"environmentfile", .key = "env_file", .hint = by_file},
    {"environment_file", .key = "env_file", .hint = by_file},
    {"envfile", .key = "env_file", .hint = by_file},
    {"supplementarygroups", .key = "supplementary_groups"},
    {"group_add", .key = "supplementary_groups"},
    {"restart", .key = "restart", .hint = restarts},
    {"restartsec", .key = "restart_delay"},
    {"restartmaxdelaysec", .key = "restart_delay_max"},
    {"timeoutstopsec", .key = "stop_timeout"},
    {"timeoutstartsec", .key = "ready_timeout"},
    {"timeoutsec", .key = "stop_timeout", .hint = "and 'ready_timeout'"},
    {"runtimemaxsec", .key = "timeout"},
    {"killsignal", .key = "stop_signal"},
    {"killmode", .key = "kill_mode", .hint = kill_modes},
    {"successexitstatus", .key = "success_exit"},
    {"startlimitburst", .key = "restart_limit"},
    {"startlimitinterval", .key = "restart_window"},
    {"startlimitintervalsec", .key = "restart_window"},
    {"umask", .key = "umask"},
    {"user", .key = "user"},
    {"group", .key = "group"},
    {"description", .key = "description"},
    {"wantedby", .key = "autostart", .hint = "yes or no"},
    {"standardinput", .key = "stdin", .hint = "null, or a file"},
    {"standardoutput", .key = "log", .hint = outputs},
    {"standarderror", .key = "log", .hint = outputs},
    {"type", .hint = "write [service:NAME] for what runs until told to stop, [job:NAME] for what ends; "
         "programs stay in the foreground; for Type=notify write ready = notify"},
    {"notifyaccess", .hint = "with ready = notify every process of the unit may notify; remove the key"},
    {"pidfile", .hint = no_pid_file},
    {"execstartpre", .key = "pre_start", .hint = by_line},
    {"exec_start_pre", .key = "pre_start", .hint = by_line},
    {"execstartpost", .key = "post_start", .hint = by_line},
    {"exec_start_post", .key = "post_start", .hint = by_line},
    {"execstop", .key = "stop_command", .hint = by_line},
    {"exec_stop", .key = "stop_command", .hint = by_line},
    {"execstoppost", .key = "post_stop", .hint = by_line},
    {"exec_stop_post", .key = "post_stop", .hint = by_line},
    {"execreload", .key = "reload_command", .hint = by_reload},
    {"exec_reload", .key = "reload_command", .hint = by_reload},
    {"reloadsignal", .key = "reload_signal"},
    {"onfailure", .key = "on_failed", .hint = "start:NAME"},
    {"requires", .key = "requires", .hint = by_condition},
    {"requisite", .key = "requires", .hint = by_condition},
    {"bindsto", .key = "requires", .hint = by_condition},
    {"binds_to", .key = "requires", .hint = by_condition},
    {"partof", .key = "requires", .hint = by_following},
    {"part_of", .key = "requires", .hint = by_following},
    {"conflicts", .hint = "no unit keeps another down; stop that one by 'reevectl stop NAME' "
                          "before, and remove the key"},
    {"wants", .key = "wants", .hint = by_condition},
    {"after", .key = "after", .hint = by_condition},
    {"before", .key = "before", .hint = by_name},
    {"failureaction", .key = "on_failed", .hint = "shutdown"},
    {"oncalendar", LATER, .hint = by_cron},
    {"watchdogsec", .key = "health_interval", .hint = "together with health = notify"},
    {"limitnofile", LATER},
    {"memorymax", LATER},
    {"cpuaffinity", LATER},
    {"nonewprivileges", LATER},

    /* docker compose, dinit, s6, and what they have in common with others */
    {"image", .hint = "reeve runs programs of this system, no images; write 'command'"},
    {"build", .hint = "reeve runs programs of this system, no images; write 'command'"},
    {"container_name", .hint = by_header},
    {"name", .hint = by_header},
    {"entrypoint", .key = "command"},
    {"cmd", .key = "command"},
    {"exec", .key = "command"},
    {"program", .key = "command"},
    {"working_dir", .key = "directory"},
    {"workdir", .key = "directory"},
    {"cwd", .key = "directory"},
    {"chdir", .key = "directory"},
    {"env", .key = "environment"},
    {"stop_grace_period", .key = "stop_timeout"},
    {"start_timeout", .key = "ready_timeout"},
    {"term_signal", .key = "stop_signal"},
    {"kill_signal", .key = "stop_signal"},
    {"run_as", .key = "user"},
    {"uid", .key = "user"},
    {"gid", .key = "group"},
    {"restart_policy", .key = "restart", .hint = restarts},
    {"restart_limit_count", .key = "restart_limit"},
    {"restart_limit_interval", .key = "restart_window"},
    {"labels", .key = "tags"},
    {"profiles", .key = "tags",
     .hint = "with autostart = no, all of a tag start by 'reevectl start tag:NAME'"},
    {"logging", .where = SECTION_UNIT, .key = "log", .hint = outputs},
    {"log_type", .where = SECTION_UNIT, .key = "log", .hint = outputs},
    {"pid_file", .hint = no_pid_file},
    {"daemonize", .hint = foreground},
    {"ports", .hint = "programs use the network of this system; remove the key"},
    {"volumes", .hint = "programs use the files of this system; remove the key"},
    {"depends", .key = "requires", .hint = by_condition},
    {"depends_on", .key = "requires", .hint = by_condition},
    {"depends_ms", .key = "requires", .hint = by_condition},
    {"dependencies", .key = "requires", .hint = by_condition},
    {"need", .key = "requires", .hint = by_condition},
    {"needs", .key = "requires", .hint = by_condition},
    {"waits_for", .key = "wants", .hint = by_condition},
    {"use", .key = "wants", .hint = by_condition},
    {"condition", .where = SECTION_UNIT, .key = "requires",
     .hint = "a condition stands behind a name, as in db:ready or migrate:completed"},
    {"abort_on_container_exit", .where = SECTION_REEVE, .key = "exit_when",
     .hint = "any-failed; a service with essential = yes also ends reeved when it succeeds"},
    {"healthcheck", .key = "health",
     .hint = "tcp:HOST:PORT, unix:PATH, exec:COMMAND or notify; its interval, timeout, retries and "
             "start_period are health_interval, health_timeout, health_retries and "
             "health_start_period"},
    {"test", .key = "health", .hint = by_look},
    {"interval", .key = "health_interval"},
    {"start_interval", .key = "health_interval"},
    {"start_period", .key = "health_start_period"},
    {"health_cmd", .key = "health", .hint = by_look},
    {"livenessprobe", .key = "health", .hint = by_look},
    {"readinessprobe", .key = "ready", .hint = by_ready},
    {"startupprobe", .key = "ready", .hint = by_ready},
    {"initialdelayseconds", .key = "health_start_period", .hint = with_unit},
    {"periodseconds", .key = "health_interval", .hint = with_unit},
    {"timeoutseconds", .key = "health_timeout", .hint = with_unit},
    {"failurethreshold", .key = "health_retries"},
    {"healthcheck_timer", .key = "health_interval", .hint = with_unit},
    {"healthcheck_delay", .key = "health_start_period", .hint = with_unit},
    {"notify", .key = "ready", .hint = "notify, or fd:N"},
    {"notification_fd", .key = "ready", .hint = "fd:N"},
    {"ready_notification", .key = "ready", .hint = "fd:N, for pipefd:N"},
    {"inherits", .key = "extends", .hint = by_template},
    {"inherit", .key = "extends", .hint = by_template},
    {"template", .key = "extends", .hint = by_template},
    {"extend", .key = "extends", .hint = by_template},
    {"replicas", .key = "instances", .hint = by_number},
    {"scale", .key = "instances", .hint = by_number},
    {"poststart", .key = "post_start", .hint = by_line},
    {"prestop", .key = "pre_stop", .hint = by_line},
    {"pre", .key = "pre_start", .hint = by_line},
    {"post", .key = "post_stop", .hint = by_line},
    {"start_pre", .key = "pre_start", .hint = by_line},
    {"start_post", .key = "post_start", .hint = by_line},
    {"stop_pre", .key = "pre_stop", .hint = by_line},
    {"stop_post", .key = "post_stop", .hint = by_line},
    {"before_start", .key = "pre_start", .hint = by_line},
    {"after_start", .key = "post_start", .hint = by_line},
    {"before_stop", .key = "pre_stop", .hint = by_line},
    {"after_stop", .key = "post_stop", .hint = by_line},
    {"finish", .key = "post_stop", .hint = by_line},
    {"cleanup", .key = "post_stop", .hint = by_line},
    {"stop", .key = "stop_command", .hint = by_line},
    {"reload", .key = "reload_command", .hint = by_reload},
    {"ulimits", LATER},
    {"mem_limit", LATER},
    {"socket_listen", LATER},

    /* reeve's own, of features to come */
    {"priority", .where = SECTION_JOB, LATER},
    {"schedule", LATER, .hint = by_cron},
    {"timezone", LATER},
    {"overlap", LATER},
    {"catch_up", LATER},
    {"jitter", LATER},
    {"log_file", LATER, .hint = by_redirection},
    {"log_stderr", LATER, .hint = by_redirection},
    {"log_max_size", LATER},
    {"log_max_files", LATER},
    {"log_rotate", LATER},
    {"log_compress", LATER},
    {"log_format", LATER},
    {"log_on_full", LATER},
    {"log_tail", LATER},
    {"listen", LATER},
    {"start_on_connect", LATER},
    {"limit_nofile", LATER},
    {"limit_core", LATER},
    {"limit_nproc", LATER},
    {"limit_memlock", LATER},
    {"limit_stack", LATER},
    {"limit_as", LATER},
    {"limit_cpu", LATER},
    {"limits_optional", LATER},
    {"nice", LATER},
    {"ioprio", LATER},
    {"cpu_affinity", LATER},
    {"oom_score_adj", LATER},
    {"memory_max", LATER},
    {"memory_high", LATER},
    {"cpu_max", LATER},
    {"cpu_weight", LATER},
    {"pids_max", LATER},
    {"io_weight", LATER},
    {"no_new_privileges", LATER},
    {"capabilities", LATER},
    {"chroot", LATER},
    {"private_tmp", LATER},
    {"read_only_paths", LATER},
    {"inaccessible_paths", LATER},
    {"private_network", LATER},
    {"seccomp", LATER},
    {"credential", LATER},
    {"state_dir", LATER},
    {"log_dir", LATER},
    {"http", LATER},
    {"http_token_file", LATER},
    {"max_jobs", LATER},
    {"history_keep", LATER},
};
/* clang-format on */

const size_t n_foreign_keys = sizeof foreign_keys / sizeof foreign_keys[0];

static const struct {
    const char *name;
    const char *instead; /* a first NAME in brackets is filled in where one was given */
} foreign_sections[] = {
    {"program", "reeve calls it [service:NAME]"},
    {"fcgi-program", "reeve calls it [service:NAME]"},
    {"supervisord", "reeve calls it [reeve]"},
    {"unix_http_server", "reeve calls it [reeve], where 'socket' names the control socket"},
    {"inet_http_server",
     "reeve has no such server; write [reeve], where 'socket' names the control socket"},
    {"supervisorctl", "reevectl needs no section; remove it"},
    {"group", "write the key 'tags' in each of its units"},
    {"eventlistener", "reeve has no such programs; 'reevectl events --follow' tells all events"},
    {"include", "write the key 'include' into [reeve], for example include = conf.d/*.ini"},
    {"unit", "all of a unit is one section, [service:NAME]"},
    {"install", "all of a unit is one section, [service:NAME]; 'autostart' says if it starts with "
                "reeved"},
    {"timer",
     "not in this version of reeve; write [job:NAME] and let cron(8) start it by reevectl"},
    {"default", "reeve calls it [defaults]"},
    {"global", "what holds for every unit is [defaults], what is for reeved itself [reeve]"},
};

/* Whether `word`, however it is spelt, is `plain`. */
static bool is_spelling(const char *word, const char *plain)
{
    for (; *word; word++, plain++) {
        char c = *word;

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != *plain && (c != '-' || *plain != '_') && (c != '_' || *plain != '-'))
            return false;
    }
    return !*plain;
}

const struct foreign *foreign_key(const char *name, enum section_kind kind)
{
    for (size_t i = 0; i < n_foreign_keys; i++) {
        const struct foreign *f = &foreign_keys[i];

        if ((!f->where || (f->where & kind)) && is_spelling(name, f->name))
            return f;
    }
    return NULL;
}

bool foreign_section(const char *kind, const char *name, struct strbuf *why)
{
    const char *instead = NULL, *hole;

    for (size_t i = 0; i < sizeof foreign_sections / sizeof foreign_sections[0]; i++) {
        if (is_spelling(kind, foreign_sections[i].name))
            instead = foreign_sections[i].instead;
    }
    if (!instead)
        return false;
    hole = strstr(instead, "NAME]");
    if (name && *name && hole) {
        strbuf_add_bytes(why, instead, (size_t)(hole - instead));
        strbuf_add(why, name);
        instead = hole + strlen("NAME");
    }
    strbuf_add(why, instead);
    return true;
}
