/* The built console's files, compiled in by tools/gen-assets. None of it is a secret. */
#ifndef KEEPER_ASSETS_H
#define KEEPER_ASSETS_H

#include "base/span.h"

struct asset {
	const char *path; /* "/index.html", "/assets/index-Ck9Cffn4.js" */
	const char *content_type;
	const char *plain;
	size_t plain_len;
	const char *gzip;
	size_t gzip_len; /* 0: only plain */
};

/* The file of that path, compared by bytes; NULL: none. */
const struct asset *asset_find(struct span path);

#endif
