/* What one source may ask in a while: its burst, then one at a time, whoever else asks. */
#include "testing.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "keeper/source_rate.h"

#define BURST 5u
#define EVERY_US (3 * US_PER_S)
#define T0 (1000 * US_PER_S)

static struct source_rate rate;

static struct http_peer v4(uint8_t last)
{
	struct http_peer peer = { .kind = HTTP_PEER_IP };

	peer.address[10] = peer.address[11] = 0xFF;
	peer.address[12] = 192;
	peer.address[15] = last;
	return peer;
}

static struct http_peer v6(uint8_t network, uint8_t host)
{
	struct http_peer peer = { .kind = HTTP_PEER_IP };

	peer.address[0] = 0x20;
	peer.address[7] = network;
	peer.address[15] = host;
	return peer;
}

/* Each of a network of its own. */
static struct http_peer elsewhere(uint8_t network)
{
	struct http_peer peer = v4(1);

	peer.address[12] = 198;
	peer.address[14] = network;
	return peer;
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(crypto_init(), ST_OK);
	source_rate_open(&rate, BURST, EVERY_US);
	return 0;
}

static void use_up(struct http_peer peer, int64_t at_us)
{
	for (unsigned i = 0; i < BURST; i++)
		assert_int_equal(source_rate_take(&rate, &peer, at_us), 0);
}

static void a_burst_and_then_one_at_a_time(void **state)
{
	struct http_peer peer = v4(1);

	(void)state;
	use_up(peer, T0);
	assert_int_equal(source_rate_take(&rate, &peer, T0), 3);
	/* What was refused costs nothing. */
	assert_int_equal(source_rate_take(&rate, &peer, T0 + EVERY_US - 1), 1);
	assert_int_equal(source_rate_take(&rate, &peer, T0 + EVERY_US), 0);
	assert_int_equal(source_rate_take(&rate, &peer, T0 + EVERY_US), 3);
	use_up(peer, T0 + 100 * EVERY_US);
	assert_int_equal(source_rate_take(&rate, &peer, T0 + 100 * EVERY_US), 3);
}

static void an_ipv6_network_is_one_source(void **state)
{
	struct http_peer same = v6(7, 2);

	(void)state;
	use_up(v6(7, 1), T0);
	assert_int_equal(source_rate_take(&rate, &same, T0), 3);
}

/* Cells are shared by a hash: of many others nearly all are free. */
static void others_are_not_held_up(void **state)
{
	unsigned free_ones = 0;

	(void)state;
	use_up(v4(1), T0);
	for (unsigned i = 2; i < 102; i++) {
		struct http_peer other = elsewhere((uint8_t)i);

		free_ones += source_rate_take(&rate, &other, T0) == 0;
	}
	assert_true(free_ones >= 90);
}

/* Who has a whole network asks as if he had a few sources, and takes nobody's cells. */
static void a_network_takes_little_of_all(void **state)
{
	static const struct {
		const char *label;
		bool six;
	} rows[] = { { "24 bits of IPv4", false }, { "48 bits of IPv6", true } };

	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		unsigned passed = 0, free_ones = 0;

		(void)setup(state);
		for (unsigned i = 0; i < 255 * 20; i++) {
			struct http_peer one =
				rows[r].six ? v6((uint8_t)(i % 255), 1) : v4((uint8_t)(i % 255));

			passed += source_rate_take(&rate, &one, T0) == 0;
		}
		CHECK_ROW(rows[r].label, passed == SOURCE_RATE_PARTS * BURST);
		for (unsigned i = 0; i < 100; i++) {
			struct http_peer other = elsewhere((uint8_t)i);

			free_ones += source_rate_take(&rate, &other, T0) == 0;
		}
		CHECK_ROW(rows[r].label, free_ones >= 90);
	}
}

static void the_unix_socket_is_free(void **state)
{
	struct http_peer peer = { .kind = HTTP_PEER_UNIX };

	(void)state;
	for (unsigned i = 0; i < 10 * BURST; i++)
		assert_int_equal(source_rate_take(&rate, &peer, T0), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_burst_and_then_one_at_a_time, setup),
		cmocka_unit_test_setup(an_ipv6_network_is_one_source, setup),
		cmocka_unit_test_setup(others_are_not_held_up, setup),
		cmocka_unit_test_setup(a_network_takes_little_of_all, setup),
		cmocka_unit_test_setup(the_unix_socket_is_free, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
