#include "keeper/assets.h"

#include "assets_data.h"

const struct asset *asset_find(struct span path)
{
	/* The last one has no path: there may be no other, when the console was not built. */
	for (const struct asset *asset = ASSETS; asset->path != NULL; asset++) {
		if (span_is(path, asset->path))
			return asset;
	}
	return NULL;
}

const char *asset_plain_css(void)
{
	return ASSETS_PLAIN_CSS;
}
