/*
 * Do the answers to requests of some classes take as long as those of the first?
 *
 * usage: round_trips SOCKET SAMPLES <REQUESTS
 *
 * Each line of REQUESTS is KIND, class and the bytes of a request in hexadecimal, separated by
 * tabs; a class has as many requests as lines. KIND: "hidden" (must take as long as the first
 * class), "control" (must be seen to take another time). SAMPLES of each class are sent over
 * one kept connection, class and request chosen at random, and timed from the write to the
 * first byte of the answer. The machine is now slower and now quicker for all: what counts
 * is a sample less the mean of its block of consecutive ones. Each request has a pace of
 * its own too (where its keys lie), so that Welch's t is over the means of requests, not
 * over samples. Prints a line a class; exit 1 when one is not as it must be.
 */
#include "base/encode.h"
#include "base/span.h"
#include "welch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CLASSES_MAX 32u
#define REQUESTS_MAX 65536u
#define SAMPLES_MAX 10000000u
#define WARM_UP 20000u
#define BLOCK 256u

struct request {
	char *bytes;
	size_t len;
	struct welch_side side; /* of its samples */
};

struct class
{
	char label[80];
	bool control;
	struct request *requests;
	size_t requests_count;
	struct welch_side side; /* of its requests' means */
};

struct run {
	struct class classes[CLASSES_MAX];
	size_t classes_count;
	int fd;
	uint64_t random;
	double *times, *hidden, *scratch, median;
	struct request **asked;
	uint8_t *chosen;
	size_t samples;
};

static void stop(const char *why)
{
	(void)fprintf(stderr, "round_trips: %s\n", why);
	exit(2);
}

static struct class *class_of(struct run *run, struct span kind, struct span label)
{
	struct class *class;

	for (size_t i = 0; i < run->classes_count; i++) {
		if (span_equal(label, span_str(run->classes[i].label)))
			return &run->classes[i];
	}
	if (run->classes_count == CLASSES_MAX || label.len >= sizeof(class->label))
		stop("too many classes, or a label too long");
	class = &run->classes[run->classes_count++];
	memcpy(class->label, label.ptr, label.len);
	class->control = span_is(kind, "control");
	class->requests = calloc(REQUESTS_MAX, sizeof(*class->requests));
	if (class->requests == NULL)
		stop("no memory");
	return class;
}

static void read_line(struct run *run, struct span line)
{
	struct span kind = span_part(line, 0, span_find(line, '\t')), rest, label, hex;
	struct request *request;
	struct class *class;

	rest = span_part(line, kind.len + 1, line.len);
	label = span_part(rest, 0, span_find(rest, '\t'));
	hex = span_part(rest, label.len + 1, rest.len);
	class = class_of(run, kind, label);
	if (class->requests_count == REQUESTS_MAX)
		stop("too many requests");
	request = &class->requests[class->requests_count++];
	request->len = hex.len / 2;
	request->bytes = malloc(request->len + 1);
	if (request->bytes == NULL || request->len == 0 ||
		!decode_hex(hex, (uint8_t *)request->bytes, request->len))
		stop("a line that is not KIND, class and hexadecimal");
}

static void read_requests(struct run *run)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, stdin)) > 1)
		read_line(run, span_of(line, (size_t)len - 1));
	free(line);
	if (run->classes_count < 2)
		stop("fewer than two classes");
}

static void connect_to(struct run *run, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		stop("the socket's path is too long");
	memcpy(address.sun_path, path, strlen(path));
	run->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (run->fd < 0 || connect(run->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		stop("cannot connect");
}

/* How many bytes the answer has in all, once its head is there; 0 before. */
static size_t answer_len(const char *answer, size_t len)
{
	static const char NAME[] = "\r\ncontent-length: ";
	const char *end = memmem(answer, len, "\r\n\r\n", 4), *at;

	if (end == NULL)
		return 0;
	for (at = answer; at < end; at++) {
		if (strncasecmp(at, NAME, sizeof(NAME) - 1) == 0)
			return (size_t)(end - answer) + 4 +
			       strtoul(at + sizeof(NAME) - 1, NULL, 10);
	}
	stop("an answer without a length");
	return 0;
}

static double round_trip(struct run *run, const struct request *request)
{
	static char answer[65536];
	size_t have = 0, wanted;
	uint64_t took = 0, start = welch_now_ns();

	if (send(run->fd, request->bytes, request->len, MSG_NOSIGNAL) != (ssize_t)request->len)
		stop("the gate took no request");
	do {
		ssize_t n = recv(run->fd, answer + have, sizeof(answer) - 1 - have, 0);

		if (took == 0)
			took = welch_now_ns() - start;
		if (n <= 0)
			stop("the gate ended the connection");
		have += (size_t)n;
		answer[have] = '\0';
		wanted = answer_len(answer, have);
	} while (wanted == 0 || have < wanted);
	return (double)took;
}

static void measure(struct run *run)
{
	for (size_t i = 0; i < WARM_UP + run->samples; i++) {
		size_t c = (size_t)(welch_random(&run->random) >> 32) % run->classes_count;
		const struct class *class = &run->classes[c];
		size_t r = (size_t)(welch_random(&run->random) >> 32) % class->requests_count;
		double took = round_trip(run, &class->requests[r]);

		if (i >= WARM_UP) {
			run->chosen[i - WARM_UP] = (uint8_t)c;
			run->asked[i - WARM_UP] = &class->requests[r];
			run->times[i - WARM_UP] = took;
		}
	}
}

/* The mean of a block's samples that are kept and hidden; negative without any. */
static double block_mean(const struct run *run, size_t from, size_t to, double crop)
{
	double sum = 0;
	size_t count = 0;

	for (size_t i = from; i < to; i++) {
		if (!run->classes[run->chosen[i]].control && run->times[i] <= crop) {
			sum += run->times[i];
			count++;
		}
	}
	return count == 0 ? -1 : sum / (double)count;
}

static void judge_block(struct run *run, size_t from, size_t to, double crop)
{
	double mean = block_mean(run, from, to, crop);

	for (size_t i = from; i < to && mean >= 0; i++) {
		if (run->times[i] <= crop)
			welch_add(&run->asked[i]->side, run->times[i] - mean);
	}
}

/* One crop for all, from the classes that must be alike. */
static void judge_times(struct run *run)
{
	size_t hidden = 0;
	double crop;

	for (size_t i = 0; i < run->samples; i++) {
		if (!run->classes[run->chosen[i]].control)
			run->hidden[hidden++] = run->times[i];
	}
	crop = welch_percentile(run->hidden, hidden, WELCH_KEPT_PERCENT, run->scratch);
	run->median = welch_percentile(run->hidden, hidden, 50, run->scratch);
	for (size_t from = 0; from < run->samples; from += BLOCK)
		judge_block(
			run, from, from + BLOCK < run->samples ? from + BLOCK : run->samples, crop);
	for (size_t c = 0; c < run->classes_count; c++) {
		struct class *class = &run->classes[c];

		for (size_t r = 0; r < class->requests_count; r++) {
			if (class->requests[r].side.count > 0)
				welch_add(&class->side, class->requests[r].side.mean);
		}
	}
}

static bool report(const struct run *run)
{
	const struct class *first = &run->classes[0];
	bool ok = true;

	printf("%s: %.0f requests; %zu samples in all, median %.0f ns\n", first->label,
		first->side.count, run->samples, run->median);
	for (size_t i = 1; i < run->classes_count; i++) {
		const struct class *class = &run->classes[i];
		struct welch w = welch_compare(&first->side, &class->side);
		bool differs = fabs(w.t) > WELCH_LIMIT, as_must = differs == class->control;

		printf("%s%s: t = %.2f, %+.0f ns (would be seen from %.0f on)%s\n",
			class->control ? "control: " : "", class->label, w.t, w.difference,
			w.detectable,
			as_must   ? ""
			: differs ? "  DIFFERS"
				  : "  NOT SEEN");
		ok = ok && as_must;
	}
	puts(ok ? "every class is as it must be" : "a class is not as it must be");
	return ok;
}

int main(int argc, char **argv)
{
	static struct run run;
	uint64_t samples = 0;

	if (argc != 3 || !span_to_u64(span_str(argv[2]), &samples) || samples < 100 ||
		samples > SAMPLES_MAX)
		stop("usage: round_trips SOCKET SAMPLES <REQUESTS");
	read_requests(&run);
	run.samples = (size_t)samples * run.classes_count;
	run.times = calloc(run.samples, sizeof(double));
	run.hidden = calloc(run.samples, sizeof(double));
	run.scratch = calloc(run.samples, sizeof(double));
	run.asked = calloc(run.samples, sizeof(*run.asked));
	run.chosen = calloc(run.samples, 1);
	if (run.times == NULL || run.hidden == NULL || run.scratch == NULL || run.chosen == NULL ||
		run.asked == NULL)
		stop("no memory");
	run.random = 1;
	connect_to(&run, argv[1]);
	measure(&run);
	judge_times(&run);
	return report(&run) ? 0 : 1;
}
