/*
 * The console's pages and files for browsers, and the headers that every answer
 * of the keeper carries. Needs no login and holds no data: what a page shows it
 * asks /v1 for.
 */
#ifndef KEEPER_CONSOLE_H
#define KEEPER_CONSOLE_H

#include "http/server.h"

/*
 * Answer a GET or HEAD of one of the console's pages or files: ST_OK. ST_NOT_FOUND: it is none of
 * them, nothing was filled in. ST_NO_MEMORY.
 */
NODISCARD enum status console_handle(
	const struct http_request *request, struct http_response *response);

/* Add what keeps a browser from using an answer for anything else. A page's own policy stays. */
void console_protect(struct http_response *response);

#endif
