/* Any text as a configuration: a configuration or faults that can be said, never both, never
 * neither. */
#include "llaverod/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct config_faults faults;
	enum status st = config_parse(span_of(data, size), "f", NULL, &config, &faults);

	if ((st == ST_OK) != (config != NULL) || (st == ST_INVALID) != (faults.count > 0))
		abort();
	for (size_t i = 0; i < faults.count; i++) {
		struct buf text = buf_heap(16 * KIB);

		config_fault_append(&text, LANG_ES, &faults.items[i]);
		if (!buf_ok(&text) || faults.items[i].what.key == NULL)
			abort();
		buf_free(&text);
	}
	config_free(&config);
	return 0;
}
