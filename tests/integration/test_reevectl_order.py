"""reevectl among units that depend on each other: graph, what waits and for what, and what is done
along with others; against a reeved that only talks. How trees are drawn, line by line, is in
tests/unit/test_reevectl_graph.c; the sentences of `why` in tests/unit/test_reevectl_cause.c."""
import json
import re
import threading

import pytest
from cli import Terminal, ctl, environment, on_terminal, screen
from daemon import PATIENCE
from fake_reeve import (Error, dependency, event, record, shown, site_handlers, unit,
                        waiting)


def ask(fake, *args, **more):
    return ctl("--socket", fake.path, *args, **more)


def outcome(result):
    return result.returncode, result.stdout, result.stderr


# ---- graph --------------------------------------------------------------------------------------

def first_column(text):
    """The tree itself."""
    return [re.match(r"[ │├└─|`-]*[^ ]+( \((above|below)\))?", line)[0]
            for line in text.splitlines()[1:]]


def test_graph_of_named_units(fake):
    result = ask(fake, "graph", "archive", "never")
    assert first_column(result.stdout) == \
        ["never", "archive", "└─ report", "   └─ old-database"]
    assert fake.calls == [("Graph", {"units": ["archive", "never"]})]


def test_graph_reverse(fake):
    result = ask(fake, "graph", "--reverse", "worker", "old-database")
    assert first_column(result.stdout) == [
        "worker", "├─ web", "└─ mailer", "old-database", "├─ mailer", "└─ report",
        "   └─ archive"]
    assert fake.calls == [("List", {"units": ["worker", "old-database"]}), ("Graph", {})]
    everything = first_column(ask(fake, "graph", "--reverse").stdout)
    assert everything[:4] == ["crasher", "└─ mailer", "old-database", "├─ mailer"]


def test_lines_of_the_tree_need_utf8(fake):
    result = ask(fake, "graph", "mailer", env=environment(LC_ALL="C"))
    assert first_column(result.stdout) == \
        ["mailer", "|- crasher", "|- worker", "|  `- migrate", "`- old-database"]
    assert result.stdout.isascii()
    _, shows = on_terminal(60, "graph", "--socket", fake.path, env=environment(LC_ALL="C"))
    assert shows.isascii() and "..." in shows


def test_graph_without_colours(fake):
    _, coloured = on_terminal(100, "graph", "--socket", fake.path)
    _, plain = on_terminal(100, "graph", "--socket", fake.path, env=environment(NO_COLOR="1"))
    assert "\x1b[31mfailed\x1b[0m" in coloured and "\x1b" not in plain
    assert plain == re.sub(r"\x1b\[\d+m", "", coloured)


def test_flat_units_are_a_list(serve):
    fake = serve(site_handlers([unit("a", "running"), unit("b", "stopped")]))
    assert ask(fake, "graph").stdout == "UNIT  STATE\na     running\nb     stopped\n"


def test_graph_for_graphviz(fake):
    """Each line is one that Graphviz takes; nodes and edges are those of the reply."""
    lines = ask(fake, "graph", "--dot").stdout.splitlines()
    assert (lines[0], lines[-1]) == ("digraph reeve {", "}")
    quoted, attributes = r'"((?:[^"\\]|\\.)*)"', r' \[[a-z]+ = [^\]]*\]'
    nodes, edges = set(), set()
    for line in lines[3:-1]:
        edge = re.fullmatch(rf"    {quoted} -> {quoted}{attributes};", line)
        node = re.fullmatch(rf"    {quoted}{attributes};", line)
        assert edge or node, line
        if edge:
            edges.add(edge.groups())
        else:
            nodes.add(node.group(1))
    units = json.loads(ask(fake, "graph", "--json").stdout)["units"]
    assert nodes == {u["name"] for u in units}
    assert edges == {(u["name"], d["unit"]) for u in units for d in u["dependencies"]}


def test_pages_are_joined(serve, units):
    """The units come in pages; what is printed as JSON is one reply."""
    whole = site_handlers(units)["Graph"]({})

    def pages(_, more):
        assert more
        for n, item in enumerate(whole["units"]):
            yield {"units": [item]}, n + 1 < len(whole["units"])

    fake = serve({"Graph": pages})
    assert json.loads(ask(fake, "graph", "--json").stdout) == whole
    assert len(ask(fake, "graph").stdout.splitlines()) == 16


@pytest.mark.parametrize("args, says", [
    (["graph", "--json", "--dot"], "--json and --dot exclude each other"),
    (["graph", "--json", "--reverse"], "--json and --reverse exclude each other"),
    (["list", "--dot"], "list does not take --dot"),
    (["start", "web", "--reverse"], "start does not take --reverse"),
    (["list-dependencies", "web"], "unknown verb 'list-dependencies'; did you mean 'graph'?"),
])
def test_usage(fake, args, says):
    result = ask(fake, *args)
    assert outcome(result) == (2, "", f"reevectl: {says}\n")
    assert fake.calls == []


@pytest.mark.parametrize("args", [["graph", "nope"], ["graph", "--reverse", "nope"],
                                  ["graph", "--dot", "nope"]])
def test_graph_of_no_unit(fake, args):
    assert outcome(ask(fake, *args)) == \
        (4, "", "reevectl: no unit is named 'nope'; did you mean 'web'?\n")


def test_a_graph_that_is_refused(serve):
    def refuse(_):
        raise Error("org.varlink.service.MethodNotFound", method="Graph")

    result = ask(serve({"Graph": refuse}), "graph")
    assert result.returncode == 1 and result.stderr.count("\n") == 1


def test_a_long_chain(serve):
    """The output grows with the units, not with the square of them."""
    n = 10000
    units = [{"name": f"u{i}", "state": "running",
              "dependencies": [dependency(f"u{i + 1}")] if i + 1 < n else []} for i in range(n)]
    fake = serve({"Graph": lambda p: {"units": units}})
    text = ask(fake, "graph").stdout
    assert len(text) < 200 * n and max(map(len, text.splitlines())) < 150
    assert {re.search(r"u\d+", name)[0] for name in first_column(text)} == \
        {u["name"] for u in units}


@pytest.mark.parametrize("reply", [
    {}, {"units": 5}, {"units": [5, None, {}, {"name": 7, "dependencies": 1}]},
    {"units": [{"name": "a", "dependencies": [{"unit": "a"}, {"unit": "gone"}, 7],
                "waiting": {"unit": 5}}]},
    {"units": [{"name": "we\x1b[2Jb", "state": "\x1b", "dependencies": [
        {"unit": "\x1b\"x", "kind": "\x1b", "conditions": ["\x1b"]}]}]},
])
def test_odd_graphs(serve, reply):
    fake = serve({"Graph": lambda p: reply, "List": lambda p: {"units": [{"name": "a"}]}})
    for args in ([], ["--dot"], ["--reverse"], ["--reverse", "a"], ["--json"]):
        result = ask(fake, "graph", *args)
        assert result.returncode in (0, 1), result.stderr
        assert "\x1b" not in result.stdout


# ---- what is waited for -------------------------------------------------------------------------

def test_list_says_what_is_waited_for(fake):
    rows = {line.split()[0]: line for line in ask(fake, "list").stdout.splitlines()}
    assert "waits for crasher to be ready, and 1 more" in rows["mailer"]
    assert "old-database has failed" in rows["archive"]
    assert "waits" not in rows["web"]


def test_status_says_what_is_waited_for(fake):
    result = ask(fake, "status", "mailer")
    assert result.returncode == 3
    assert "Why: for crasher to be ready, and 1 more; crasher is in backoff, next try in " \
        in result.stdout


def test_show_lists_both_sides(fake):
    text = ask(fake, "show", "report").stdout
    assert "\nWaits for\n  old-database, which has failed\n" in text
    assert ("\nDepends on\n  UNIT          DEPENDENCY      MET\n"
            "  old-database  requires ready  no\n") in text
    assert ("\nDepended on by\n  UNIT     DEPENDENCY          MET\n"
            "  archive  requires completed  no\n") in text
    assert "epend" not in ask(fake, "show", "stubborn").stdout.replace("on_dependency_restart", "")


def test_errors_tell_of_units_that_wait_in_vain(fake):
    found = json.loads(ask(fake, "errors", "--json", "archive").stdout)["errors"]
    assert [(e["unit"], e["state"], e["record"]) for e in found] == [("archive", "waiting", None)]
    assert "not started: it waits for report, since old-database has failed" in \
        ask(fake, "errors").stdout


def test_what_was_not_started_is_of_no_run(serve):
    """The run before may have gone well."""
    web = unit("web", "waiting", run=3, waiting=waiting("db", cause="db"))
    line = ask(serve(site_handlers([web])), "errors").stdout.splitlines()[1]
    assert re.search(r"  web +- +not started: it waits for db", line)


@pytest.mark.parametrize("name, asked", [
    ("mailer", [("Show", {"unit": "crasher"})]),
    ("archive", [("Show", {"unit": "old-database"})]),  # the one at the bottom
    ("old-database", []),
])
def test_why_asks_for_the_other_one(fake, name, asked):
    assert ask(fake, "why", name).returncode == 0
    assert fake.calls[2:] == asked


def test_why_it_is_up_without_being_wanted(serve):
    units = [unit("db", "running", wanted=False, pid=5, run=1), unit("web", "running"),
             unit("old", "stopped", goal="down")]
    dependents = [dependency("web"), dependency("old", "wants")]
    fake = serve(dict(site_handlers(units), Show=lambda p: {
        "unit": dict(shown(units[0]), dependents=dependents)}))
    assert ask(fake, "why", "db").stdout.endswith("(run 1, pid 5): web requires it\n")
    assert fake.calls[-1] == ("List", {"units": ["web", "old"]})


def test_why_says_why_all_is_stopped(serve):
    stopped = unit("web", "stopped", goal="down", run=1, last_exit=record(
        1, 200, 5, "signal", signal="TERM", requested_by="shutdown"))
    stopping = event(9, "session.stopping", "db", because="essential")

    def events(parameters):
        return {"events": [stopping] if parameters["types"] == ["session.stopping"] else []}

    fake = serve(dict(site_handlers([stopped]), Events=events))
    assert ": reeved shuts down, since db, which is essential, has ended\n" in \
        ask(fake, "why", "web").stdout


@pytest.mark.parametrize("more, says", [
    ({"name": "db", "because": "essential"}, ", since db, which is essential, has ended"),
    ({"name": "db", "because": "on_failed"}, ", since db has failed (on_failed = shutdown)"),
    ({"name": "db", "because": "any_failed"}, ", since db has failed (exit_when = any-failed)"),
    ({"name": "db", "because": "all_done"}, ", since all units are done (exit_when = all-done)"),
    ({"name": "db"}, ", since db has ended"),  # of an older reeved
    ({}, ""),
])
def test_events_say_why_reeved_shuts_down(serve, more, says):
    fake = serve({"Events": lambda p: {"events": [event(1, "session.stopping", **more)]}})
    assert ask(fake, "events").stdout.endswith(f"  reeved    shutting down{says}\n")


# ---- along with others --------------------------------------------------------------------------

def result_of(name, state, message="", **more):
    return {"unit": name, "along_with": None, "because": None, "ok": not message, "state": state, "pid": None,
            "run": 1, "message": message, **more}


@pytest.mark.parametrize("verb, results, code, out, err", [
    ("stop", [result_of("db", "stopped"), result_of("web", "stopped", along_with="db"),
              result_of("lb", "failed", along_with="db")], 0,
     "db: stopped\nweb: stopped, along with db\nlb: not running (failed), along with db\n", ""),
    ("restart", [result_of("db", "running", pid=7),
                 result_of("web", "running", pid=8, along_with="db")], 0,
     "db: running (pid 7)\nweb: running (pid 8), along with db\n", ""),
    ("stop", [result_of("db", "running", "unkillable"),
              result_of("web", "killing", "still there", along_with="db")], 1,
     "", "reevectl: db: unkillable\nreevectl: web, along with db: still there\n"),
    ("stop", [result_of("web", "stopped"),
              result_of("db", "stopped", along_with="web", because="not_needed"),
              result_of("mq", "running", along_with="web", because="not_needed"),
              result_of("lb", "stopped", along_with="web", because="requires_it")], 0,
     "web: stopped\ndb: stopped, not needed without web\nmq: needed again\n"
     "lb: stopped, along with web\n", ""),
    ("stop", [result_of("web", "stopped"),
              result_of("db", "killing", "still there", along_with="web", because="not_needed")], 1,
     "web: stopped\n", "reevectl: db, not needed without web: still there\n"),
    ("start", [result_of("web", "waiting", "db has failed: exit code 1")], 1,
     "", "reevectl: web: db has failed: exit code 1\n"),
])
def test_results(serve, verb, results, code, out, err):
    method = verb.capitalize()
    fake = serve({method: lambda p: {"results": results, "progress": []}})
    assert outcome(ask(fake, verb, results[0]["unit"])) == (code, out, err)


def test_a_start_in_vain_names_the_next_question(serve):
    fake = serve({"Start": lambda p: {"results": [result_of("web", "waiting", "db has failed")],
                                      "progress": []}})
    code, shows = on_terminal(80, "start", "web", env=environment(REEVE_SOCKET=fake.path))
    assert (code, shows) == (1, "reevectl: web: db has failed\n\x1b[2m  reevectl why web\x1b[0m\n")


def test_progress_says_what_is_waited_for(serve):
    """In its place behind the time, cut where the line ends."""
    drawn = threading.Event()
    progress = [
        {"unit": "web", "state": "waiting", "waiting": waiting("db", others=3), "pid": None},
        {"unit": "db", "state": "starting", "waiting": None, "pid": 5},
    ]

    def start(_, more):
        assert more
        yield {"results": [], "progress": progress}, True
        assert drawn.wait(PATIENCE)
        yield {"results": [result_of("web", "running", pid=7)], "progress": []}, False

    fake = serve({"Start": start})
    terminal = Terminal(48, "start", "web", "--socket", fake.path)
    try:
        seen = terminal.read(until="starting")
    finally:
        drawn.set()
    lines = [re.sub(r" +\d+s(?=  |$)", lambda m: " " * len(m[0]), line).rstrip()
             for line in screen(seen)]
    assert lines == ["● web  waiting           for db to be ready, a…", "● db   starting"]
    assert terminal.finish()[0] == 0


@pytest.mark.parametrize("by, says", [
    ({"uid": 0, "pid": 12, "unit": "db"}, "dependency: db, by root (uid 0, pid 12)"),
    ({"uid": None, "pid": None, "unit": "db"}, "dependency: db"),
])
def test_records_say_along_with_what(serve, by, says):
    web = unit("web", "stopped", goal="down", run=2, last_exit=record(
        2, 5, 60, "signal", signal="TERM", requested_by="dependency", requester=by))
    fake = serve(dict(site_handlers([web]), Events=lambda p: {"events": []}))
    assert says in ask(fake, "show", "web").stdout
    status = ask(fake, "status", "web").stdout
    assert "Why: stopped along with db" in status
    assert "along with db" + (", asked for by root (uid 0, pid 12)\n" if by["pid"] else "\n") \
        in status


def test_a_stop_along_with_another_between_two_runs(serve):
    """No record tells of it; an event does."""
    web = unit("web", "stopped", goal="down", run=2, since_ms=60000,
               last_exit=record(2, 65, 2, "runtime_error", exit_code=1))
    told = event(5, "unit.state", "web", previous="backoff", state="stopped",
                 requested_by="dependency", requester={"uid": 0, "pid": 12, "unit": "db"})
    fake = serve(dict(site_handlers([web]), Events=lambda p: {"events": [told]}))
    assert ": stopped along with db: root (uid 0, pid 12) asked for that\n" in \
        ask(fake, "why", "web").stdout
    assert fake.calls[-1][1]["types"] == ["unit.requested", "unit.state"]


# ---- a real reeved ------------------------------------------------------------------------------

def test_real_units(reeve):
    """The whole of it: a chain with instances, one that waits in vain, and a stop from below."""
    reeve.configure("""
        [service:db]
        command = sleep 1000
        autostart = no
        [service:web]
        command = sleep 1000
        requires = db
        instances = 2
        [service:broken]
        command = false
        restart = never
        [service:app]
        command = sleep 1000
        requires = broken
        after = web
    """)
    reeve.start()
    reeve.wait_unit("web@2", state="running")
    reeve.wait_unit("app", state="waiting", waiting=lambda w: w and w["failed"])

    def run(*args):
        return outcome(ctl("--socket", reeve.socket_path, *args, env=environment()))

    code, tree, _ = run("graph")
    assert code == 0
    assert [re.sub(" +", " ", line) for line in tree.splitlines()] == [
        "UNIT DEPENDENCY STATE WAITS FOR",
        "app - waiting broken, which has failed",
        "├─ broken requires ready failed -",
        "├─ web@1 after ready running -",
        "│ └─ db requires ready running -",
        "└─ web@2 after ready running -",
        " └─ db requires ready running -"]
    assert [re.split(" +", line)[0] for line in run("graph", "web")[1].splitlines()[1:]] == \
        ["web@1", "└─", "web@2", "└─"]
    code, _, says = run("start", "app")
    assert code == 1 and says.startswith("reevectl: app: broken has failed")
    assert "for broken, which has failed: restart = never, so it is not tried again\n" \
        in run("why", "app")[1]
    assert run("why", "db")[1].endswith(": web@1 and 1 more need it\n")
    assert run("stop", "db") == (
        0, "db: stopped\nweb@1: stopped, along with db\nweb@2: stopped, along with db\n", "")
    assert re.search(r": stopped along with db, which it requires: .*uid \d+, pid \d+\)? asked for "
                     r"that\n", run("why", "web@1")[1])
    code, out, says = run("start", "web")
    assert (code, says) == (0, "") and out.count("running") == 2
    assert re.search(r"uid \d+, pid \d+\)? asked for it\n", run("why", "web@2")[1])
