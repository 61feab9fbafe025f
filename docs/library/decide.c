/*
 * Decide one request with libllavero, in C.
 *
 *	cc decide.c $(pkg-config --cflags --libs llavero) -o decide
 *	printf 'X-App-Key: ...\nX-App-Token: ...\n' | ./decide /var/lib/llavero GET /orders/7
 *
 * The headers come by the standard input, so that no token stands in a list of processes.
 * Exit code: 0 allowed, 1 refused, 3 could not ask.
 */
#include <llavero.h>

#include <stdio.h>
#include <string.h>

#define HEADERS_MAX 64

static struct llv_span span_of(const char *text)
{
	struct llv_span span = { text, strlen(text) };

	return span;
}

/* Split "Name: value" lines in place; how many there are. */
static size_t read_headers(char *text, struct llv_header headers[HEADERS_MAX])
{
	size_t count = 0;

	while (*text != '\0' && count < HEADERS_MAX) {
		char *end = text + strcspn(text, "\r\n"), *next = end + strspn(end, "\r\n");
		char *colon = memchr(text, ':', (size_t)(end - text));

		*end = '\0';
		if (colon != NULL) {
			*colon = '\0';
			headers[count].name = span_of(text);
			headers[count++].value = span_of(colon + 1 + strspn(colon + 1, " "));
		}
		text = next;
	}
	return count;
}

static void show(const struct llv_decision *decision)
{
	printf("%d %s\n", decision->http_status, decision->cause);
	if (decision->allowed)
		printf("%.*s as %.*s, by %.*s\n", (int)decision->key.len, decision->key.ptr,
			(int)decision->account.len, decision->account.ptr,
			(int)decision->profile.len, decision->profile.ptr);
	for (size_t i = 0; i < decision->headers_count; i++)
		printf("%.*s: %.*s\n", (int)decision->headers[i].name.len,
			decision->headers[i].name.ptr, (int)decision->headers[i].value.len,
			decision->headers[i].value.ptr);
	if (!decision->allowed)
		printf("\n%.*s\n", (int)decision->body.len, decision->body.ptr);
}

int main(int argc, char **argv)
{
	char index[4096], ledger[4096], sealing_key[4096], text[16384];
	struct llv_header headers[HEADERS_MAX];
	struct llv_setup setup = { .size = sizeof(setup) };
	struct llv_request request = { .size = sizeof(request) };
	struct llv_decision decision = { .size = sizeof(decision) };
	struct llv *llv = NULL;
	enum llv_status status;
	int allowed;

	if (argc != 4) {
		fprintf(stderr, "usage: decide DATA-DIR METHOD TARGET < HEADERS\n");
		return 3;
	}
	snprintf(index, sizeof(index), "%s/index", argv[1]);
	snprintf(ledger, sizeof(ledger), "%s/ledger", argv[1]);
	snprintf(sealing_key, sizeof(sealing_key), "%s/gate/sealing.key", argv[1]);
	setup.index_dir = index;
	setup.ledger_dir = ledger;
	setup.sealing_key = sealing_key;
	status = llv_open(&setup, &llv);
	if (status != LLV_OK) {
		fprintf(stderr, "decide: %s\n", llv_status_name(status));
		return 3;
	}
	text[fread(text, 1, sizeof(text) - 1, stdin)] = '\0';
	request.method = span_of(argv[2]);
	request.target = span_of(argv[3]);
	request.headers = headers;
	request.headers_count = read_headers(text, headers);
	/* A server calls this for each request, and llv_tend() once a second. */
	allowed = llv_decide(llv, &request, &decision);
	show(&decision);
	llv_close(&llv);
	return allowed ? 0 : 1;
}
