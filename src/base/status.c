#include "base/status.h"

#include <errno.h>

const char *status_name(enum status st)
{
	static const char *const names[ST_COUNT] = {
		[ST_OK] = "ok",
		[ST_NOT_FOUND] = "not_found",
		[ST_EXISTS] = "exists",
		[ST_CONFLICT] = "conflict",
		[ST_INVALID] = "invalid",
		[ST_LIMIT] = "limit",
		[ST_FORMAT] = "format",
		[ST_DAMAGED] = "damaged",
		[ST_IO] = "io",
		[ST_NO_SPACE] = "no_space",
		[ST_NO_MEMORY] = "no_memory",
		[ST_BUSY] = "busy",
		[ST_TIMEOUT] = "timeout",
		[ST_STALE] = "stale",
		[ST_DENIED] = "denied",
		[ST_UNAVAILABLE] = "unavailable",
		[ST_UNKNOWN] = "unknown",
	};
	if ((unsigned)st >= ST_COUNT)
		return "invalid_status";
	return names[st];
}

enum status status_from_errno(int err)
{
	switch (err) {
	case 0:
		return ST_OK;
	case ENOENT:
		return ST_NOT_FOUND;
	case EEXIST:
		return ST_EXISTS;
	case ENOSPC:
	case EDQUOT:
		return ST_NO_SPACE;
	case ENOMEM:
		return ST_NO_MEMORY;
	case EBUSY:
	case EAGAIN:
		return ST_BUSY;
	case ETIMEDOUT:
		return ST_TIMEOUT;
	case EACCES:
	case EPERM:
		return ST_DENIED;
	default:
		return ST_IO;
	}
}
