/*
 * The world that the tests of this folder decide in: two accounts, a catalogue
 * of a few routes, one good key, and a request that passes. A test changes one
 * thing of it.
 */
#ifndef TESTS_UNIT_DECIDE_STORY_H
#define TESTS_UNIT_DECIDE_STORY_H

#include "table_view.h"
#include "testing.h"

#include "key/app_key.h"
#include "key/token.h"

#define STORY_NOW INT64_C(1790000000000000)
#define FOREIGN_KEY "vtexappkey-acme-ORYNWX"
#define FOREIGN_TOKEN "QWERTYASDFZXCVTGBNHYUJMKIOLPPLOKMIJNUHBYGVTFC"

struct story {
	struct table_view *table;
	uint32_t acme, other;                         /* accounts */
	uint32_t list_orders, view_order, edit_price; /* resources */
	uint32_t reader, pricer, others_reader;       /* profiles; the last in the other account */
	struct view_key *key;                         /* acme's, linked to reader, token */
	struct view_key
		*plain; /* acme's, imported, FOREIGN_KEY and FOREIGN_TOKEN, linked to reader */
	struct view_key *away; /* the other account's, linked there to others_reader */
	char token[TOKEN_LEN + 1], second[TOKEN_LEN + 1], retired[TOKEN_LEN + 1];
	char away_token[TOKEN_LEN + 1], unused[TOKEN_LEN + 1];
	char app_key[LIMIT_APP_KEY + 1], away_key[LIMIT_APP_KEY + 1], no_key[LIMIT_APP_KEY + 1];

	struct service_spec *service, *open_service;
	struct decide_input input;
	struct decide_scratch scratch;
	struct decision decision;
};

static inline void story_token(char out[TOKEN_LEN + 1], uint8_t seed)
{
	uint8_t bytes[TOKEN_RANDOM_SIZE];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(seed * 37u + i * 11u);
	token_make(TOKEN_LIVE, bytes, out);
	out[TOKEN_LEN] = '\0';
}

static inline void story_app_key(char out[LIMIT_APP_KEY + 1], const char *account, uint8_t seed)
{
	const uint8_t bytes[APP_KEY_RANDOM_SIZE] = { seed, 2, 3, 4 };
	struct buf text = buf_fixed(out, LIMIT_APP_KEY + 1);

	assert_int_equal(
		app_key_make(SPAN_LIT(APP_KEY_PREFIX_DEFAULT), span_str(account), bytes, &text),
		ST_OK);
}

static inline void story_texts(struct story *s)
{
	story_token(s->token, 1);
	story_token(s->second, 2);
	story_token(s->retired, 3);
	story_token(s->away_token, 4);
	story_token(s->unused, 5);
	story_app_key(s->app_key, "acme", 1);
	story_app_key(s->away_key, "other", 2);
	story_app_key(s->no_key, "acme", 3);
}

static inline void story_catalogue(struct story *s)
{
	struct table_view *t = s->table;

	s->list_orders = table_resource(t, "OMS", "ListOrders", "List Orders");
	s->view_order = table_resource(t, "OMS", "ViewOrder", "View order");
	s->edit_price = table_resource(t, "Pricing", "modify_prices", "Modify prices");
	s->service = table_service(t, "store", "/api");
	s->open_service = table_service(t, "open", "/open");
	s->open_service->unmapped_authenticated = true;
	s->open_service->preflight_pass = true;
	struct route_spec *orders = table_route(t, s->service, "GET", "/orders", s->list_orders);
	table_route_needs(t, orders, s->view_order);
	(void)table_route(t, s->service, "PUT", "/prices/{id}", s->edit_price);
	(void)table_route(t, s->service, "GET", "/nothing", 0);
	table_route(t, s->service, "GET", "/ping", 0)->access = ROUTE_PUBLIC;
	table_route(t, s->service, "GET", "/me", 0)->access = ROUTE_AUTHENTICATED;
	(void)table_route(t, s->service, "GET", "/o/group/{x}", s->list_orders);
	(void)table_route(t, s->service, "GET", "/o/{id}/note", s->edit_price);
	(void)table_route(t, s->open_service, "GET", "/orders", s->list_orders);
}

static inline void story_accounts(struct story *s)
{
	struct table_view *t = s->table;

	s->acme = table_account(t, "acme");
	s->other = table_account(t, "other");
	table_host(t, "acme.example.com", s->acme);
	table_host(t, "other.example.com", s->other);
	s->reader = table_profile(t, s->acme, "Lectura de pedidos");
	table_grant(t, s->reader, s->list_orders);
	s->pricer = table_profile(t, s->acme, "Precios");
	table_grant(t, s->pricer, s->edit_price);
	s->others_reader = table_profile(t, s->other, "Todo");
	table_grant(t, s->others_reader, s->list_orders);
	table_grant(t, s->others_reader, s->edit_price);
}

static inline void story_keys(struct story *s)
{
	struct table_view *t = s->table;

	s->key = table_key(t, s->acme, s->app_key);
	s->key->external_id = SPAN_LIT("customer-7");
	table_token(t, s->key, span_str(s->token), true);
	table_token(t, s->key, span_str(s->retired), false);
	table_link(s->key, s->reader);
	s->plain = table_key(t, s->acme, FOREIGN_KEY);
	table_token(t, s->plain, SPAN_LIT(FOREIGN_TOKEN), true);
	table_link(s->plain, s->reader);
	s->away = table_key(t, s->other, s->away_key);
	table_token(t, s->away, span_str(s->away_token), true);
	table_link(s->away, s->others_reader);
}

static inline struct story *story_make(void)
{
	struct story *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->table = table_make(16);
	story_texts(s);
	story_catalogue(s);
	story_accounts(s);
	story_keys(s);
	table_build(s->table);
	s->scratch.digests = s->table->digests;
	s->input = (struct decide_input){
		.credential = { .form = PRESENTED_PAIR,
			.app_key = span_str(s->app_key),
			.app_token = span_str(s->token) },
		.method = SPAN_LIT("GET"),
		.target = SPAN_LIT("/api/orders?page=1"),
		.host = SPAN_LIT("acme.example.com"),
		.now_us = STORY_NOW,
	};
	return s;
}

static inline void story_free(struct story **story)
{
	if (*story == NULL)
		return;
	table_free(&(*story)->table);
	free(*story);
	*story = NULL;
}

static inline const struct decision *story_decide(struct story *s)
{
	decide(&s->table->view, &s->input, &s->scratch, &s->decision);
	return &s->decision;
}

#endif
