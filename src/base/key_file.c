#include "base/key_file.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_HEX (2 * SYMMETRIC_KEY_SIZE)
#define LINE_MAX_LEN 160u

static enum status owner_check(int fd, unsigned forbidden_mode)
{
	struct stat at;

	if (fstat(fd, &at) != 0)
		return status_from_errno(errno);
	if (!S_ISREG(at.st_mode) || (at.st_mode & forbidden_mode) != 0 ||
		(at.st_uid != geteuid() && at.st_uid != 0))
		return ST_DENIED;
	return ST_OK;
}

static bool is_id(struct span id)
{
	uint8_t bytes[(KEY_ID_SIZE - 1) / 2];

	return decode_hex(id, bytes, sizeof(bytes));
}

static enum status line_parse(struct span line, const char *kind, struct key_file_secret *out_key)
{
	char word[64];
	struct buf b = BUF_ARRAY(word);
	struct span id, hex;

	buf_printf(&b, "llavero-%s-key-1 ", kind);
	if (!buf_ok(&b) || !span_starts_with(line, buf_span(&b)))
		return ST_DAMAGED;
	line = span_part(line, b.len, line.len);
	if (line.len != KEY_ID_SIZE - 1 + 1 + KEY_HEX + 1 || line.ptr[KEY_ID_SIZE - 1] != ' ' ||
		line.ptr[line.len - 1] != '\n')
		return ST_DAMAGED;
	id = span_part(line, 0, KEY_ID_SIZE - 1);
	hex = span_part(line, KEY_ID_SIZE, KEY_HEX);
	if (!is_id(id) || !decode_hex(hex, out_key->key, SYMMETRIC_KEY_SIZE))
		return ST_DAMAGED;
	memcpy(out_key->id, id.ptr, id.len);
	out_key->id[id.len] = '\0';
	return ST_OK;
}

enum status key_file_read(const char *path, const char *kind, unsigned forbidden_mode,
	struct key_file_secret *out_key)
{
	/* O_NONBLOCK: a pipe in its place must not hold us; it is refused next. */
	CLEANUP(close_fd)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	char line[LINE_MAX_LEN];
	ssize_t got;
	enum status st;

	if (fd < 0)
		return errno == ELOOP ? ST_DENIED : status_from_errno(errno);
	st = owner_check(fd, forbidden_mode);
	if (st != ST_OK)
		return st;
	/* One read: a regular file of this size comes whole. */
	got = read(fd, line, sizeof(line));
	st = got < 0 ? status_from_errno(errno)
		     : line_parse(span_of(line, (size_t)got), kind, out_key);
	crypto_wipe(line, sizeof(line));
	return st;
}

static enum status put(const char *path, const char *kind, unsigned mode,
	const struct key_file_secret *key,
	enum status (*place)(const char *path, struct span bytes, unsigned mode))
{
	char memory[LINE_MAX_LEN];
	struct buf line = BUF_ARRAY(memory);
	enum status st;

	buf_printf(&line, "llavero-%s-key-1 %s ", kind, key->id);
	encode_hex(&line, key->key, sizeof(key->key));
	buf_append_char(&line, '\n');
	st = buf_ok(&line) ? place(path, buf_span(&line), mode) : ST_LIMIT;
	crypto_wipe(memory, sizeof(memory));
	return st;
}

enum status key_file_create(
	const char *path, const char *kind, unsigned mode, const struct key_file_secret *key)
{
	return put(path, kind, mode, key, file_create);
}

enum status key_file_replace(
	const char *path, const char *kind, unsigned mode, const struct key_file_secret *key)
{
	return put(path, kind, mode, key, file_replace);
}
