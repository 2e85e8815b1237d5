/* The contracts, as texts in the binary: generated at build time from the .varlink files. */
#ifndef REEVE_VARLINK_CONTRACT_H
#define REEVE_VARLINK_CONTRACT_H

extern const char io_reeve_Manager_varlink[];

#endif
