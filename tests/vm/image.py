"""What a machine finds in its memory when it boots: files, written as an initramfs.

    image = Image()
    image.add_program("/bin/sh")                  # with the libraries it needs
    image.add_text("/init", "#!/bin/sh\\n...", mode=0o755)
    image.write("build/vm/some.cpio")

All files belong to root. Whatever is in /bin, /sbin, /lib or /lib64 goes below /usr, and these are
links, as in Debian.
"""
import os
import re
import shutil
import stat
import subprocess

MERGED = ("bin", "sbin", "lib", "lib64")


class Image:
    """Directories above what is added come by themselves."""

    def __init__(self):
        self._entries = {}  # path without the first slash: (mode, content, mtime, device)
        for name in MERGED:
            self.add_directory("/usr/" + name)
            self.add_link("/" + name, "usr/" + name)
        # The kernel opens it for process 1 before anything is mounted.
        self._add("/dev/console", stat.S_IFCHR | 0o600, device=(5, 1))

    def _add(self, path, mode, content=b"", mtime=0, device=(0, 0)):
        path = os.path.normpath(path).lstrip("/")
        if path.partition("/")[0] in MERGED and "/" in path:
            path = "usr/" + path
        parent = os.path.dirname(path)
        if parent and parent not in self._entries:
            self._add(parent, stat.S_IFDIR | 0o755)
        self._entries[path] = (mode, content, mtime, device)

    def add_directory(self, path, mode=0o755):
        self._add(path, stat.S_IFDIR | mode)

    def add_link(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, os.fsencode(target))

    def add_text(self, path, text, mode=0o644):
        self._add(path, stat.S_IFREG | mode, text.encode())

    def add_file(self, source, path=None):
        """A copy of the file, or of what the link leads to. Python looks at the time of a source
        when it has a compiled one, so that is kept."""
        with open(source, "rb") as content:
            status = os.fstat(content.fileno())
            self._add(path or source, stat.S_IFREG | stat.S_IMODE(status.st_mode), content.read(),
                      int(status.st_mtime))

    def add_tree(self, source, path=None, leave_out=()):
        """A directory with all below it; not what bears one of these names."""
        for at, directories, files in os.walk(source):
            directories[:] = [name for name in directories if name not in leave_out]
            place = os.path.normpath(os.path.join(path or source, os.path.relpath(at, source)))
            self.add_directory(place)
            for name in files:
                if name not in leave_out:
                    self.add_file(os.path.join(at, name), os.path.join(place, name))

    def add_program(self, name, path=None):
        """A program by its path or name, with the libraries it needs."""
        source = shutil.which(name)
        if not source:
            raise FileNotFoundError(f"there is no program {name} for the image")
        self.add_file(source, path)
        self.add_libraries(source)

    def add_libraries(self, source):
        """Those that a program or library needs."""
        said = subprocess.run(["ldd", source], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False).stdout
        for library in re.findall(r"(/\S+) \(0x", said):
            if library.lstrip("/") not in self._entries:
                self.add_file(library)

    def write(self, path):
        """In the format that the kernel calls newc, not compressed: reading it is all the machine
        has to do."""
        with open(path + ".new", "wb") as out:
            for number, name in enumerate(self._entries, start=1):
                self._write_entry(out, number, name, *self._entries[name])
            self._write_entry(out, 0, "TRAILER!!!", 0, b"", 0, (0, 0))
        os.rename(path + ".new", path)

    @staticmethod
    def _write_entry(out, number, name, mode, content, mtime, device):
        name = os.fsencode(name) + b"\0"
        fields = (number, mode, 0, 0, 1, mtime, len(content), 0, 0, *device, len(name), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        out.write(head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4))
