"""Connections of other users: a child becomes one, connects, and hands its socket over."""
import os
import socket

from daemon import Client

NOBODY = 65534


def connect_as(daemon, uid, gid=NOBODY, groups=(), **client):
    """A Client whose peer, to reeved, is (uid, gid, groups); its pid then was `.pid`. The child
    changes into the socket's directory first, so only the socket's own mode is in its way, and
    that of the directory itself."""
    ours, theirs = socket.socketpair()
    directory = os.open(os.path.dirname(daemon.socket_path), os.O_PATH | os.O_DIRECTORY)
    pid = os.fork()
    if pid == 0:
        answer, fds = b"0", []
        try:
            os.fchdir(directory)
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(os.path.basename(daemon.socket_path))
            fds = [connection.fileno()]
        except OSError as error:
            answer = str(error.errno).encode()
        finally:
            socket.send_fds(theirs, [answer], fds)
            os._exit(0)
    os.close(directory)
    theirs.close()
    with ours:
        answer, fds, _, _ = socket.recv_fds(ours, 16, 1)
    os.waitpid(pid, 0)
    if not fds:
        raise OSError(int(answer), os.strerror(int(answer)))
    made = Client(daemon.socket_path, complaints=daemon.broken,
                  connected=socket.socket(fileno=fds[0]), **client)
    made.pid = pid
    return made


def open_directories(daemon):
    """Everybody may go where the daemon's files are: pytest keeps them to itself."""
    directory = daemon.directory
    while str(directory) != "/":
        mode = os.stat(directory).st_mode
        os.chmod(directory, mode | 0o011)
        directory = os.path.dirname(directory)
