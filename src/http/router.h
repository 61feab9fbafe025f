/*
 * From method and path to a handler, by a static table. Paths are compared
 * segment by segment as sent; a parameter takes one whole, non-empty segment
 * and is percent-decoded once. The query is parsed strictly: a parameter that
 * the route does not name, or that comes twice, is a 400.
 */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/server.h"

#define HTTP_PARAMS_MAX 4u
#define HTTP_QUERY_MAX 16u

struct http_call;

struct http_route {
	const char *method;  /* "GET" answers HEAD too, without the body */
	const char *pattern; /* "/v1/accounts/{account}/keys/{app_key}" */
	enum status (*handle)(
		void *context, const struct http_call *call, struct http_response *response);
	const char *query; /* names of its query parameters, separated by spaces; NULL: none */
	size_t body_max;   /* 0: a body is refused */
};

/* One request at its route; borrowed by the handler. */
struct http_call {
	const struct http_request *request;
	const struct http_route *route;
	struct arena *arena;
	enum lang lang;
	struct span params[HTTP_PARAMS_MAX]; /* in the pattern's order, decoded */
	size_t params_count;
	struct {
		struct span name;
		struct span value;
	} query[HTTP_QUERY_MAX];
	size_t query_count;
};

struct http_routes {
	const struct http_route *table;
	size_t count;
};

/*
 * Find the route and run its handler; or answer 404, 405 with Allow, or 400
 * for a bad parameter. Returns the handler's status; ST_OK when it answered itself.
 */
NODISCARD enum status http_dispatch(const struct http_routes *routes, void *context,
	const struct http_request *request, struct http_response *response);

/* The route that the request would reach; NULL when there is none. */
const struct http_route *http_routes_find(
	const struct http_routes *routes, const struct http_request *request);

/* The body limit of the route that the request would reach; 0 when there is none. */
size_t http_routes_body_max(const struct http_routes *routes, const struct http_request *request);

/* The value of the path's or the query's parameter; absent when it was not given. */
struct span http_param(const struct http_call *call, const char *name);
struct span http_query(const struct http_call *call, const char *name);

#endif
