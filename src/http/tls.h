/* A certificate and its key, as PEM files hold them: TLS 1.2 and 1.3, nothing older. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "base/complaint.h"
#include "base/status.h"

struct http_tls; /* opaque */

/*
 * Read both files and see that they belong together. *out_tls belongs to the caller.
 * ST_INVALID with a complaint that names the file and what is wrong. The key's file must
 * not be readable by everybody.
 */
NODISCARD enum status http_tls_open(const char *certificate_path, const char *key_path,
	struct http_tls **out_tls, struct complaint *complaint);

/* Wipes the key. */
void http_tls_close(struct http_tls **tls);

#endif
