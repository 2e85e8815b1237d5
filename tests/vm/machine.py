"""A machine in software (qemu, without KVM) that boots a kernel and an image, and what it says.

Its first serial port is the kernel's console, kept in a file; what comes out of the second is handed
on line by line. It has no disk and no network, and a reboot ends it.
"""
import shutil
import subprocess
import threading

QEMU = "qemu-system-x86_64"
# Its clock follows the instructions that were executed (4 ns each) and not ours: on a busy host it is
# slow, but it does not seem so to those inside.
OPTIONS = ("-M", "pc", "-cpu", "qemu64,+rdrand", "-accel", "tcg,thread=single",
           "-icount", "shift=2,sleep=on", "-rtc", "clock=vm", "-nodefaults", "-no-user-config",
           "-no-reboot", "-display", "none")
KERNEL_OPTIONS = "console=ttyS0 quiet panic=-1 mitigations=off"


class NoMachine(Exception):
    """It cannot be had, or did not end; says why."""


def boot(kernel, image, console, on_line, limit_s, memory_mib=512, cpus=1, options=""):
    """Boots and waits until the machine is off. `kernel`: of kernel.py; `image`: the path of a
    written one; `console`: the file for what the kernel says; on_line(text): each line of the second
    serial port, without its end; `options`: more for the kernel's command line. Raises NoMachine
    when it is still on after limit_s seconds."""
    qemu = shutil.which(QEMU)
    if not qemu:
        raise NoMachine(f"there is no {QEMU} (packaging/deps.sh check installs it)")
    command = [qemu, *OPTIONS, "-smp", str(cpus), "-m", str(memory_mib),
               "-serial", f"file:{console}", "-serial", "stdio",
               "-kernel", kernel.image, "-initrd", image,
               "-append", f"{KERNEL_OPTIONS} {options}".rstrip()]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        late = threading.Event()
        timer = threading.Timer(limit_s, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            for line in process.stdout:
                on_line(line.decode(errors="replace").rstrip("\r\n"))
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
    if late.is_set():
        raise NoMachine(f"it was still on after {limit_s:g} s")
    if process.returncode:
        raise NoMachine(f"{QEMU} ended with {process.returncode}")
