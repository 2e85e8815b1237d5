/*
 * A fork bomb, for the tests in a machine of their own (test_vm_*.py). Each of its processes makes
 * others for as long as it lives, whether that succeeds or not, and takes no notice of SIGTERM.
 *
 *   bomb FIFO
 *
 * It says "armed" on standard error and goes off when somebody opens the FIFO for writing. Outside
 * of such a machine (REEVE_MACHINE is not set) it does nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 2 || !getenv("REEVE_MACHINE"))
        return 2;
    signal(SIGTERM, SIG_IGN);
    fprintf(stderr, "armed\n");
    if (open(argv[1], O_RDONLY) < 0)
        return 1;
    for (;;)
        if (fork() == 0)
            (void)setsid();
}
