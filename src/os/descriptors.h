/* The descriptors of a child that is to have only some of its parent's. Async-signal-safe, since it
 * is called between clone and exec. */
#ifndef REEVE_OS_DESCRIPTORS_H
#define REEVE_OS_DESCRIPTORS_H

/* Closes everything from 3 up but these `n` (lower and negative ones are ignored): by
 * close_range(2), or where that is missing or refused, what /proc/self/fd lists. */
void descriptors_close_but(const int *keep, int n);

#endif
