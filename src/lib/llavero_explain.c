/* The public functions that explain, and that check a text. */
#include "lib/handle.h"

#include "decide/explain.h"
#include "key/credential.h"

#include <stdlib.h>

#define EXPLANATION_MAX (1 * MIB)

struct output {
	char *out;
	size_t size;
	size_t *out_len;
};

static enum llv_status hand_over(const struct buf *text, const struct output *output)
{
	if (!buf_ok(text))
		return LLV_NO_MEMORY;
	*output->out_len = text->len;
	if (text->len >= output->size)
		return LLV_NO_ROOM;
	memcpy(output->out, text->ptr, text->len + 1);
	return LLV_OK;
}

static enum llv_status render(const struct diagnosis *diagnosis, const struct view *view,
	enum lang lang, const struct output *output)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(EXPLAIN_ARENA + sizeof(struct explanation));
	CLEANUP(buf_free)
	struct buf text = buf_heap(EXPLANATION_MAX);
	struct explanation *explanation =
		arena == NULL ? NULL : arena_alloc(arena, sizeof(*explanation));

	if (explanation == NULL)
		return LLV_NO_MEMORY;
	explain(diagnosis, view, arena, explanation);
	explain_append_json(explanation, lang, &text);
	return hand_over(&text, output);
}

static bool output_ok(const struct llv *llv, const char *language, const struct output *output,
	enum lang *out_lang)
{
	if (llv == NULL || output->out_len == NULL || (output->out == NULL && output->size > 0))
		return false;
	*out_lang = llv->lang;
	return handle_language(language, out_lang);
}

enum llv_status llv_explain(struct llv *llv, const struct llv_request *request,
	const char *language, char *out, size_t size, size_t *out_len)
{
	struct output output = { out, size, out_len };
	struct handle_question question;
	struct diagnosis diagnosis;
	const struct view *view;
	enum llv_status status;
	enum lang lang;

	if (!output_ok(llv, language, &output, &lang) || request == NULL)
		return LLV_INVALID;
	if (!handle_is_mine(llv))
		return LLV_FORKED;
	handle_ask(llv, request, &question);
	view = decider_view(llv->decider, question.request.min_revision);
	decider_try(llv->decider, view, &question.input, &llv->decision);
	decider_diagnose(llv->decider, view, &question.input, &llv->decision,
		handle_span(question.request.request_id), &diagnosis);
	status = render(&diagnosis, view, lang, &output);
	decider_view_end(llv->decider);
	return status;
}

enum llv_status llv_explain_diagnosis(struct llv *llv, struct llv_span text, const char *language,
	char *out, size_t size, size_t *out_len)
{
	struct output output = { out, size, out_len };
	struct diagnosis diagnosis;
	enum llv_status status;
	enum lang lang;

	if (!output_ok(llv, language, &output, &lang) || text.ptr == NULL)
		return LLV_INVALID;
	if (!handle_is_mine(llv))
		return LLV_FORKED;
	status = handle_status(decider_open_diagnosis(llv->decider, handle_span(text), &diagnosis));
	if (status != LLV_OK)
		return status;
	/* Names as they are now; without an index, those that the diagnosis itself has. */
	status = render(&diagnosis, decider_view(llv->decider, 0), lang, &output);
	decider_view_end(llv->decider);
	return status;
}

/* ---- a text, offline ---- */

static const char *field_name(enum text_field field)
{
	switch (field) {
	case FIELD_APP_KEY:
		return "app_key";
	case FIELD_APP_TOKEN:
		return "app_token";
	case FIELD_BOTH:
		return "both";
	case FIELD_NONE:
		break;
	}
	return "none";
}

int llv_token_check(struct llv_span app_key, struct llv_span app_token, const char *app_key_prefix,
	struct llv_finding *out_finding)
{
	const char *prefix = app_key_prefix == NULL ? APP_KEY_PREFIX_DEFAULT : app_key_prefix;
	struct llv_finding said;
	struct text_finding found;

	if (out_finding == NULL || out_finding->size < sizeof(said))
		return 0;
	credential_check(handle_span(app_key), handle_span(app_token), span_str(prefix), &found);
	said = (struct llv_finding){
		.size = out_finding->size,
		.valid = found.cause == TEXT_VALID,
		.cause = text_cause_name(found.cause),
		.hint = text_hint_name(found.hint),
		.field = field_name(found.field),
		.positions_count = found.positions_count,
		.wrong_count = found.wrong_count,
		.length = found.length,
		.expected = found.expected,
	};
	for (size_t i = 0; i < found.positions_count && i < LLV_POSITIONS_MAX; i++)
		said.positions[i] = found.positions[i];
	memcpy(out_finding, &said, sizeof(said));
	return said.valid;
}

/* ---- names ---- */

const char *llv_status_name(enum llv_status status)
{
	static const char *const names[] = { "ok", "not_found", "invalid", "format", "damaged",
		"denied", "io", "no_memory", "busy", "forked", "no_room", "unavailable" };

	return (unsigned)status < ARRAY_LEN(names) ? names[status] : "unknown";
}

const char *llv_version(void)
{
	return LLAVERO_VERSION;
}
