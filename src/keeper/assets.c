#include "keeper/assets.h"

#include "assets_data.h"

const struct asset *asset_find(struct span path)
{
	for (size_t i = 0; i < ASSETS_COUNT; i++) {
		if (span_is(path, ASSETS[i].path))
			return &ASSETS[i];
	}
	return NULL;
}
