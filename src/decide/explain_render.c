/* An explanation as text for people and as JSON for programs. */
#include "decide/explain.h"

#include "base/clock.h"

#include <stdio.h>

struct fix_row {
	const char *name;
	const char *message; /* key in locale/ */
};

#define FIX_ROW(text)                                                                              \
	{                                                                                          \
		text, "explain.fix_" text                                                          \
	}

static const struct fix_row FIXES[FIX_KIND_COUNT] = {
	[FIX_NONE] = { "none", "explain.fix_none" },
	[FIX_SEND_CREDENTIALS] = FIX_ROW("send_credentials"),
	[FIX_SEND_APP_KEY] = FIX_ROW("send_app_key"),
	[FIX_SEND_APP_TOKEN] = FIX_ROW("send_app_token"),
	[FIX_SEND_ONE_CREDENTIAL] = FIX_ROW("send_one_credential"),
	[FIX_MEND_REQUEST] = FIX_ROW("mend_request"),
	[FIX_SPELL_PATH] = FIX_ROW("spell_path"),
	[FIX_REMOVE_SPACES] = FIX_ROW("remove_spaces"),
	[FIX_SWAP_FIELDS] = FIX_ROW("swap_fields"),
	[FIX_FILL_PLACEHOLDER] = FIX_ROW("fill_placeholder"),
	[FIX_RETYPE_CASE] = FIX_ROW("retype_case"),
	[FIX_RETYPE_POSITIONS] = FIX_ROW("retype_positions"),
	[FIX_RETYPE_TOKEN] = FIX_ROW("retype_token"),
	[FIX_RETYPE_APP_KEY] = FIX_ROW("retype_app_key"),
	[FIX_COPY_WHOLE_TOKEN] = FIX_ROW("copy_whole_token"),
	[FIX_TRIM] = FIX_ROW("trim"),
	[FIX_UNQUOTE] = FIX_ROW("unquote"),
	[FIX_BEARER_OFF] = FIX_ROW("bearer_off"),
	[FIX_URL_DECODE] = FIX_ROW("url_decode"),
	[FIX_UPPER_CASE] = FIX_ROW("upper_case"),
	[FIX_LOWER_CASE] = FIX_ROW("lower_case"),
	[FIX_USE_NEAREST_KEY] = FIX_ROW("use_nearest_key"),
	[FIX_USE_KEY_OF_TOKEN] = FIX_ROW("use_key_of_token"),
	[FIX_USE_NEW_TOKEN] = FIX_ROW("use_new_token"),
	[FIX_OPEN_LINK] = FIX_ROW("open_link"),
	[FIX_ROTATE_KEY] = FIX_ROW("rotate_key"),
	[FIX_ACTIVATE_KEY] = FIX_ROW("activate_key"),
	[FIX_CREATE_KEY] = FIX_ROW("create_key"),
	[FIX_EXTEND_EXPIRY] = FIX_ROW("extend_expiry"),
	[FIX_ACTIVATE_ACCOUNT] = FIX_ROW("activate_account"),
	[FIX_ASK_RIGHT_ACCOUNT] = FIX_ROW("ask_right_account"),
	[FIX_LINK_IN_ACCOUNT] = FIX_ROW("link_in_account"),
	[FIX_ALLOW_ADDRESS] = FIX_ROW("allow_address"),
	[FIX_TELL_ADDRESS] = FIX_ROW("tell_address"),
	[FIX_LINK_PROFILE] = FIX_ROW("link_profile"),
	[FIX_ADD_RESOURCE] = FIX_ROW("add_resource"),
	[FIX_MAKE_PROFILE] = FIX_ROW("make_profile"),
	[FIX_LINK_ANY] = FIX_ROW("link_any"),
	[FIX_ADD_ROUTE] = FIX_ROW("add_route"),
	[FIX_SET_RESOURCES] = FIX_ROW("set_resources"),
	[FIX_SETTLE_ROUTE] = FIX_ROW("settle_route"),
	[FIX_WAIT] = FIX_ROW("wait"),
	[FIX_RAISE_LIMIT] = FIX_ROW("raise_limit"),
	[FIX_CHECK_NODE] = FIX_ROW("check_node"),
};

const char *fix_name(enum fix_kind kind)
{
	return (unsigned)kind < FIX_KIND_COUNT ? FIXES[kind].name : FIXES[FIX_NONE].name;
}

const char *fix_message(enum fix_kind kind)
{
	return (unsigned)kind < FIX_KIND_COUNT ? FIXES[kind].message : FIXES[FIX_NONE].message;
}

/* The names that texts use. One that a step does not know is said as such. */
static const char *const FACT_NAMES[] = { "count", "freeAt", "account", "address", "appKey",
	"expected", "field", "further", "host", "length", "links", "method", "otherKey", "path",
	"positions", "profile", "reason", "resource", "resources", "seconds", "text" };

static struct span fact_value(const struct explain_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->count; i++) {
		if (strcmp(facts->items[i].name, name) == 0)
			return facts->items[i].value;
	}
	return SPAN_ABSENT;
}

/* Some facts are names of our own: in a text they are said in its language. */
static struct span spoken(enum lang lang, const char *name, struct span value)
{
	char key[96];
	const char *text = NULL;

	if (strcmp(name, "reason") == 0) {
		(void)snprintf(key, sizeof(key), "explain.path_%.*s", (int)value.len, value.ptr);
		text = message_text(lang, key);
	}
	return text == NULL ? value : span_str(text);
}

static void append_message(
	struct buf *out, enum lang lang, const char *key, const struct explain_facts *facts)
{
	struct message_arg args[ARRAY_LEN(FACT_NAMES)];
	const char *unknown = message_text(lang, "explain.unknown_value");

	for (size_t i = 0; i < ARRAY_LEN(FACT_NAMES); i++) {
		struct span value = fact_value(facts, FACT_NAMES[i]);

		args[i].name = FACT_NAMES[i];
		args[i].value = span_present(value) ? spoken(lang, FACT_NAMES[i], value)
						    : span_str(unknown == NULL ? "?" : unknown);
	}
	message_append(out, lang, key, args, ARRAY_LEN(args));
}

/* What is beside the cause: look-alikes, swapped neighbours. */
static void append_hint(const struct text_finding *finding, enum lang lang, struct buf *out)
{
	char key[96];
	const char *text;

	if (finding->hint == HINT_NONE)
		return;
	(void)snprintf(key, sizeof(key), "hint.%s", text_hint_name(finding->hint));
	text = message_text(lang, key);
	if (text == NULL)
		return;
	buf_append_char(out, ' ');
	buf_append_str(out, text);
}

void explain_step_text(
	const struct explanation *explanation, enum step step, enum lang lang, struct buf *out)
{
	const struct explain_step *chosen = &explanation->steps[step];
	bool about_text = step == STEP_TEXT || step == STEP_KEY || step == STEP_TOKEN;

	append_message(out, lang, chosen->message, &chosen->facts);
	if (about_text && chosen->outcome == STEP_FAILED)
		append_hint(&explanation->diagnosis->text, lang, out);
}

static const char *link_message(struct span further)
{
	if (!span_present(further))
		return "explain.fix_link_profile";
	if (span_is(further, "0"))
		return "explain.fix_link_profile_only";
	return span_is(further, "1") ? "explain.fix_link_profile_one"
				     : "explain.fix_link_profile_further";
}

void explain_fix_text(
	const struct explanation *explanation, size_t fix, enum lang lang, struct buf *out)
{
	const struct explain_fix *chosen = &explanation->fixes[fix];
	const char *message = fix_message(chosen->kind);

	if (chosen->kind == FIX_LINK_PROFILE)
		message = link_message(fact_value(&chosen->facts, "further"));
	append_message(out, lang, message, &chosen->facts);
	if (chosen->kind == FIX_RETYPE_POSITIONS || chosen->kind == FIX_RETYPE_TOKEN)
		append_hint(&explanation->diagnosis->text, lang, out);
}

/* ---- Text ---- */

static const char *mark(enum step_outcome outcome)
{
	switch (outcome) {
	case STEP_PASSED:
		return "\xE2\x9C\x93"; /* check mark */
	case STEP_FAILED:
		return "\xE2\x9C\x97"; /* cross */
	case STEP_SKIPPED:
	case STEP_NOT_REACHED:
		break;
	}
	return "\xC2\xB7"; /* middle dot */
}

static void append_heading(const struct explanation *e, enum lang lang, struct buf *out)
{
	const struct diagnosis *d = e->diagnosis;

	if (d->allowed) {
		buf_append_str(out, message_text(lang, "explain.allowed"));
		buf_append_char(out, '\n');
		return;
	}
	buf_printf(out, "%s (%s, %d)\n%s\n", cause_text(lang, d->cause, "title"),
		cause_name(d->cause), cause_http_status(d->public_cause),
		cause_text(lang, d->cause, "meaning"));
}

void explain_append_text(const struct explanation *explanation, enum lang lang, struct buf *out)
{
	append_heading(explanation, lang, out);
	buf_append_char(out, '\n');
	for (int step = 0; step < STEP_COUNT; step++) {
		if (explanation->steps[step].outcome == STEP_NOT_REACHED)
			continue;
		buf_printf(out, "  %s ", mark(explanation->steps[step].outcome));
		explain_step_text(explanation, (enum step)step, lang, out);
		buf_append_char(out, '\n');
	}
	if (explanation->fixes_count == 0)
		return;
	buf_printf(out, "\n%s\n", message_text(lang, "explain.what_helps"));
	for (size_t i = 0; i < explanation->fixes_count; i++) {
		buf_printf(out, "  %zu. ", i + 1);
		explain_fix_text(explanation, i, lang, out);
		buf_append_char(out, '\n');
	}
}

/* ---- JSON ---- */

static void json_name(struct buf *out, const char *name)
{
	buf_append_json(out, span_str(name));
	buf_append_char(out, ':');
}

/* ,"name":"text", and nothing for an absent text. */
static void json_member(struct buf *out, const char *name, struct span text)
{
	if (!span_present(text))
		return;
	buf_append_char(out, ',');
	json_name(out, name);
	buf_append_json(out, text);
}

static void json_kept(struct buf *out, const char *name, const struct diagnosis_text *kept)
{
	json_member(out, name, diagnosis_text_span(kept));
}

static void json_facts(struct buf *out, const struct explain_facts *facts)
{
	buf_append_str(out, ",\"facts\":{");
	for (size_t i = 0; i < facts->count; i++) {
		const struct explain_fact *fact = &facts->items[i];

		buf_append_str(out, i == 0 ? "" : ",");
		json_name(out, fact->name);
		if (fact->number)
			buf_append(out, fact->value);
		else
			buf_append_json(out, fact->value);
	}
	buf_append_char(out, '}');
}

static void json_steps(const struct explanation *e, enum lang lang, struct buf *out)
{
	struct buf text = buf_heap(16 * KIB);

	buf_append_str(out, ",\"steps\":[");
	for (int step = 0; step < STEP_COUNT; step++) {
		buf_clear(&text);
		explain_step_text(e, (enum step)step, lang, &text);
		buf_append_str(out, step == 0 ? "{" : ",{");
		json_name(out, "name");
		buf_append_json(out, span_str(step_name((enum step)step)));
		json_member(out, "outcome", span_str(step_outcome_name(e->steps[step].outcome)));
		json_member(out, "text", buf_span(&text));
		json_facts(out, &e->steps[step].facts);
		buf_append_char(out, '}');
	}
	buf_append_char(out, ']');
	out->failed |= text.failed;
	buf_free(&text);
}

static void json_fixes(const struct explanation *e, enum lang lang, struct buf *out)
{
	struct buf text = buf_heap(16 * KIB);

	buf_append_str(out, ",\"fixes\":[");
	for (size_t i = 0; i < e->fixes_count; i++) {
		buf_clear(&text);
		explain_fix_text(e, i, lang, &text);
		buf_append_str(out, i == 0 ? "{" : ",{");
		json_name(out, "kind");
		buf_append_json(out, span_str(fix_name(e->fixes[i].kind)));
		json_member(out, "text", buf_span(&text));
		json_facts(out, &e->fixes[i].facts);
		buf_append_char(out, '}');
	}
	buf_append_char(out, ']');
	out->failed |= text.failed;
	buf_free(&text);
}

static void json_resources(const struct explanation *e, struct buf *out)
{
	const struct diagnosis *d = e->diagnosis;
	struct view_resource resource;
	size_t written = 0;

	buf_append_str(out, ",\"resources\":[");
	for (size_t i = 0; i < d->resources_count && i < DIAGNOSIS_RESOURCES_MAX; i++) {
		if (e->view == NULL || e->view->resource_by_slot(e->view->context, d->resources[i],
					       &resource) != ST_OK)
			continue;
		buf_append_str(out, written++ == 0 ? "{" : ",{");
		json_name(out, "product");
		buf_append_json(out, resource.product);
		json_member(out, "key", resource.key);
		json_member(out, "name", resource.name);
		buf_append_char(out, '}');
	}
	buf_printf(out, "],\"resourcesCount\":%u", (unsigned)d->resources_count);
}

static void json_finding(const struct text_finding *finding, struct buf *out)
{
	static const char *const FIELDS[] = { NULL, "appKey", "appToken", "both" };

	if (finding->cause <= TEXT_FOREIGN)
		return;
	json_member(out, "field", span_str(FIELDS[finding->field & 3]));
	if (finding->hint != HINT_NONE)
		json_member(out, "hint", span_str(text_hint_name(finding->hint)));
	buf_append_str(out, ",\"positions\":[");
	for (size_t i = 0; i < finding->positions_count; i++)
		buf_printf(out, "%s%u", i == 0 ? "" : ",", (unsigned)finding->positions[i]);
	buf_append_char(out, ']');
}

static void json_cause(const struct explanation *e, enum lang lang, struct buf *out)
{
	const struct diagnosis *d = e->diagnosis;

	if (d->allowed)
		return;
	json_member(out, "cause", span_str(cause_name(d->cause)));
	json_member(out, "publicCause", span_str(cause_name(d->public_cause)));
	buf_printf(out, ",\"status\":%d", cause_http_status(d->public_cause));
	json_member(out, "title", span_str(cause_text(lang, d->cause, "title")));
	json_member(out, "meaning", span_str(cause_text(lang, d->cause, "meaning")));
	json_member(out, "failedStep", span_str(step_name(d->failed_step)));
	json_finding(&d->text, out);
}

static void json_request(const struct explanation *e, struct buf *out)
{
	const struct diagnosis *d = e->diagnosis;
	char memory[64];
	struct buf text = BUF_ARRAY(memory);

	clock_append_rfc3339(&text, d->at_us);
	json_member(out, "at", buf_span(&text));
	buf_printf(out, ",\"epoch\":%llu,\"revision\":%llu", (unsigned long long)d->epoch,
		(unsigned long long)d->revision);
	json_kept(out, "requestId", &d->request_id);
	json_kept(out, "node", &d->node);
	json_kept(out, "method", &d->method);
	json_kept(out, "path", &d->path);
	json_kept(out, "host", &d->host);
	if (d->client.known) {
		buf_clear(&text);
		address_append(&text, &d->client);
		json_member(out, "address", buf_span(&text));
	}
	json_member(out, "appKey", fact_value(&e->steps[STEP_CREDENTIAL].facts, "appKey"));
	json_member(out, "account", fact_value(&e->steps[STEP_ACCOUNT].facts, "account"));
}

void explain_append_json(const struct explanation *explanation, enum lang lang, struct buf *out)
{
	buf_append_str(out, "{\"allowed\":");
	buf_append_str(out, explanation->diagnosis->allowed ? "true" : "false");
	json_cause(explanation, lang, out);
	json_request(explanation, out);
	json_resources(explanation, out);
	json_steps(explanation, lang, out);
	json_fixes(explanation, lang, out);
	buf_append_char(out, '}');
}
