/*
 * Diagnoses from strangers: the sealed text as it is pasted, and, as if the
 * sealing key had leaked, any plain text inside a good seal. What opens must
 * explain without reading outside, and seal again to the same.
 */
#include "decide/explain.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct key_file_secret KEY = { .id = "00000000000000a1", .key = { 1 } };
static const uint8_t NONCE[SEAL_NONCE_SIZE] = { 1 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void explain_it(struct diagnosis *diagnosis)
{
	const struct diagnosis_reader reader = { .account = 1 };
	struct arena *arena = arena_make(EXPLAIN_ARENA);
	struct buf out = buf_heap(256 * KIB);
	struct explanation explanation;

	must(arena != NULL);
	diagnosis_mask(diagnosis, &reader);
	explain(diagnosis, NULL, arena, &explanation);
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		explain_append_text(&explanation, (enum lang)lang, &out);
		explain_append_json(&explanation, (enum lang)lang, &out);
	}
	must(buf_ok(&out) && !explanation.incomplete);
	buf_free(&out);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size);
	struct diagnosis diagnosis, again;
	uint8_t plain[DIAGNOSIS_PLAIN_MAX];
	char memory[LIMIT_DIAGNOSIS + 1];
	struct buf sealed = BUF_ARRAY(memory);

	/* Nobody seals by chance. */
	must(diagnosis_open(text, &KEY, 1, &diagnosis) != ST_OK);
	if (size > DIAGNOSIS_PLAIN_MAX || diagnosis_decode(text, &diagnosis) != ST_OK)
		return 0;
	must(diagnosis_encode(&diagnosis, plain) == size);
	must(memcmp(plain, data, size) == 0);
	diagnosis_seal(&diagnosis, &KEY, NONCE, &sealed);
	must(buf_ok(&sealed));
	must(diagnosis_open(buf_span(&sealed), &KEY, 1, &again) == ST_OK);
	must(memcmp(&diagnosis, &again, sizeof(again)) == 0);
	explain_it(&diagnosis);
	return 0;
}
