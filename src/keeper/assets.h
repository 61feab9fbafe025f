/* The files for browsers, compiled in by tools/gen-assets. None of it is a secret. */
#ifndef KEEPER_ASSETS_H
#define KEEPER_ASSETS_H

#include "base/span.h"

struct asset {
	const char *path; /* "/index.html", "/assets/index-Ck9Cffn4.js" */
	const char *content_type;
	const char *plain;
	size_t plain_len;
	const char *gzip;
	size_t gzip_len;  /* 0: only plain */
	const char *etag; /* W/"...": one for both forms */
};

/* The file of that path, compared by bytes; NULL: none. */
const struct asset *asset_find(struct span path);

/* Where the style sheet of pages without script is; there also when the console was not built. */
const char *asset_plain_css(void);

#endif
