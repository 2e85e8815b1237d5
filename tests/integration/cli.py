"""Running reevectl: in pipes, on a terminal, and what it printed against golden files.

The golden files hold what a terminal would get, escapes shown as ␛ and times of day masked;
REEVE_GOLDEN=write writes them anew, to be read before they are believed.
"""

import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios

from daemon import BUILD, PATIENCE, SANITIZER

REEVECTL = os.path.join(BUILD, "reevectl")
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


def environment(**more):
    """Nothing of the tester's own settings reaches reevectl."""
    env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    env.update(more)
    return env


def ctl(*args, env=None, **more):
    """Runs reevectl with its output in pipes."""
    done = subprocess.run([REEVECTL, *args], env=env or environment(), text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, capture_output="stdout" not in more,
                          check=False, **more)
    assert not SANITIZER.search(done.stderr or ""), done.stderr
    return done


def read_terminal(fd, until=None):
    """What reaches the terminal, to its end or until it holds the text."""
    data = b""
    while until is None or until.encode() not in data:
        assert select.select([fd], [], [], PATIENCE)[0], f"nothing more than {data!r}"
        try:
            chunk = os.read(fd, 65536)
        except OSError as error:
            assert error.errno == errno.EIO  # the last one closed it
            break
        if not chunk:
            break
        data += chunk
    text = data.decode().replace("\r\n", "\n")
    assert not SANITIZER.search(text), text
    return text


def resize(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))


def open_terminal(columns):
    master, slave = pty.openpty()
    resize(slave, columns)
    return master, slave


def on_terminal(columns, *args, env=None):
    """Runs reevectl on a terminal: (exit code, everything shown)."""
    master, slave = open_terminal(columns)
    with subprocess.Popen([REEVECTL, *args], env=env or environment(), stdin=subprocess.DEVNULL,
                          stdout=slave, stderr=slave) as process:
        os.close(slave)
        shows = read_terminal(master)
        os.close(master)
        return process.wait(PATIENCE), shows


class Terminal:
    """reevectl on a terminal, watched while it runs: read(until) what it shows, type(keys)."""

    def __init__(self, columns, *args, env=None):
        self.master, slave = open_terminal(columns)
        # The terminal is the child's own: Ctrl-C reaches it.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", REEVECTL, *args], env=env or environment(), stdin=slave,
            stdout=slave, stderr=slave)
        os.close(slave)

    def read(self, until=None):
        return read_terminal(self.master, until)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def resize(self, columns):
        resize(self.master, columns)

    def finish(self):
        """The exit code, and what was shown last."""
        rest = self.read()
        os.close(self.master)
        return self.process.wait(PATIENCE), rest


def screen(text):
    """What a terminal shows after this: enough of one for what reevectl does."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[\d*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", text):
        if token == "\r":
            column = 0
        elif token == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif token.startswith("\x1b"):
            number, what = int(token[2:-1] or 1), token[-1]
            assert what in "AJKm", token
            if what == "A":
                row -= number
            elif what == "K":
                lines[row] = lines[row][:column]
            elif what == "J":
                lines[row:] = [lines[row][:column]]
        else:
            lines[row] = lines[row][:column].ljust(column) + token + \
                lines[row][column + len(token):]
            column += len(token)
    return [line.rstrip() for line in lines]


def masked(text):
    """Escapes visible, times of day and the socket's path fixed."""
    # Part by part: a line may be broken between them.
    text = re.sub(r"\b[A-Z][a-z]{2}(?=\s+\d{4}-\d\d-\d\d\s)", "Day", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d(?=\s+\d\d:\d\d:\d\d\s)", "YYYY-MM-DD", text)
    text = re.sub(r"\b\d\d:\d\d:\d\d(?=\s+UTC)", "HH:MM:SS", text)
    text = re.sub(r"/\S*/fake\.sock", "/run/reeve/reeve.sock", text)
    return text.replace("\x1b", "␛")


def check_golden(name, text):
    path = os.path.join(GOLDEN, name)
    if os.environ.get("REEVE_GOLDEN") == "write":
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(masked(text))
    with open(path, encoding="utf-8") as file:
        assert masked(text) == file.read()
