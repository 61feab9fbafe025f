/*
 * One sentence: does it say that no permission, or no authentication, is needed? The words that
 * may stand in such a sentence are listed; anything else leaves it unsure or without meaning.
 */
#include "catalog/statement.h"

#define WORDS_MAX 48u

struct words {
	struct span word[WORDS_MAX];
	size_t count;
	bool overflow;
};

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' || c == '-' ||
	       c == '_' || (uint8_t)c >= 0x80;
}

/* A dash that begins an item of a list is no word. */
static bool has_letter(struct span word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (is_word_byte(word.ptr[i]) && word.ptr[i] != '-' && word.ptr[i] != '\'')
			return true;
	}
	return false;
}

static void split(struct span s, struct words *out)
{
	size_t i = 0;

	*out = (struct words){ 0 };
	while (i < s.len) {
		size_t start;

		while (i < s.len && !is_word_byte(s.ptr[i]))
			i++;
		start = i;
		while (i < s.len && is_word_byte(s.ptr[i]))
			i++;
		if (i == start)
			break;
		if (out->count == WORDS_MAX) {
			out->overflow = true;
			break;
		}
		if (has_letter(span_part(s, start, i - start)))
			out->word[out->count++] = span_part(s, start, i - start);
	}
}

static bool among(struct span word, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (span_is(word, *list))
			return true;
	}
	return false;
}

static bool word_is(const struct words *w, size_t i, const char *text)
{
	return i < w->count && span_is(w->word[i], text);
}

static bool word_among(const struct words *w, size_t i, const char *const *list)
{
	return i < w->count && among(w->word[i], list);
}

static const char *const REQUIRED[] = { "required", "needed", "necessary", NULL };
static const char *const REQUIRE[] = { "require", "need", NULL };
static const char *const REQUIRES[] = { "requires", "needs", NULL };
static const char *const CONDITIONS[] = { "if", "when", "whenever", "unless", "except", "only",
	"but", "however", "while", "although", "though", "until", "otherwise", "where", "without",
	NULL };
/* "additional" and the like are missing on purpose: they say that something is needed. */
static const char *const FILLERS[] = { "any", "a", "an", "the", "user", "specific", "special",
	"particular", "or", "and", "nor", "either", "kind", "type", "of", "license", "manager",
	"access", NULL };
static const char *const PERMISSIONS[] = { "permission", "permissions", "resource", "resources",
	"role", "roles", "scope", "scopes", "authorization", "authorisation", NULL };
static const char *const AUTHENTICATIONS[] = { "authentication", "credentials", NULL };
static const char *const DETERMINERS[] = { "this", "the", NULL };
static const char *const SUBJECTS[] = { "endpoint", "request", "operation", "method", "route",
	"call", "api", NULL };

struct objects {
	size_t end; /* first word after them */
	bool permission, authentication;
};

/* The list of things from word i on: "any authentication or permissions". */
static struct objects read_objects(const struct words *w, size_t i)
{
	struct objects objects = { .end = i };

	for (; i < w->count; i++) {
		if (word_among(w, i, PERMISSIONS))
			objects.permission = true;
		else if (word_among(w, i, AUTHENTICATIONS))
			objects.authentication = true;
		else if (!word_among(w, i, FILLERS))
			break;
		if (!word_among(w, i, FILLERS))
			objects.end = i + 1;
	}
	return objects;
}

/* "", "it ...", "this endpoint ...": the sentence is about the operation as a whole. */
static bool is_about_operation(const struct words *w, size_t end)
{
	if (end == 0 || word_is(w, 0, "it"))
		return true;
	return end >= 2 && word_among(w, 0, DETERMINERS) && word_among(w, 1, SUBJECTS);
}

static bool has_condition(const struct words *w)
{
	for (size_t i = 0; i < w->count; i++) {
		if (word_among(w, i, CONDITIONS))
			return true;
	}
	return w->overflow;
}

/* Find "does not require X", "requires no X", "no X is required", "X is not required". */
static bool find_negation(
	const struct words *w, size_t *out_subject_end, struct objects *out_objects)
{
	for (size_t i = 0; i < w->count; i++) {
		size_t first = 0;

		if ((word_is(w, i, "does") || word_is(w, i, "do")) && word_is(w, i + 1, "not") &&
			word_among(w, i + 2, REQUIRE))
			first = i + 3;
		else if (((word_is(w, i, "doesn't") || word_is(w, i, "don't")) &&
				 word_among(w, i + 1, REQUIRE)) ||
			 (word_among(w, i, REQUIRES) && word_is(w, i + 1, "no")))
			first = i + 2;
		else if (i == 0 && word_is(w, i, "no"))
			first = i + 1;
		else
			continue;
		*out_subject_end = i;
		*out_objects = read_objects(w, first);
		if (i == 0 && span_is(w->word[0], "no")) {
			out_objects->end += word_is(w, out_objects->end, "is") ||
					    word_is(w, out_objects->end, "are");
			if (!word_among(w, out_objects->end, REQUIRED))
				return false;
			out_objects->end++;
		}
		return true;
	}
	*out_subject_end = 0;
	*out_objects = read_objects(w, 0);
	if ((word_is(w, out_objects->end, "is") || word_is(w, out_objects->end, "are")) &&
		word_is(w, out_objects->end + 1, "not") &&
		word_among(w, out_objects->end + 2, REQUIRED)) {
		out_objects->end += 3;
		return true;
	}
	return false;
}

/* Says that something else than this sentence's negation is so: "it is not true that ...". */
static bool is_denied(const struct words *w, size_t end)
{
	static const char *const DENIALS[] = { "not", "never", "no", "false", "untrue", "wrong",
		"incorrect", "neither", "isn't", "wasn't", "longer", NULL };

	for (size_t i = 0; i < end; i++) {
		if (word_among(w, i, DENIALS))
			return true;
	}
	return false;
}

/* "The key must have the resource ...": of whom, and when, does not matter. */
static bool demands_permission(const struct words *w)
{
	bool permission = false, demand = false;

	for (size_t i = 0; i < w->count; i++) {
		permission |= word_among(w, i, PERMISSIONS);
		demand |= word_among(w, i, REQUIRED) || word_among(w, i, REQUIRE) ||
			  word_among(w, i, REQUIRES) || word_is(w, i, "must");
	}
	return permission && demand;
}

static bool contains(struct span s, const char *text)
{
	return memmem(s.ptr, s.len, text, strlen(text)) != NULL;
}

static bool demands_authentication(struct span s)
{
	static const char *const DEMANDS[] = { "requires authentication", "requires authorization",
		"authentication is required", "authentication required", "must be authenticated",
		"must authenticate", "must be logged in", NULL };

	for (size_t i = 0; DEMANDS[i] != NULL; i++) {
		if (contains(s, DEMANDS[i]))
			return true;
	}
	return false;
}

enum sentence sentence_classify(struct span sentence)
{
	struct words words;
	struct objects objects = { 0 };
	size_t subject_end = 0;

	split(sentence, &words);
	if (!find_negation(&words, &subject_end, &objects)) {
		if (demands_authentication(sentence))
			return SENTENCE_NEEDS_AUTHENTICATION;
		return demands_permission(&words) ? SENTENCE_NEEDS_PERMISSION : SENTENCE_OTHER;
	}
	if (!objects.permission && !objects.authentication)
		return SENTENCE_OTHER;
	if (has_condition(&words) || is_denied(&words, subject_end) ||
		!is_about_operation(&words, subject_end) ||
		(objects.end < words.count && !word_is(&words, objects.end, "to")))
		return SENTENCE_UNSURE;
	return objects.authentication ? SENTENCE_NO_AUTHENTICATION : SENTENCE_NO_PERMISSION;
}
