/* Who is behind a proxy, by what it says; believed of proxies that the configuration names. */
#ifndef KEEPER_FORWARDED_H
#define KEEPER_FORWARDED_H

#include "http/server.h"
#include "keeper/keeper.h"

/*
 * The request as its client made it: *out_client gets the client's address, request->peer then
 * points there, request->secure says whether it came by TLS. ST_INVALID with a complaint
 * when the proxy's headers are of no use; ST_DENIED when it came in the clear from
 * another machine.
 */
NODISCARD enum status forwarded_read(const struct keeper_setup *setup, struct http_request *request,
	struct http_peer *out_client, struct complaint *complaint);

/* For the log: who asked, as far as a trusted proxy says so in a way that can be read. */
struct http_peer forwarded_client(
	const struct keeper_setup *setup, const struct http_request *request);

/* Did it come by TLS, here or at a trusted proxy? */
bool forwarded_secure(const struct keeper_setup *setup, const struct http_request *request);

#endif
