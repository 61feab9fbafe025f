/*
 * YAML 1.2, core schema, by libyaml's events.
 *
 * I1: an alias shares the value that its anchor made, and counts as many values as that has; so
 *     neither memory nor a walk over the tree exceeds LIMIT_DOCUMENT_VALUES.
 * I2: an anchor is known only once its value is complete; so the tree has no cycles.
 */
#include "catalog/tree.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <yaml.h>

struct anchor {
	char *name;
	json_t *value; /* shared */
	size_t values;
};

/* A collection that is being filled. */
struct frame {
	json_t *collection; /* owned until it is closed */
	json_t *merges;     /* array of what "<<" named, or NULL */
	char *anchor;       /* owned, or NULL */
	char *key;          /* owned; of a mapping: the key whose value comes next */
	bool key_is_merge;
	size_t values_before;
};

struct yaml {
	yaml_parser_t parser;
	struct frame frames[LIMIT_DOCUMENT_DEPTH];
	size_t depth;
	struct anchor anchors[LIMIT_DOCUMENT_ANCHORS];
	size_t anchors_count;
	size_t values;
	json_t *root; /* owned */
	struct span bytes;
	struct complaint *complaint;
};

static void frame_clear(struct frame *frame)
{
	json_decref(frame->collection);
	json_decref(frame->merges);
	free(frame->anchor);
	free(frame->key);
	*frame = (struct frame){ 0 };
}

static void yaml_free(struct yaml **yaml)
{
	if (*yaml == NULL)
		return;
	while ((*yaml)->depth > 0)
		frame_clear(&(*yaml)->frames[--(*yaml)->depth]);
	for (size_t i = 0; i < (*yaml)->anchors_count; i++) {
		free((*yaml)->anchors[i].name);
		json_decref((*yaml)->anchors[i].value);
	}
	json_decref((*yaml)->root);
	yaml_parser_delete(&(*yaml)->parser);
	free(*yaml);
	*yaml = NULL;
}

static enum status refuse(struct yaml *yaml, const char *key, yaml_mark_t mark)
{
	tree_complain(yaml->complaint, key, mark.line + 1, mark.column + 1);
	return ST_INVALID;
}

static enum status count_values(struct yaml *yaml, size_t count, yaml_mark_t mark)
{
	if (count > LIMIT_DOCUMENT_VALUES - yaml->values) {
		(void)refuse(yaml, "catalog.too_many_values", mark);
		return ST_LIMIT;
	}
	yaml->values += count;
	return ST_OK;
}

/* Remember a complete value; name is taken over. A later anchor of the name replaces it. */
static enum status anchor_set(struct yaml *yaml, char *name, json_t *value, size_t values)
{
	struct anchor *anchor = NULL;

	for (size_t i = 0; i < yaml->anchors_count && anchor == NULL; i++) {
		if (strcmp(yaml->anchors[i].name, name) == 0)
			anchor = &yaml->anchors[i];
	}
	if (anchor != NULL) {
		free(name);
		json_decref(anchor->value);
	} else {
		/* The room was checked when the anchor was met. */
		anchor = &yaml->anchors[yaml->anchors_count++];
		anchor->name = name;
	}
	anchor->value = json_incref(value);
	anchor->values = values;
	return ST_OK;
}

/* A copy of an event's anchor, or NULL when it has none. */
static enum status anchor_take(
	struct yaml *yaml, const yaml_char_t *anchor, yaml_mark_t mark, char **out_name)
{
	size_t open = 0;

	*out_name = NULL;
	if (anchor == NULL)
		return ST_OK;
	for (size_t i = 0; i < yaml->depth; i++)
		open += yaml->frames[i].anchor != NULL;
	if (yaml->anchors_count + open >= LIMIT_DOCUMENT_ANCHORS) {
		(void)refuse(yaml, "catalog.too_many_anchors", mark);
		return ST_LIMIT;
	}
	*out_name = strdup((const char *)anchor);
	return *out_name == NULL ? ST_NO_MEMORY : ST_OK;
}

/* Give value (taken over) to the collection that is open, or make it the root. */
static enum status place(struct yaml *yaml, json_t *value, yaml_mark_t mark)
{
	struct frame *frame = yaml->depth > 0 ? &yaml->frames[yaml->depth - 1] : NULL;
	enum status st = ST_OK;

	if (frame == NULL) {
		json_decref(yaml->root);
		yaml->root = value;
		return ST_OK;
	}
	if (json_is_array(frame->collection))
		return json_array_append_new(frame->collection, value) == 0 ? ST_OK : ST_NO_MEMORY;
	if (frame->key == NULL) {
		json_decref(value);
		return refuse(yaml, "catalog.yaml_key", mark);
	}
	if (frame->key_is_merge) {
		if (frame->merges == NULL)
			frame->merges = json_array();
		if (!json_is_array(value))
			st = json_array_append_new(frame->merges, value) == 0 ? ST_OK
									      : ST_NO_MEMORY;
		else {
			st = json_array_extend(frame->merges, value) == 0 ? ST_OK : ST_NO_MEMORY;
			json_decref(value);
		}
	} else {
		st = json_object_set_new_nocheck(frame->collection, frame->key, value) == 0
			     ? ST_OK
			     : ST_NO_MEMORY;
	}
	free(frame->key);
	frame->key = NULL;
	return st;
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(text, *list) == 0)
			return true;
	}
	return false;
}

/* One character at least, and none that is not in set. */
static bool is_made_of(const char *text, const char *set)
{
	return *text != '\0' && text[strspn(text, set)] == '\0';
}

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, or 0o17, 0x1F */
static bool is_number(const char *text)
{
	size_t whole, fraction = 0;

	if (text[0] == '0' && text[1] == 'o')
		return is_made_of(text + 2, "01234567");
	if (text[0] == '0' && text[1] == 'x')
		return is_made_of(text + 2, "0123456789abcdefABCDEF");
	text += *text == '-' || *text == '+';
	whole = digits(text);
	text += whole;
	if (*text == '.') {
		fraction = digits(++text);
		text += fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		if (digits(text) == 0)
			return false;
		text += digits(text);
	}
	return *text == '\0';
}

/* The value of a plain scalar by the core schema; NULL without memory or for a number too large. */
static json_t *resolve_plain(const char *text, size_t len, bool *out_overflow)
{
	static const char *const NULLS[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const TRUES[] = { "true", "True", "TRUE", NULL };
	static const char *const FALSES[] = { "false", "False", "FALSE", NULL };
	static const char *const ENDLESS[] = { ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
		"-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN", NULL };

	if (is_one_of(text, NULLS))
		return json_null();
	if (is_one_of(text, TRUES))
		return json_true();
	if (is_one_of(text, FALSES))
		return json_false();
	if (is_number(text)) {
		double number = strncmp(text, "0o", 2) == 0 ? 0 : strtod(text, NULL);

		*out_overflow = !isfinite(number);
		return *out_overflow ? NULL : json_real(number);
	}
	*out_overflow = is_one_of(text, ENDLESS);
	return *out_overflow ? NULL : json_stringn_nocheck(text, len);
}

#define TAG_PREFIX "tag:yaml.org,2002:"

static bool is_known_tag(const yaml_char_t *tag)
{
	static const char *const KNOWN[] = { TAG_PREFIX "str", TAG_PREFIX "int", TAG_PREFIX "float",
		TAG_PREFIX "bool", TAG_PREFIX "null", TAG_PREFIX "map", TAG_PREFIX "seq", "!",
		NULL };

	return tag == NULL || is_one_of((const char *)tag, KNOWN);
}

static enum status take_scalar(struct yaml *yaml, const yaml_event_t *event, json_t **out_value)
{
	const char *text = (const char *)event->data.scalar.value;
	const char *tag = (const char *)event->data.scalar.tag;
	size_t len = event->data.scalar.length;
	bool overflow = false;

	/* A NUL can only come from an escape; the texts that follow end at it. */
	if (strlen(text) != len)
		return refuse(yaml, "catalog.control", event->start_mark);
	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
		(tag != NULL && (strcmp(tag, "!") == 0 || strcmp(tag, TAG_PREFIX "str") == 0)))
		*out_value = json_stringn_nocheck(text, len);
	else
		*out_value = resolve_plain(text, len, &overflow);
	if (overflow)
		return refuse(yaml, "catalog.number", event->start_mark);
	return *out_value == NULL ? ST_NO_MEMORY : ST_OK;
}

/* Keys are texts, whatever they look like: 200 is "200". */
static enum status take_key(struct yaml *yaml, struct frame *frame, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	if (strlen(text) != event->data.scalar.length)
		return refuse(yaml, "catalog.control", event->start_mark);
	frame->key_is_merge = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
			      event->data.scalar.tag == NULL && strcmp(text, "<<") == 0;
	if (frame->key_is_merge ? frame->merges != NULL
				: json_object_get(frame->collection, text) != NULL)
		return refuse(yaml, "catalog.repeated_key", event->start_mark);
	frame->key = strdup(text);
	return frame->key == NULL ? ST_NO_MEMORY : ST_OK;
}

static enum status on_scalar(struct yaml *yaml, const yaml_event_t *event)
{
	struct frame *frame = yaml->depth > 0 ? &yaml->frames[yaml->depth - 1] : NULL;
	json_t *value = NULL;
	char *anchor = NULL;
	enum status st;

	if (!is_known_tag(event->data.scalar.tag))
		return refuse(yaml, "catalog.yaml_tag", event->start_mark);
	st = count_values(yaml, 1, event->start_mark);
	if (st == ST_OK)
		st = anchor_take(yaml, event->data.scalar.anchor, event->start_mark, &anchor);
	if (st != ST_OK)
		return st;
	if (frame != NULL && json_is_object(frame->collection) && frame->key == NULL) {
		free(anchor);
		return anchor != NULL ? refuse(yaml, "catalog.yaml_key", event->start_mark)
				      : take_key(yaml, frame, event);
	}
	st = take_scalar(yaml, event, &value);
	if (st == ST_OK && anchor != NULL) {
		st = anchor_set(yaml, anchor, value, 1);
		anchor = NULL;
	}
	free(anchor);
	return st == ST_OK ? place(yaml, value, event->start_mark) : st;
}

static enum status on_alias(struct yaml *yaml, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;

	for (size_t i = 0; i < yaml->anchors_count; i++) {
		struct anchor *anchor = &yaml->anchors[i];
		enum status st;

		if (strcmp(anchor->name, name) != 0)
			continue;
		st = count_values(yaml, anchor->values, event->start_mark);
		return st == ST_OK ? place(yaml, json_incref(anchor->value), event->start_mark)
				   : st;
	}
	return refuse(yaml, "catalog.yaml_alias", event->start_mark);
}

static enum status on_start(struct yaml *yaml, const yaml_event_t *event, bool mapping)
{
	const yaml_char_t *tag =
		mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	const yaml_char_t *anchor =
		mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
	struct frame *above = yaml->depth > 0 ? &yaml->frames[yaml->depth - 1] : NULL;
	struct frame frame = { .values_before = yaml->values };
	enum status st;

	if (!is_known_tag(tag))
		return refuse(yaml, "catalog.yaml_tag", event->start_mark);
	if (above != NULL && json_is_object(above->collection) && above->key == NULL)
		return refuse(yaml, "catalog.yaml_key", event->start_mark);
	if (yaml->depth == LIMIT_DOCUMENT_DEPTH) {
		(void)refuse(yaml, "catalog.too_deep", event->start_mark);
		return ST_LIMIT;
	}
	st = count_values(yaml, 1, event->start_mark);
	if (st == ST_OK)
		st = anchor_take(yaml, anchor, event->start_mark, &frame.anchor);
	if (st != ST_OK)
		return st;
	frame.collection = mapping ? json_object() : json_array();
	yaml->frames[yaml->depth++] = frame;
	return frame.collection == NULL ? ST_NO_MEMORY : ST_OK;
}

/* Merge keys give only what the mapping itself does not say; of several the earlier wins. */
static enum status apply_merges(struct yaml *yaml, struct frame *frame, yaml_mark_t mark)
{
	json_t *merged, *value;
	const char *key;
	size_t i;

	json_array_foreach(frame->merges, i, merged)
	{
		if (!json_is_object(merged))
			return refuse(yaml, "catalog.yaml_merge", mark);
		json_object_foreach(merged, key, value)
		{
			if (json_object_get(frame->collection, key) == NULL &&
				json_object_set_nocheck(frame->collection, key, value) != 0)
				return ST_NO_MEMORY;
		}
	}
	return ST_OK;
}

static enum status on_end(struct yaml *yaml, const yaml_event_t *event)
{
	struct frame *frame = &yaml->frames[yaml->depth - 1];
	json_t *value = NULL;
	enum status st = ST_OK;

	if (frame->merges != NULL)
		st = apply_merges(yaml, frame, event->start_mark);
	if (st == ST_OK && frame->anchor != NULL) {
		st = anchor_set(yaml, frame->anchor, frame->collection,
			yaml->values - frame->values_before);
		frame->anchor = NULL;
	}
	if (st == ST_OK)
		value = json_incref(frame->collection);
	frame_clear(frame);
	yaml->depth--;
	return st == ST_OK ? place(yaml, value, event->start_mark) : st;
}

static enum status on_event(struct yaml *yaml, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return yaml->root == NULL
			       ? ST_OK
			       : refuse(yaml, "catalog.yaml_documents", event->start_mark);
	case YAML_ALIAS_EVENT:
		return on_alias(yaml, event);
	case YAML_SCALAR_EVENT:
		return on_scalar(yaml, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(yaml, event, false);
	case YAML_MAPPING_START_EVENT:
		return on_start(yaml, event, true);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(yaml, event);
	default:
		return ST_OK;
	}
}

static enum status parse_all(struct yaml *yaml)
{
	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		enum status st;

		if (!yaml_parser_parse(&yaml->parser, &event)) {
			if (yaml->parser.error == YAML_MEMORY_ERROR)
				return ST_NO_MEMORY;
			/* A character outside YAML's printable set; its place is an offset. */
			if (yaml->parser.error == YAML_READER_ERROR) {
				tree_complain_at(yaml->complaint, "catalog.control", yaml->bytes,
					yaml->parser.problem_offset);
				return ST_INVALID;
			}
			return refuse(yaml, "catalog.yaml_syntax", yaml->parser.problem_mark);
		}
		type = event.type;
		st = on_event(yaml, &event);
		yaml_event_delete(&event);
		if (st != ST_OK)
			return st;
		if (type == YAML_STREAM_END_EVENT)
			return ST_OK;
	}
}

enum status tree_read_yaml(struct span bytes, json_t **out_root, struct complaint *out_complaint)
{
	CLEANUP(yaml_free)
	struct yaml *yaml = calloc(1, sizeof(*yaml));
	enum status st;

	if (yaml == NULL || !yaml_parser_initialize(&yaml->parser))
		return ST_NO_MEMORY;
	yaml->complaint = out_complaint;
	yaml->bytes = bytes;
	yaml_parser_set_encoding(&yaml->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&yaml->parser, (const unsigned char *)bytes.ptr, bytes.len);
	st = parse_all(yaml);
	if (st != ST_OK)
		return st;
	if (yaml->root == NULL) {
		complaint_set(out_complaint, "catalog.empty", 0);
		return ST_INVALID;
	}
	*out_root = yaml->root;
	yaml->root = NULL;
	return ST_OK;
}
