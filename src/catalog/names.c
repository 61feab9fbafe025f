/*
 * An index of texts over the known resources. Each resource has several entries: by its names
 * with and without category, by its key, and by its aliases. A hash table, because resources
 * that are derived join it while a document is read.
 */
#include "catalog/names.h"

#include "catalog/internal.h"

#include <stdlib.h>

enum entry_kind {
	BY_NAMES = 0, /* product, category, name */
	BY_KEY,       /* product, key as normalised */
	BY_NAME,      /* product, name */
	BY_ALIAS,     /* product, alias */
	BY_KEY_ALONE, /* key, byte for byte */
	BY_IDENTITY,  /* product and key, byte for byte */
	BY_PRODUCT    /* product */
};

struct entry {
	const char *text; /* kind and parts, normalised; see entry_text() */
	struct catalog_ref ref;
	bool derived;  /* its key is the one that would be derived */
	uint32_t next; /* 1 + the next entry of the bucket; 0: none */
};

struct names {
	struct entry *entries;
	size_t count, capacity;
	uint32_t *buckets; /* 1 + the first entry */
	struct arena *arena;
};

#define BUCKETS_COUNT (1u << 16)
#define ENTRY_TEXT_MAX (16 * KIB)
#define SEPARATOR '\x1F'

static void append_normal(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == ' ' || c == '-' || c == '_' || c == '\t')
			continue;
		buf_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
	}
}

/* One comparable text of a kind and up to three parts. */
static void entry_text(
	struct buf *out, enum entry_kind kind, struct span a, struct span b, struct span c)
{
	buf_append_char(out, (char)('0' + (int)kind));
	append_normal(out, a);
	buf_append_char(out, SEPARATOR);
	append_normal(out, b);
	buf_append_char(out, SEPARATOR);
	append_normal(out, c);
}

static uint32_t *bucket_of(const struct names *names, struct span text)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.ptr[i]) * 16777619u;
	return &names->buckets[(hash ^ hash >> 16) % BUCKETS_COUNT];
}

static enum status add_text(
	struct names *names, struct span text, const struct catalog_ref *ref, bool derived)
{
	uint32_t *bucket = bucket_of(names, text);
	struct entry entry = { text_copy_span(names->arena, text), *ref, derived, *bucket };
	enum status st = items_reserve(
		(void **)&names->entries, names->count, &names->capacity, sizeof(entry));

	if (st != ST_OK || entry.text == NULL)
		return ST_NO_MEMORY;
	names->entries[names->count++] = entry;
	*bucket = (uint32_t)names->count;
	return ST_OK;
}

/* "Name", "Category / Name", "Product / Category / Name" */
static enum status add_alias(struct names *names, const struct catalog_resource *resource,
	struct span alias, struct buf *text)
{
	struct catalog_ref ref = { resource->product, resource->key };
	struct span parts[3] = { { 0 } };
	size_t count = 0;
	struct span product = span_str(resource->product);

	while (count < 3) {
		const char *slash = count == 2 || alias.len == 0
					    ? NULL
					    : memmem(alias.ptr, alias.len, " / ", 3);
		size_t end = slash == NULL ? alias.len : (size_t)(slash - alias.ptr);

		parts[count++] = span_part(alias, 0, end);
		if (slash == NULL)
			break;
		alias = span_part(alias, end + 3, alias.len);
	}
	buf_clear(text);
	if (count == 3)
		entry_text(text, BY_NAMES, parts[0], parts[1], parts[2]);
	else if (count == 2)
		entry_text(text, BY_NAMES, product, parts[0], parts[1]);
	else
		entry_text(text, BY_ALIAS, product, parts[0], SPAN_ABSENT);
	return buf_ok(text) ? add_text(names, buf_span(text), &ref, false) : ST_OK;
}

static bool is_derived(const struct catalog_resource *resource)
{
	char memory[LIMIT_NAME * 4 + 1];
	struct buf key = BUF_ARRAY(memory);

	names_derive_key(&key, span_str(resource->category), span_str(resource->name));
	return span_is(buf_span(&key), resource->key);
}

/* Byte for byte: the key, with its product when that is present. */
static void exact_text(struct buf *out, struct span product, struct span key)
{
	buf_append_char(out, (char)('0' + (span_present(product) ? BY_IDENTITY : BY_KEY_ALONE)));
	buf_append(out, product);
	buf_append_char(out, SEPARATOR);
	buf_append(out, key);
}

static const struct entry *find_entry(const struct names *names, struct span text)
{
	for (uint32_t i = *bucket_of(names, text); i != 0; i = names->entries[i - 1].next) {
		if (span_is(text, names->entries[i - 1].text))
			return &names->entries[i - 1];
	}
	return NULL;
}

static enum status add_resource(struct names *names, const struct catalog_resource *resource)
{
	char memory[ENTRY_TEXT_MAX];
	struct buf text = BUF_ARRAY(memory);
	struct catalog_ref ref = { resource->product, resource->key };
	struct span product = span_str(resource->product), key = span_str(resource->key);
	struct span category = span_str(resource->category), name = span_str(resource->name);
	struct span rest = span_str(resource->aliases), alias;
	bool derived = is_derived(resource);
	enum status st = ST_OK;

	for (int kind = BY_NAMES; kind <= BY_PRODUCT && st == ST_OK; kind++) {
		buf_clear(&text);
		if (kind == BY_ALIAS || (name.len == 0 && (kind == BY_NAMES || kind == BY_NAME)))
			continue;
		/* Else the key that a name gets would depend on what was read before it. */
		if (derived && (kind == BY_KEY || kind == BY_NAME))
			continue;
		if (kind == BY_NAMES)
			entry_text(&text, BY_NAMES, product, category, name);
		else if (kind == BY_KEY)
			entry_text(&text, BY_KEY, product, key, SPAN_ABSENT);
		else if (kind == BY_NAME)
			entry_text(&text, BY_NAME, product, name, SPAN_ABSENT);
		else if (kind == BY_PRODUCT)
			entry_text(&text, BY_PRODUCT, product, SPAN_ABSENT, SPAN_ABSENT);
		else
			exact_text(&text, kind == BY_IDENTITY ? product : SPAN_ABSENT, key);
		if (kind != BY_PRODUCT || find_entry(names, buf_span(&text)) == NULL)
			st = add_text(names, buf_span(&text), &ref, derived);
	}
	while (st == ST_OK && lines_next(&rest, &alias))
		st = add_alias(names, resource, alias, &text);
	return st;
}

struct names *names_make(const struct catalog *known)
{
	struct names *names = calloc(1, sizeof(*names));
	enum status st = ST_OK;

	if (names == NULL)
		return NULL;
	names->arena = arena_make(CATALOG_MEMORY_MAX);
	names->buckets = calloc(BUCKETS_COUNT, sizeof(*names->buckets));
	if (names->arena == NULL || names->buckets == NULL)
		st = ST_NO_MEMORY;
	for (size_t i = 0; st == ST_OK && known != NULL && i < known->resources_count; i++)
		st = add_resource(names, &known->resources[i]);
	if (st != ST_OK)
		names_free(&names);
	return names;
}

void names_free(struct names **names)
{
	if (*names == NULL)
		return;
	free((*names)->entries);
	free((*names)->buckets);
	arena_free(&(*names)->arena);
	free(*names);
	*names = NULL;
}

/* What was found so far; several is different resources that all fit. */
struct found {
	struct catalog_ref ref;
	bool one, several, derived;
};

static void found_add(struct found *found, const struct entry *entry)
{
	if (found->one && ref_compare(&found->ref, &entry->ref) == 0)
		return;
	/* A stated key beats one that was derived before it was stated. */
	if (found->one && found->derived != entry->derived) {
		if (found->derived)
			*found = (struct found){ entry->ref, true, false, false };
		return;
	}
	found->several |= found->one;
	if (!found->one)
		*found = (struct found){ entry->ref, true, found->several, entry->derived };
}

static void look_up(const struct names *names, struct span text, struct found *found)
{
	for (uint32_t i = *bucket_of(names, text); i != 0; i = names->entries[i - 1].next) {
		if (span_is(text, names->entries[i - 1].text))
			found_add(found, &names->entries[i - 1]);
	}
}

static void look_up_parts(const struct names *names, enum entry_kind kind,
	const struct span parts[3], struct found *found)
{
	char memory[ENTRY_TEXT_MAX];
	struct buf text = BUF_ARRAY(memory);

	entry_text(&text, kind, parts[0], parts[1], parts[2]);
	if (buf_ok(&text))
		look_up(names, buf_span(&text), found);
}

/* First what fits wholly; then whatever the name can mean in the product, if it is one thing. */
static struct found find_by_names(const struct names *names, const struct name_query *query)
{
	const struct span whole[3] = { query->product, query->category, query->name };
	const struct span name[3] = { query->product, query->name, SPAN_ABSENT };
	const struct span category[3] = { query->product, query->category, SPAN_ABSENT };
	struct found found = { 0 }, by_category = { 0 };

	look_up_parts(names, BY_NAMES, whole, &found);
	if (found.one)
		return found;
	look_up_parts(names, BY_ALIAS, name, &found);
	look_up_parts(names, BY_KEY, name, &found);
	look_up_parts(names, BY_NAME, name, &found);
	if (!found.several)
		return found;
	/* Some documents give the key as category. */
	look_up_parts(names, BY_KEY, category, &by_category);
	return by_category.one && !by_category.several ? by_category : found;
}

/* Products keep the spelling of the first resource that has them. */
static struct span known_product(const struct names *names, struct span product)
{
	char memory[ENTRY_TEXT_MAX];
	struct buf text = BUF_ARRAY(memory);
	const struct entry *entry;

	entry_text(&text, BY_PRODUCT, product, SPAN_ABSENT, SPAN_ABSENT);
	entry = buf_ok(&text) ? find_entry(names, buf_span(&text)) : NULL;
	return entry == NULL ? product : span_str(entry->ref.product);
}

static enum status derive(struct names *names, const struct name_query *query, struct catalog *out,
	struct catalog_ref *out_ref)
{
	char memory[LIMIT_NAME * 4 + 1];
	struct buf key = BUF_ARRAY(memory);
	struct span product = known_product(names, query->product);
	struct catalog_resource resource = { 0 };
	enum status st;

	if (span_present(query->key))
		buf_append(&key, query->key);
	else
		names_derive_key(&key, query->category, query->name);
	if (!name_is_sound(product) || !name_is_sound(buf_span(&key)) ||
		(query->category.len > 0 && !name_is_sound(query->category)) ||
		((query->name.len > 0 || !span_present(query->key)) && !name_is_sound(query->name)))
		return ST_INVALID;
	resource.product = text_copy_span(names->arena, product);
	resource.key = text_copy_span(names->arena, buf_span(&key));
	resource.category = text_copy_span(names->arena, query->category);
	resource.name = text_copy_span(names->arena, query->name);
	resource.aliases = "";
	if (resource.product == NULL || resource.key == NULL || resource.category == NULL ||
		resource.name == NULL)
		return ST_NO_MEMORY;
	st = catalog_add_resource(out, &resource);
	if (st == ST_OK)
		st = add_resource(names, &resource);
	*out_ref = (struct catalog_ref){ resource.product, resource.key };
	return st;
}

static void look_up_key(
	const struct names *names, struct span product, struct span key, struct found *found)
{
	char memory[ENTRY_TEXT_MAX];
	struct buf text = BUF_ARRAY(memory);

	exact_text(&text, product, key);
	if (buf_ok(&text))
		look_up(names, buf_span(&text), found);
}

enum status names_resolve(struct names *names, const struct name_query *query, struct catalog *out,
	struct catalog_ref *out_ref)
{
	struct found found = { 0 };

	if (span_present(query->key))
		look_up_key(names, known_product(names, query->product), query->key, &found);
	else
		found = find_by_names(names, query);
	if (found.several)
		return ST_CONFLICT;
	if (!found.one)
		return derive(names, query, out, out_ref);
	*out_ref = found.ref;
	return ST_OK;
}

enum status names_resolve_key(struct names *names, const struct name_query *query,
	struct catalog *out, struct catalog_ref *out_ref)
{
	struct found found = { 0 };

	look_up_key(names, known_product(names, query->product), query->key, &found);
	if (!found.one)
		look_up_key(names, SPAN_ABSENT, query->key, &found);
	if (found.several)
		return ST_CONFLICT;
	if (!found.one)
		return derive(names, query, out, out_ref);
	*out_ref = found.ref;
	return ST_OK;
}
