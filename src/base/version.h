/* The version of this build; the Makefile may name another with -DREEVE_VERSION='"1.2.3"'. */
#ifndef REEVE_BASE_VERSION_H
#define REEVE_BASE_VERSION_H

#ifndef REEVE_VERSION
#define REEVE_VERSION "0.1.0"
#endif

#endif
