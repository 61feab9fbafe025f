#include "model/world_index.h"

#include "base/clock.h"
#include "model/world_rows.h"

static enum status put_accounts(const struct world *world, struct index_writer *writer)
{
	enum status st = ST_OK;
	for (size_t i = 0; i < world->accounts_count && st == ST_OK; i++) {
		const struct account_row *row = &world->accounts[i];
		struct index_account account = { row->account, row->hosts, row->hosts_count };
		st = index_put_account(writer, &account);
	}
	return st;
}

static enum status put_rights(const struct world *world, struct index_writer *writer)
{
	enum status st = ST_OK;
	for (size_t i = 0; i < world->resources_count && st == ST_OK; i++)
		st = index_put_resource(writer, &world->resources[i]);
	for (size_t i = 0; i < world->profiles_count && st == ST_OK; i++)
		st = index_put_profile(writer, &world->profiles[i]);
	return st != ST_OK ? st : index_put_routes(writer, buf_span(&world->blob));
}

static enum status put_keys(const struct world *world, struct index_writer *writer)
{
	enum status st = ST_OK;
	for (size_t i = 0; i < world->keys_count && st == ST_OK; i++)
		st = index_put_key(writer, &world->keys[i]);
	for (size_t i = 0; i < world->tokens_count && st == ST_OK; i++)
		st = index_put_token(writer, world->tokens[i].digest, &world->tokens[i].token);
	return st;
}

static enum status put_all(const struct world *world, struct index_writer *writer)
{
	enum status st = put_accounts(world, writer);
	if (st == ST_OK)
		st = put_rights(world, writer);
	return st != ST_OK ? st : put_keys(world, writer);
}

enum status world_write_index(const struct world *world, const char *dir, uint64_t revision)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;
	struct index_mark mark = { .installation = { 7 }, .epoch = 1, .revision = revision };
	enum status st = index_writer_create(dir, &writer);
	if (st == ST_OK)
		st = index_writer_begin(writer);
	if (st == ST_OK)
		st = put_all(world, writer);
	if (st == ST_OK)
		st = index_writer_commit(writer, &mark);
	if (st == ST_OK)
		st = index_writer_publish(writer);
	if (st == ST_OK)
		index_writer_confirm(writer, clock_boot_us());
	return st;
}
