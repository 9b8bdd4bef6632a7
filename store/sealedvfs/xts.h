/* AES-256-XTS by the processor's own instructions, where it has them: the same
 * cipher as store/atrest's, without the way into Go and back for each page. */
#ifndef TONGBAN_XTS_H
#define TONGBAN_XTS_H

#include <stdint.h>

typedef struct xts xts;

/* xts_new prepares the cipher of a key of 64 bytes; NULL where this processor
 * has no instructions for it, or there is no memory. */
xts *xts_new(const unsigned char *key);

/* xts_crypt seals or opens a unit, or its beginning, in place; n is a multiple
 * of 16. */
void xts_crypt(const xts *x, int seal, unsigned char *b, int n, uint64_t unit);

#endif
