#include "keeper/forwarded.h"

#include "base/complaint.h"
#include "decide/view.h"

static struct address address_of(const struct http_peer *peer)
{
	struct address address = { .known = true };

	memcpy(address.bytes, peer->address, sizeof(address.bytes));
	return address;
}

static bool trusted(const struct keeper_setup *setup, const struct http_peer *peer)
{
	struct address address = address_of(peer);

	if (peer->kind != HTTP_PEER_IP)
		return false;
	for (size_t i = 0; i < setup->proxies_count; i++) {
		if (address_in(&address, &setup->proxies[i]))
			return true;
	}
	return false;
}

static bool loopback(const struct http_peer *peer)
{
	static const uint8_t v4[13] = { [10] = 0xFF, [11] = 0xFF, [12] = 127 };
	static const uint8_t v6[16] = { [15] = 1 };

	return memcmp(peer->address, v4, sizeof(v4)) == 0 ||
	       memcmp(peer->address, v6, sizeof(v6)) == 0;
}

bool forwarded_secure(const struct keeper_setup *setup, const struct http_request *request)
{
	return request->secure ||
	       (request->peer != NULL && trusted(setup, request->peer) &&
		       span_is(http_header_once(request, "X-Forwarded-Proto"), "https"));
}

static struct span trim(struct span text)
{
	while (text.len > 0 && text.ptr[0] == ' ')
		text = span_part(text, 1, text.len);
	while (text.len > 0 && text.ptr[text.len - 1] == ' ')
		text.len--;
	return text;
}

/*
 * From the right, where the nearest proxy wrote: the first address that is no proxy of
 * ours. What stands further left is what the client says.
 */
static enum status client_read(
	const struct keeper_setup *setup, struct span list, struct http_peer *client)
{
	while (span_present(list) && trusted(setup, client)) {
		size_t begin = list.len;
		struct address address;

		while (begin > 0 && list.ptr[begin - 1] != ',')
			begin--;
		if (address_parse(trim(span_part(list, begin, list.len)), &address) != ST_OK)
			return ST_INVALID;
		memcpy(client->address, address.bytes, sizeof(client->address));
		client->port = 0;
		list = begin == 0 ? SPAN_ABSENT : span_part(list, 0, begin - 1);
	}
	return ST_OK;
}

struct http_peer forwarded_client(
	const struct keeper_setup *setup, const struct http_request *request)
{
	struct http_peer client = *request->peer;
	struct span list = http_header_once(request, "X-Forwarded-For");

	return client_read(setup, list, &client) == ST_OK ? client : *request->peer;
}

static enum status complain(struct complaint *complaint, const char *name)
{
	complaint_set(complaint, "http.forwarded_invalid", 1, "name", name);
	return ST_INVALID;
}

enum status forwarded_read(const struct keeper_setup *setup, struct http_request *request,
	struct http_peer *out_client, struct complaint *complaint)
{
	struct span proto, list;

	*out_client = *request->peer;
	if (out_client->kind != HTTP_PEER_IP)
		return ST_OK;
	if (trusted(setup, request->peer)) {
		if (http_header_find(request, "X-Forwarded-Proto", &proto) == HTTP_REPEATED)
			return complain(complaint, "X-Forwarded-Proto");
		if (http_header_find(request, "X-Forwarded-For", &list) == HTTP_REPEATED ||
			client_read(setup, list, out_client) != ST_OK)
			return complain(complaint, "X-Forwarded-For");
	}
	request->secure = forwarded_secure(setup, request);
	request->peer = out_client;
	if (request->secure || loopback(out_client))
		return ST_OK;
	complaint_set(complaint, "http.tls_needed", 0);
	return ST_DENIED;
}
