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

/* One address of the nth network of IPv4, and the nth /64 of a /48 of IPv6. */
static struct http_peer of_network(unsigned n)
{
	return (struct http_peer){ .kind = HTTP_PEER_IP,
		.address = { [10] = 0xFF,
			[11] = 0xFF,
			[12] = 172,
			[13] = (uint8_t)(n >> 8),
			[14] = (uint8_t)n,
			[15] = 7 } };
}

static struct http_peer of_site(unsigned n)
{
	return (struct http_peer){ .kind = HTTP_PEER_IP,
		.address = { 0x20, 0x01, 0x0D, 0xB8, 0, 9, (uint8_t)(n >> 8), (uint8_t)n } };
}

/* Might it be tried now? Leaves no trace. */
static bool may(struct guesses *guesses, const struct guess *guess, int64_t now_us)
{
	int64_t wait = 0;
	bool may = guess_begin(guesses, guess, now_us, &wait);

	if (may)
		guess_back(guesses, guess, now_us);
	return may;
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

	/* From many networks, until the person is slowed from everywhere. */
	for (unsigned i = 0; i < 100; i++) {
		struct http_peer peer = of_network(i);
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

static struct http_peer one_address(unsigned i)
{
	(void)i;
	return from(200);
}

static struct http_peer one_64(unsigned i)
{
	return from6(1, (uint8_t)i);
}

static struct http_peer one_56(unsigned i)
{
	return of_site(0x4200 | (i & 0xFF));
}

static struct http_peer one_24(unsigned i)
{
	struct http_peer peer = of_network(77);

	peer.address[15] = (uint8_t)i;
	return peer;
}

static void one_source_tries_many_persons(void **state)
{
	static const struct {
		const char *label;
		struct http_peer (*peer)(unsigned i);
		unsigned most;
	} rows[] = {
		{ "one address of IPv4", one_address, 30 },
		{ "64 bits of IPv6", one_64, 30 },
		{ "56 bits of IPv6", one_56, 120 },
		{ "48 bits of IPv6", of_site, 480 },
		{ "24 bits of IPv4", one_24, 480 },
		{ "many networks", of_network, 3000 },
	};

	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct guesses *guesses = NULL;
		unsigned passed = 0;
		int64_t wait;

		(void)state;
		assert_int_equal(guesses_make(&guesses), ST_OK);
		for (unsigned i = 0; i < 3000; i++) {
			char email[32];
			struct http_peer peer = rows[r].peer(i);
			struct guess guess = { .peer = &peer };

			(void)snprintf(email, sizeof(email), "p%u@example.com", i);
			guess.email = span_str(email);
			passed += guess_begin(guesses, &guess, MINUTE, &wait);
		}
		CHECK_ROW(rows[r].label, passed == rows[r].most);
		guesses_free(&guesses);
	}
}

/*
 * G2: somebody who has a whole network tries for an hour, from wherever he may. How many of the
 * seconds a new device of the person, elsewhere, would have to wait.
 */
static unsigned seconds_shut(
	struct guesses *guesses, struct http_peer (*peer_of)(unsigned i), unsigned each_second)
{
	struct http_peer home = from6(200, 1);
	struct guess own = { .peer = &home, .email = SPAN_LIT("ana@example.com") };
	unsigned shut = 0, n = 0;

	for (unsigned second = 0; second < 3600; second++) {
		int64_t now = (100 * 3600 + second) * US_PER_S, wait;

		for (unsigned i = 0; i < each_second; i++) {
			struct http_peer peer = peer_of(n++);
			struct guess guess = { .peer = &peer, .email = own.email };

			(void)!guess_begin(guesses, &guess, now, &wait);
		}
		shut += !may(guesses, &own, now);
	}
	return shut;
}

static void one_network_does_not_hold_up_the_person(void **state)
{
	assert_true(seconds_shut(*state, of_site, 20) < 3600 / 20);
}

static void nor_does_one_of_ipv4(void **state)
{
	assert_true(seconds_shut(*state, one_24, 20) < 3600 / 20);
}

/* From very many networks they can: then the recovery code, for which only its source counts. */
static void a_recovery_code_passes_what_very_many_try(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer home = from6(200, 1), noisy = from(200);
	struct guess own = { .peer = &home, .email = SPAN_LIT("ana@example.com") };
	int64_t now = 101 * 3600 * US_PER_S, wait = 0;

	assert_true(seconds_shut(guesses, of_network, 20) > 3000);
	assert_false(may(guesses, &own, now - US_PER_S));
	assert_false(guess_begin(guesses, &own, now - US_PER_S, &wait));
	assert_true(wait <= 30 * US_PER_S);
	own.recovery = SPAN_LIT("digest 1");
	/* Whoever has one guesses no more passwords with it. */
	assert_int_equal(tries(guesses, &own, now - US_PER_S, 100, &wait), 8);
	own.recovery = SPAN_LIT("digest 2");
	assert_true(may(guesses, &own, now - US_PER_S));
	own.peer = &noisy;
	for (unsigned i = 0; i < 30; i++) {
		char email[32];
		struct guess other = { .peer = &noisy };

		(void)snprintf(email, sizeof(email), "p%u@example.com", i);
		other.email = span_str(email);
		assert_true(guess_begin(guesses, &other, now, &wait));
	}
	assert_false(may(guesses, &own, now));
}

static void what_was_not_looked_at_is_taken_back(void **state)
{
	static const char *const DEVICE = "0123456789abcdef";
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess rows[] = {
		{ .peer = &peer, .email = SPAN_LIT("ana@example.com") },
		{ .peer = &peer, .email = SPAN_LIT("ana@example.com"), .device = span_str(DEVICE) },
		{ .peer = &peer, .user_slot = 3, .session_slot = 8 },
	};
	static const unsigned FREE[] = { 5, 8, 8 };
	int64_t now = 1000 * MINUTE, wait = 0;

	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		for (unsigned i = 0; i < 1000; i++)
			assert_true(may(guesses, &rows[r], now));
		assert_int_equal(tries(guesses, &rows[r], now, 100, &wait), FREE[r]);
		/* Also of one that waited: the wait is the same again, not a longer one. */
		now += wait;
		for (unsigned i = 0; i < 10; i++)
			assert_true(may(guesses, &rows[r], now));
		assert_true(guess_begin(guesses, &rows[r], now, &wait));
		assert_false(guess_begin(guesses, &rows[r], now, &wait));
		assert_true(wait == 4 * US_PER_S);
	}
}

/* What was told to wait since stays so. */
static void taking_one_back_opens_nothing(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess guess = { .peer = &peer, .email = SPAN_LIT("ana@example.com") };
	int64_t now = 1000 * MINUTE, wait = 0;

	for (unsigned i = 0; i < 5; i++)
		assert_true(guess_begin(guesses, &guess, now + i, &wait));
	guess_back(guesses, &guess, now);
	assert_false(guess_begin(guesses, &guess, now + 5, &wait));
}

/* G5 */
static void one_session_does_not_hold_up_another(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess stolen = { .peer = &peer, .user_slot = 3, .session_slot = 8 };
	struct guess own = { .peer = &peer, .user_slot = 3, .session_slot = 9 };
	int64_t start = 1000 * MINUTE, wait = 0;
	unsigned passed = 0;

	for (unsigned second = 0; second < 3600; second++) {
		int64_t now = start + second * US_PER_S;

		passed += guess_begin(guesses, &stolen, now, &wait);
		assert_true(may(guesses, &own, now));
	}
	assert_in_range(passed, 8, 24);
}

static void more_sessions_give_no_more_tries(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess other = { .peer = &peer, .user_slot = 4, .session_slot = 1000 };
	int64_t wait = 0;
	unsigned passed = 0;

	for (unsigned i = 1; i <= 100; i++)
		passed += tries(guesses,
			&(struct guess){ .peer = &peer, .user_slot = 3, .session_slot = i }, MINUTE,
			100, &wait);
	assert_int_equal(passed, 24);
	assert_true(may(guesses, &other, MINUTE));
}

static void who_was_right_begins_anew(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess guess = { .peer = &peer, .email = SPAN_LIT("ana@example.com") };
	int64_t wait = 0;

	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(tries(guesses, &guess, MINUTE, 3, &wait), 3);
		guess_right(guesses, &guess, MINUTE);
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

/* G4: a flood of others does not make anybody forgotten who is slowed. */
static void a_flood_forgets_nobody_who_is_slowed(void **state)
{
	struct guesses *guesses = *state;
	struct http_peer peer = from(1);
	struct guess rows[] = {
		{ .peer = &peer, .email = SPAN_LIT("ana@example.com") },
		{ .peer = &peer,
			.email = SPAN_LIT("ana@example.com"),
			.device = SPAN_LIT("0123456789abcdef") },
		{ .peer = &peer, .user_slot = 3, .session_slot = 8 },
	};
	int64_t now = 1000 * MINUTE, wait = 0;

	for (unsigned i = 0; i < 13; i++) {
		now += wait;
		for (size_t r = 0; r < ARRAY_LEN(rows); r++)
			(void)tries(guesses, &rows[r], now, 100, &wait);
	}
	assert_true(wait > MINUTE);
	for (unsigned i = 0; i < 100000; i++) {
		struct http_peer other = of_network(i);
		char email[32];
		struct guess guess = { .peer = &other };

		(void)snprintf(email, sizeof(email), "p%u@example.com", i);
		guess.email = span_str(email);
		(void)!guess_begin(guesses, &guess, now + i, &wait);
	}
	for (size_t r = 0; r < ARRAY_LEN(rows); r++)
		assert_false(may(guesses, &rows[r], now + US_PER_S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_stranger_is_slowed_more_and_more),
		TEST(other_spelling_of_an_address_is_the_same_person),
		TEST(a_known_device_is_not_held_up_by_strangers),
		TEST(one_source_tries_many_persons),
		TEST(one_network_does_not_hold_up_the_person),
		TEST(nor_does_one_of_ipv4),
		TEST(a_recovery_code_passes_what_very_many_try),
		TEST(what_was_not_looked_at_is_taken_back),
		TEST(taking_one_back_opens_nothing),
		TEST(one_session_does_not_hold_up_another),
		TEST(more_sessions_give_no_more_tries),
		TEST(who_was_right_begins_anew),
		TEST(it_is_forgotten),
		TEST(many_more_than_there_is_room_for),
		TEST(a_flood_forgets_nobody_who_is_slowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
