/*
 * The console's pages and files for browsers. Needs no login and holds no data: what a page shows
 * it asks /v1 for.
 */
#ifndef KEEPER_CONSOLE_H
#define KEEPER_CONSOLE_H

#include "http/server.h"

/*
 * Answer a GET or HEAD of one of the console's pages or files: ST_OK. ST_NOT_FOUND: it is none of
 * them, nothing was filled in. ST_NO_MEMORY. app_key_prefix: the token checker knows by it which
 * appKeys are of this installation.
 */
NODISCARD enum status console_handle(const struct http_request *request, struct span app_key_prefix,
	struct http_response *response);

/* Is it a page that needs no session, or a file that such a page may load? */
bool console_is_public(struct span path);

#endif
