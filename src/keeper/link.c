#include "keeper/link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Of a listening socket; false for one without an address. */
static bool url_append(int fd, struct buf *out)
{
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);
	char text[INET6_ADDRSTRLEN];

	memset(&storage, 0, sizeof(storage));
	if (getsockname(fd, (struct sockaddr *)&storage, &size) != 0)
		return false;
	if (storage.ss_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, &storage, sizeof(v4));
		if (inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text)) == NULL)
			return false;
		buf_printf(out, "http://%s:%u", text, (unsigned)ntohs(v4.sin_port));
		return true;
	}
	if (storage.ss_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, &storage, sizeof(v6));
		if (inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text)) == NULL)
			return false;
		buf_printf(out, "http://[%s]:%u", text, (unsigned)ntohs(v6.sin6_port));
		return true;
	}
	return false;
}

void link_base_append(const struct keeper *keeper, bool for_others, struct buf *out)
{
	const struct keeper_setup *setup = keeper->setup;

	if (for_others && span_present(setup->public_url)) {
		buf_append(out, setup->public_url);
		return;
	}
	if (span_present(setup->console_url)) {
		buf_append(out, setup->console_url);
		return;
	}
	for (size_t i = 0; i < setup->listeners_count; i++) {
		if (url_append(setup->listeners[i].fd, out))
			return;
	}
}
