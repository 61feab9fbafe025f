/*
 * The plain bytes of a diagnosis. One traversal serves both directions, so that
 * writing and reading cannot differ. Integers are little-endian and of fixed
 * width; only the texts vary in length (D2).
 */
#include "decide/diagnosis_codec.h"

#include "base/encode.h"
#include "decide/diagnosis.h"

#include <assert.h>

#define TRACE_BITS 2u
#define LIMIT_COUNT_BITS 40

static_assert(STEP_COUNT * TRACE_BITS <= 32, "the trace fits 32 bits");
static_assert(LIMIT_QUOTA < UINT64_C(1) << LIMIT_COUNT_BITS, "a count fits");
static_assert(CAUSE_COUNT <= 256 && PATH_REASON_COUNT <= 256, "causes and reasons fit a byte");

struct codec {
	bool writing;
	bool failed;
	uint8_t *out;
	const uint8_t *in;
	size_t at, len;
};

static bool take(struct codec *c, size_t width)
{
	if (c->failed || width > c->len - c->at) {
		c->failed = true;
		return false;
	}
	return true;
}

/* Write value, or read one of that width. */
static uint64_t number(struct codec *c, uint64_t value, size_t width)
{
	uint8_t bytes[8];

	if (!take(c, width))
		return 0;
	put_u64(bytes, value);
	if (c->writing)
		memcpy(c->out + c->at, bytes, width);
	else {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, c->in + c->at, width);
	}
	c->at += width;
	return get_u64(bytes);
}

static uint32_t slot(struct codec *c, uint32_t value)
{
	return (uint32_t)number(c, value, sizeof(value));
}

static void raw(struct codec *c, void *bytes, size_t len)
{
	if (!take(c, len))
		return;
	if (c->writing)
		memcpy(c->out + c->at, bytes, len);
	else
		memcpy(bytes, c->in + c->at, len);
	c->at += len;
}

static void bit(uint64_t *bits, unsigned index, bool *value, bool writing)
{
	if (writing)
		*bits |= (uint64_t)*value << index;
	else
		*value = (*bits >> index & 1u) != 0;
}

static void flags(struct codec *c, struct diagnosis *d)
{
	bool *const all[] = { &d->allowed, &d->proven, &d->previous_token, &d->cors_preflight,
		&d->client.known, &d->has_service, &d->unmapped_authenticated, &d->preflight_pass,
		&d->near.swapped };
	uint64_t bits = 0;

	if (!c->writing)
		bits = number(c, 0, 2);
	for (unsigned i = 0; i < ARRAY_LEN(all); i++)
		bit(&bits, i, all[i], c->writing);
	if (c->writing)
		(void)number(c, bits, 2);
	else if (bits >> ARRAY_LEN(all) != 0)
		c->failed = true;
}

static void trace(struct codec *c, struct diagnosis *d)
{
	uint64_t bits = 0;

	for (unsigned i = 0; c->writing && i < STEP_COUNT; i++)
		bits |= (uint64_t)(d->trace[i] & 3u) << (i * TRACE_BITS);
	bits = number(c, bits, 4);
	for (unsigned i = 0; i < STEP_COUNT; i++)
		d->trace[i] = (uint8_t)(bits >> (i * TRACE_BITS) & 3u);
	if (bits >> (STEP_COUNT * TRACE_BITS) != 0)
		c->failed = true;
}

static void finding(struct codec *c, struct text_finding *f)
{
	f->cause = (enum text_cause)number(c, f->cause, 1);
	f->hint = (enum text_hint)number(c, f->hint, 1);
	f->field = (enum text_field)number(c, f->field, 1);
	f->positions_count = (uint8_t)number(c, f->positions_count, 1);
	for (size_t i = 0; i < TEXT_POSITIONS_MAX; i++)
		f->positions[i] = (uint16_t)number(c, f->positions[i], 2);
	f->wrong_count = (uint16_t)number(c, f->wrong_count, 2);
	f->length = (uint16_t)number(c, f->length, 2);
	f->expected = (uint16_t)number(c, f->expected, 2);
}

static void verdict(struct codec *c, struct diagnosis *d)
{
	flags(c, d);
	d->cause = (enum cause)number(c, d->cause, 1);
	d->public_cause = (enum cause)number(c, d->public_cause, 1);
	d->failed_step = (enum step)number(c, d->failed_step, 1);
	d->path_reason = (enum path_reason)number(c, d->path_reason, 1);
	trace(c, d);
	d->near.steps = (uint8_t)number(c, d->near.steps, 1);
	finding(c, &d->text);
}

static void slots(struct codec *c, struct diagnosis *d)
{
	uint32_t *const all[] = { &d->asked_account, &d->owner_account, &d->key, &d->key_account,
		&d->other_key, &d->other_account, &d->profile, &d->resource, &d->retry_after_s };
	uint64_t limit;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		*all[i] = slot(c, *all[i]);
	d->profiles_here = (uint16_t)number(c, d->profiles_here, 2);
	limit = number(c, (uint64_t)d->limit_window << LIMIT_COUNT_BITS | d->limit_count, 6);
	d->limit_window = (enum allowance_window)(limit >> LIMIT_COUNT_BITS);
	d->limit_count = limit & ((UINT64_C(1) << LIMIT_COUNT_BITS) - 1);
}

static void route(struct codec *c, struct diagnosis *d)
{
	d->route_kind = (enum route_match_kind)number(c, d->route_kind, 1);
	d->access = (enum route_access)number(c, d->access, 1);
	d->service = number(c, d->service, 8);
	d->route = number(c, d->route, 8);
	d->other_route = number(c, d->other_route, 8);
	d->resources_count = (uint16_t)number(c, d->resources_count, 2);
	for (size_t i = 0; i < DIAGNOSIS_RESOURCES_MAX; i++)
		d->resources[i] = slot(c, d->resources[i]);
}

static void origin(struct codec *c, struct diagnosis *d)
{
	d->form = (enum presented_form)number(c, d->form, 1);
	d->account_source = (enum account_source)number(c, d->account_source, 1);
	d->at_us = (int64_t)number(c, (uint64_t)d->at_us, 8);
	d->epoch = number(c, d->epoch, 8);
	d->revision = number(c, d->revision, 8);
	raw(c, d->client.bytes, sizeof(d->client.bytes));
}

static void text(struct codec *c, struct diagnosis_text *t, size_t len_max)
{
	uint64_t head = number(c, (uint64_t)t->len | (uint64_t)t->state << 8, 2);

	t->len = (uint8_t)head;
	t->state = (enum diagnosis_text_state)(head >> 8);
	if (t->len > len_max || t->state > DIAGNOSIS_TEXT_WITHHELD) {
		c->failed = true;
		return;
	}
	raw(c, t->bytes, t->len);
}

static void everything(struct codec *c, struct diagnosis *d)
{
	verdict(c, d);
	slots(c, d);
	route(c, d);
	origin(c, d);
	text(c, &d->method, DIAGNOSIS_METHOD_MAX);
	text(c, &d->path, DIAGNOSIS_PATH_MAX);
	text(c, &d->host, DIAGNOSIS_HOST_MAX);
	text(c, &d->app_key, DIAGNOSIS_APP_KEY_MAX);
	text(c, &d->request_id, DIAGNOSIS_REQUEST_ID_MAX);
	text(c, &d->node, DIAGNOSIS_NODE_MAX);
}

/* Every enumeration in its range: an explanation indexes tables by them (D4). */
static bool holds_together(const struct diagnosis *d)
{
	bool causes = d->cause < CAUSE_COUNT && d->public_cause < CAUSE_COUNT &&
		      d->failed_step < STEP_COUNT && d->path_reason < PATH_REASON_COUNT;
	bool text_ok = d->text.cause < TEXT_CAUSE_COUNT && d->text.hint < HINT_COUNT &&
		       d->text.field <= FIELD_BOTH && d->text.positions_count <= TEXT_POSITIONS_MAX;
	bool route_ok = d->route_kind <= ROUTE_MATCH_FOUND && d->access <= ROUTE_PUBLIC;
	bool request_ok = d->form <= PRESENTED_BEARER && d->account_source <= ACCOUNT_HOST;

	return causes && text_ok && route_ok && request_ok && d->limit_window < WINDOW_COUNT &&
	       d->allowed == (d->cause == CAUSE_NONE);
}

static size_t texts_len(const struct diagnosis *d)
{
	return (size_t)d->method.len + d->path.len + d->host.len + d->app_key.len +
	       d->request_id.len + d->node.len;
}

size_t diagnosis_encode(const struct diagnosis *diagnosis, uint8_t out[DIAGNOSIS_PLAIN_MAX])
{
	struct diagnosis copy = *diagnosis;
	struct codec c = { .writing = true, .out = out, .len = DIAGNOSIS_PLAIN_MAX };

	everything(&c, &copy);
	assert(c.failed || c.at == DIAGNOSIS_FIXED_LEN + texts_len(diagnosis));
	/* diagnosis_make() cuts the texts so that they fit (D3). */
	assert(!c.failed);
	return c.failed ? 0 : c.at;
}

enum status diagnosis_decode(struct span plain, struct diagnosis *out)
{
	struct diagnosis read = { 0 };
	struct codec c = { .in = (const uint8_t *)plain.ptr, .len = plain.len };

	everything(&c, &read);
	if (c.failed || c.at != plain.len || !holds_together(&read))
		return ST_DAMAGED;
	*out = read;
	return ST_OK;
}
