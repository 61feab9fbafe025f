#include "records/high_water.h"

#include "records/store.h"

#include <limits.h>

static enum status mark_path(char out[PATH_MAX], const char *data_dir)
{
	struct buf b = buf_fixed(out, PATH_MAX);

	buf_printf(&b, "%s/%s", data_dir, HIGH_WATER_FILE);
	return buf_ok(&b) ? ST_OK : ST_LIMIT;
}

enum status high_water_read(const char *data_dir, struct checkpoint *out_mark)
{
	char path[PATH_MAX], memory[1024];
	struct buf text = BUF_ARRAY(memory);
	enum status st = mark_path(path, data_dir);

	if (st == ST_OK)
		st = file_read(path, &text);
	if (st == ST_LIMIT || (st == ST_OK && checkpoint_parse(buf_span(&text), out_mark) != ST_OK))
		return ST_DAMAGED;
	return st;
}

bool high_water_is_there(const char *data_dir)
{
	struct checkpoint mark;

	return high_water_read(data_dir, &mark) != ST_NOT_FOUND;
}

enum status high_water_write(const char *data_dir, const struct checkpoint *mark)
{
	char path[PATH_MAX], memory[1024];
	struct buf text = BUF_ARRAY(memory);
	enum status st = mark_path(path, data_dir);

	checkpoint_append(&text, mark);
	if (st == ST_OK)
		st = file_replace(path, buf_span(&text), 0600);
	return st;
}
