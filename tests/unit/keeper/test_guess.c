/* How guessing is slowed, and whom it does not hold up. Time is an argument. */
#include "testing.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "keeper/guess.h"

#define MINUTE (60 * US_PER_S)

static int set_up(void **state)
{
	struct guesses *guesses = NULL;

	if (crypto_init() != ST_OK || guesses_make(&guesses) != ST_OK)
		return -1;
	*state = guesses;
	return 0;
}

static int tear_down(void **state)
{
	struct guesses *guesses = *state;

	guesses_free(&guesses);
	return 0;
}

/* 10.0.0.last, or of IPv6 2001:db8:net::last. */
static struct http_peer from(uint8_t last)
{
	return (struct http_peer){ .kind = HTTP_PEER_IP,
		.address = { [10] = 0xFF, [11] = 0xFF, [12] = 10, [15] = last } };
}

static struct http_peer from6(uint8_t net, uint8_t last)
{
	return (struct http_peer){ .kind = HTTP_PEER_IP,
		.address = { 0x20, 0x01, 0x0D, 0xB8, [7] = net, [15] = last } };
}

/* Tries until one is held up: how many went through; *out_wait_us of the one that did not. */
static unsigned tries(struct guesses *guesses, const struct guess *guess, int64_t now_us,
	unsigned most, int64_t *out_wait_us)
{
	for (unsigned i = 0; i < most; i++) {
		if (!guess_begin(guesses, guess, now_us, out_wait_us))
			return i;
	}
	return most;
}

static void a_stranger_is_slowed_more_and_more(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess guess = {
		.peer = &peer, .account = SPAN_LIT("store"), .email = SPAN_LIT("ana@example.com")
	};
	int64_t now = 1000 * MINUTE, wait = 0, before = 0;

	assert_int_equal(tries(guesses, &guess, now, 100, &wait), 5);
	assert_true(wait == 2 * US_PER_S);
	for (unsigned i = 0; i < 20; i++) {
		before = wait;
		now += wait - 1;
		assert_false(guess_begin(guesses, &guess, now, &wait));
		assert_true(wait == 1);
		now += 1;
		assert_true(guess_begin(guesses, &guess, now, &wait));
		assert_false(guess_begin(guesses, &guess, now, &wait));
		assert_true(wait >= before);
	}
	assert_true(wait == 15 * MINUTE);
}

static void other_spelling_of_an_address_is_the_same_person(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	int64_t wait = 0;

	assert_int_equal(
		tries(guesses,
			&(struct guess){ .peer = &peer, .email = SPAN_LIT("ana@example.com") },
			MINUTE, 100, &wait),
		5);
	assert_false(guess_begin(guesses,
		&(struct guess){ .peer = &peer, .email = SPAN_LIT("ANA@Example.com") }, MINUTE,
		&wait));
	assert_true(guess_begin(guesses,
		&(struct guess){ .peer = &peer, .email = SPAN_LIT("eva@example.com") }, MINUTE,
		&wait));
}

static void a_known_device_is_not_held_up_by_strangers(void **state)
{
	struct guesses *guesses = *state;
	int64_t wait = 0;
	struct http_peer own = from(1);
	struct guess device = { .peer = &own,
		.email = SPAN_LIT("ana@example.com"),
		.device = SPAN_LIT("0123456789abcdef") };

	/* From many addresses, until the person is slowed from everywhere. */
	for (unsigned i = 0; i < 100; i++) {
		struct http_peer peer = from((uint8_t)(i + 2));
		struct guess guess = { .peer = &peer, .email = device.email };

		(void)!guess_begin(guesses, &guess, MINUTE, &wait);
	}
	device.device = SPAN_ABSENT;
	assert_false(guess_begin(guesses, &device, MINUTE, &wait));
	/* A new device of the person waits little. */
	assert_true(wait <= 30 * US_PER_S);
	device.device = SPAN_LIT("0123456789abcdef");
	assert_int_equal(tries(guesses, &device, MINUTE, 100, &wait), 8);
	/* And it has a counter of its own, for whoever stole it. */
	assert_false(guess_begin(guesses, &device, MINUTE, &wait));
	device.device = SPAN_LIT("fedcba9876543210");
	assert_true(guess_begin(guesses, &device, MINUTE, &wait));
}

static void one_source_tries_many_persons(void **state)
{
	static const struct {
		const char *label;
		bool six;
		unsigned most;
	} rows[] = {
		{ "one address of IPv4", false, 30 },
		{ "one network of IPv6", true, 30 },
	};

	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct guesses *guesses = *state;
		unsigned passed = 0;
		int64_t wait;

		for (unsigned i = 0; i < 200; i++) {
			char email[32];
			struct http_peer peer = rows[r].six ? from6(1, (uint8_t)i) : from(200);
			struct guess guess = { .peer = &peer };

			(void)snprintf(email, sizeof(email), "p%u@example.com", i);
			guess.email = span_str(email);
			passed += guess_begin(guesses, &guess, MINUTE, &wait);
		}
		CHECK_ROW(rows[r].label, passed == rows[r].most);
	}
}

static void who_was_right_begins_anew(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess guess = { .peer = &peer, .email = SPAN_LIT("ana@example.com") };
	int64_t wait = 0;

	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(tries(guesses, &guess, MINUTE, 3, &wait), 3);
		guess_right(guesses, &guess);
		/* Its source is not washed clean: it had two wrong ones each time. */
		if (i == 13)
			break;
	}
	assert_int_equal(tries(guesses, &guess, MINUTE, 100, &wait), 2);
}

static void it_is_forgotten(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess guess = { .peer = &peer, .email = SPAN_LIT("ana@example.com") };
	int64_t wait = 0;

	assert_int_equal(tries(guesses, &guess, MINUTE, 100, &wait), 5);
	assert_int_equal(tries(guesses, &guess, 62 * MINUTE, 100, &wait), 5);
}

/* G4: beyond what there is room for, nothing breaks, and the newest are remembered. */
static void many_more_than_there_is_room_for(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(9);
	struct guess last = { .peer = &peer, .email = SPAN_LIT("last@example.com") };
	int64_t wait = 0;

	for (unsigned i = 0; i < 50000; i++) {
		struct http_peer other = from6((uint8_t)i, (uint8_t)(i >> 8));
		char email[32];
		struct guess guess = { .peer = &other };

		(void)snprintf(email, sizeof(email), "p%u@example.com", i);
		guess.email = span_str(email);
		(void)!guess_begin(guesses, &guess, MINUTE + i, &wait);
	}
	assert_int_equal(tries(guesses, &last, 2 * MINUTE, 100, &wait), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_stranger_is_slowed_more_and_more),
		TEST(other_spelling_of_an_address_is_the_same_person),
		TEST(a_known_device_is_not_held_up_by_strangers),
		TEST(one_source_tries_many_persons),
		TEST(who_was_right_begins_anew),
		TEST(it_is_forgotten),
		TEST(many_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
