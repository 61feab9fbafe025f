#include "llaverod/config_near.h"

#include "base/nearest.h"

void config_variable_name(const struct config_key *key, char out[COMPLAINT_VALUE_MAX])
{
	struct buf name = buf_fixed(out, COMPLAINT_VALUE_MAX);

	buf_printf(&name, "LLAVERO_%s%s%s", key->section, key->section[0] == '\0' ? "" : "_",
		key->name);
	for (char *c = out; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	}
}

struct search {
	struct span name;
	size_t distance; /* of the best so far */
	char *out;
};

/* text: what is told when word is nearer than all before. */
static void consider(struct search *search, struct span word, size_t penalty, const char *prefix,
	const char *text)
{
	size_t distance = word_distance(search->name, word);
	struct buf out;

	if (distance == SIZE_MAX || (distance > 0 && !word_is_near(search->name, word, distance)) ||
		distance + penalty >= search->distance)
		return;
	search->distance = distance + penalty;
	out = buf_fixed(search->out, COMPLAINT_VALUE_MAX);
	buf_printf(&out, "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".", text);
}

static void consider_table(
	struct search *search, const struct config_key *table, const char *section)
{
	/* Of two that are as near the one in the same section was meant. */
	for (const struct config_key *key = table; key->name != NULL; key++) {
		bool here = strcmp(key->section, section) == 0;

		consider(search, span_str(key->name), here ? 0 : 1, key->section, key->name);
		if (section[0] == '\0' && key->section[0] != '\0')
			consider(search, span_str(key->section), 1, "", key->section);
	}
}

bool config_key_near(const char *section, struct span name, char out[COMPLAINT_VALUE_MAX])
{
	struct search search = { name, SIZE_MAX, out };

	consider_table(&search, CONFIG_KEYS, section);
	if (strcmp(section, "gate_listener") == 0)
		consider_table(&search, CONFIG_GATE_LISTENER_KEYS, section);
	else if (section[0] == '\0')
		consider(&search, SPAN_LIT("gate_listener"), 1, "", "gate_listener");
	return search.distance != SIZE_MAX;
}

bool config_variable_near(struct span name, char out[COMPLAINT_VALUE_MAX])
{
	struct search search = { name, SIZE_MAX, out };

	for (const struct config_key *key = CONFIG_KEYS; key->name != NULL; key++) {
		char memory[COMPLAINT_VALUE_MAX];

		config_variable_name(key, memory);
		consider(&search, span_str(memory), 0, "", memory);
	}
	return search.distance != SIZE_MAX;
}
