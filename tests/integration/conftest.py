"""Fixtures of the integration tests: a real reeved, started, asked, stopped, and nothing left of it.

    def test_something(reeve):
        reeve.configure('''
            [service:web]
            command = sleep 1000
        ''')
        reeve.start()
        reeve.wait_unit("web", state="running")
        assert reeve.call("Stop", units=["web"])["results"][0]["ok"]

What goes wrong with the daemon itself (a sanitizer's report, processes that outlive it, an end it
was not asked for) fails the test at its end, whatever the test looked at.
"""
import atexit
import os
import shutil
import sys
import tempfile

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "tools"),
                os.path.join(os.path.dirname(HERE), "faults")]

import host  # noqa: E402
from actors import Stage  # noqa: E402
from daemon import Reeve  # noqa: E402
from fake_reeve import FakeReeve, site, site_handlers  # noqa: E402
from fault_table import FaultTable  # noqa: E402
from hooking import Web  # noqa: E402
from freezer import Freezer  # noqa: E402
from peers import open_directories  # noqa: E402
from programs import make_cluster  # noqa: E402
from puppet import Puppets  # noqa: E402

cgroup_required = pytest.mark.skipif(host.writable_cgroup() is None,
                                     reason="cgroup: no writable cgroup v2 hierarchy here")
root_required = pytest.mark.skipif(os.geteuid() != 0, reason="root: only root can do this")
# Such a test may take all that there is of something.
machine_required = pytest.mark.skipif("REEVE_MACHINE" not in os.environ,
                                      reason="only in a machine of its own (make check-vm)")


def pytest_configure(config):
    """Each session has a folder of its own for its directories: pytest closes the one that it would
    share with others to other users whenever a session begins, and here some test is about these
    users. The name is short, since sockets stand in it."""
    if not hasattr(config, "workerinput") and not config.option.basetemp:
        config.reeve_folder = tempfile.mkdtemp(prefix="rt-")
        config.reeve_finished = []
        atexit.register(lambda: [shutil.rmtree(folder, ignore_errors=True)
                                 for folder in config.reeve_finished])
        os.chmod(config.reeve_folder, 0o711)
        config.option.basetemp = os.path.join(config.reeve_folder, "t")
    config.addinivalue_line("markers", "alone: takes the whole machine, or measures what it takes: "
                                       "`make check` runs these one after the other")


def pytest_sessionfinish(session, exitstatus):
    """What failed is left to be looked at; pytest itself tidies up once more when it exits."""
    if exitstatus == 0 and hasattr(session.config, "reeve_folder"):
        session.config.reeve_finished.append(session.config.reeve_folder)


@pytest.fixture
def make_reeve(tmp_path):
    """A function that makes one more daemon; make_reeve(name="b", share=a) uses a's runtime_dir."""
    made = []

    def make(name="reeve", share=None):
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        made.append(Reeve(directory, share=share))
        return made[-1]

    yield make
    complaints = [complaint for daemon in reversed(made) for complaint in daemon.finish()]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def reeve(make_reeve):
    """One daemon, not started yet."""
    return make_reeve()


@pytest.fixture
def reeve_at_root(reeve):
    """One that stands in the root of the cgroup hierarchy: only there processes and cgroups with
    controllers are side by side. For a machine of its own."""
    os.rmdir(reeve.cgroup)
    reeve.cgroup = None
    return reeve


@pytest.fixture
def stage(reeve):
    """A daemon whose units write down what happens to them; see actors.py."""
    made = Stage(reeve)
    yield made
    made.close()


@pytest.fixture
def table(tmp_path):
    """Which system calls fail, in the build with faults."""
    with FaultTable(tmp_path / "faults") as made:
        yield made


@pytest.fixture
def faulty(reeve, table):
    """A daemon that asks the table; start it with begin()."""

    def begin(best_effort=False, wait=True, **popen):
        return reeve.start(wait=wait, best_effort=best_effort,
                           env={"REEVE_FAULT_FILE": table.path}, **popen)

    reeve.begin = begin
    yield reeve
    table.clear_all()


@pytest.fixture
def puppets(tmp_path):
    """Units that do what the test says; see puppet.py."""
    made = Puppets(tmp_path)
    yield made
    made.close()


@pytest.fixture
def web(reeve, puppets):
    """One such service with hooks; see hooking.py."""
    return Web(reeve, puppets)


@pytest.fixture
def units():
    """Those of the fake reeved."""
    return site()


@pytest.fixture
def serve(tmp_path):
    """A function that starts a FakeReeve with these handlers; `.path` is its socket."""
    servers = []

    def start(handlers):
        path = str(tmp_path / "fake.sock")
        server = FakeReeve(path, handlers)
        server.path = path
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def fake(serve, units):
    """A reeved that only talks."""
    return serve(site_handlers(units))


@pytest.fixture
def calm(reeve):
    """A daemon with one service that runs and one that is down."""
    reeve.configure("""
        [service:web]
        command = sleep 1000
        [service:spare]
        command = sleep 1000
        autostart = no
    """).start()
    reeve.wait_unit("web", state="running")
    return reeve


@pytest.fixture
def freezer():
    """Holds processes so that SIGKILL does not reach them; see freezer.py."""
    made = Freezer()
    yield made
    made.close()


@pytest.fixture
def cluster(reeve, tmp_path):
    """The directory of a new PostgreSQL cluster, whose owner is not root; see programs.py."""
    open_directories(reeve)
    make_cluster(tmp_path / "pg")
    return tmp_path / "pg"
