"""Real programs, from Debian's packages (packaging/deps.sh check), and how they are set up."""
import glob
import os
import pwd
import shutil
import socket
import subprocess

SBIN = "/usr/sbin:/sbin:/usr/local/sbin:"
TIMEOUT_S = 60


def program(name, *places):
    """Where it is; a test that needs it fails without."""
    path = shutil.which(name, path=":".join([*places, SBIN + os.environ["PATH"]]))
    assert path, f"{name} is not installed: see packaging/deps.sh check"
    return path


def owner():
    """Who runs what refuses to be root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def hand_over(path):
    """A new directory that belongs to the owner."""
    path.mkdir()
    if os.geteuid() == 0:
        os.chown(path, owner().pw_uid, owner().pw_gid)
    return path


def user_key():
    return f"user = {owner().pw_name}" if os.geteuid() == 0 else "umask = 022"


# ---- PostgreSQL ---------------------------------------------------------------------------------
def make_cluster(place):
    """A new database cluster in a new directory, of a user who is not root."""
    hand_over(place)
    initdb = program("initdb", *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))
    who = {"user": owner().pw_uid, "group": owner().pw_gid, "extra_groups": []} \
        if os.geteuid() == 0 else {}
    subprocess.run([initdb, "-D", str(place / "data"), "-U", "reeve", "-A", "trust", "-N",
                    "--no-instructions", "-E", "UTF8", "--locale=C"], check=True,
                   stdout=subprocess.DEVNULL, cwd=place, timeout=TIMEOUT_S, **who)


def postgres_section(cluster, extra=""):
    postgres = program("postgres", *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))
    return f"""
        [service:db]
        command = {postgres} -D {cluster}/data -k {cluster} -h '' -F
        ready = exec:pg_isready -q -h {cluster} -U reeve
        ready_interval = 50ms
        stop_signal = INT
        {user_key()}
        {extra}
    """


# ---- nginx --------------------------------------------------------------------------------------
def nginx_config(place, listen, workers=1, locations="", daemon="off"):
    """Writes nginx.conf; returns the command."""
    temporary = "\n".join(f"    {name}_temp_path {place}/{name};"
                          for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (place / "nginx.conf").write_text(f"""
worker_processes {workers};
pid {place}/nginx.pid;
error_log stderr error;
events {{ worker_connections 64; }}
http {{
    access_log off;
{temporary}
    server {{
        listen {listen};
        location / {{ return 200 "ready\\n"; }}
{locations}
    }}
}}
""")
    return f"{program('nginx')} -e stderr -p {place} -c {place}/nginx.conf -g 'daemon {daemon};'"


def fetch(address, family=socket.AF_INET):
    with socket.socket(family) as client:
        client.settimeout(10)
        client.connect(address)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return client.makefile("rb").read()
