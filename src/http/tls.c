#include "http/tls.h"

#include "base/buf.h"
#include "base/limits.h"
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (256 * KIB)
/* Of a client's handshake. Without a certificate of its own it needs some hundred bytes. */
#define HANDSHAKE_MAX (16 * KIB)

/* Forward secrecy and authenticated encryption only; nothing before TLS 1.2. */
#define PRIORITIES                                                                                 \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"           \
	"-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:"                 \
	"%SERVER_PRECEDENCE"

struct http_tls {
	struct buf certificate, key; /* PEM, ended by NUL */
};

static enum status unreadable(struct complaint *complaint, const char *path, int error)
{
	complaint_set(complaint, "http.tls_unreadable", 2, "path", path, "reason", strerror(error));
	return ST_INVALID;
}

static enum status read_all(int fd, struct buf *out)
{
	char piece[4 * KIB];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) > 0)
		buf_append(out, span_of(piece, (size_t)got));
	explicit_bzero(piece, sizeof(piece));
	return got == 0 && buf_ok(out) ? ST_OK : ST_IO;
}

/* A link is followed: renewed certificates are reached by one. */
static enum status file_take(
	const char *path, bool is_key, struct buf *out, struct complaint *complaint)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	struct stat info;
	enum status st;

	if (fd < 0 || fstat(fd, &info) != 0) {
		error = errno;
		if (fd >= 0)
			close(fd);
		return unreadable(complaint, path, error);
	}
	if (!S_ISREG(info.st_mode)) {
		close(fd);
		return unreadable(complaint, path, EINVAL);
	}
	if (is_key && (info.st_mode & S_IROTH) != 0) {
		close(fd);
		complaint_set(complaint, "http.tls_key_open", 1, "path", path);
		return ST_INVALID;
	}
	st = read_all(fd, out);
	close(fd);
	return st == ST_OK ? ST_OK : unreadable(complaint, path, EFBIG);
}

static gnutls_datum_t datum(const struct buf *buf)
{
	return (gnutls_datum_t){ (unsigned char *)buf->ptr, (unsigned)buf->len };
}

/* The key must be that of the first certificate. */
static enum status pair_check(const struct http_tls *tls, const char *certificate_path,
	const char *key_path, struct complaint *complaint)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t certificate = datum(&tls->certificate), key = datum(&tls->key);
	int result;

	if (gnutls_certificate_allocate_credentials(&credentials) != GNUTLS_E_SUCCESS)
		return ST_NO_MEMORY;
	result = gnutls_certificate_set_x509_key_mem(
		credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
	gnutls_certificate_free_credentials(credentials);
	if (result >= 0)
		return ST_OK;
	complaint_set(complaint, "http.tls_pair", 3, "certificate", certificate_path, "key",
		key_path, "reason", gnutls_strerror(result));
	return ST_INVALID;
}

enum status http_tls_open(const char *certificate_path, const char *key_path,
	struct http_tls **out_tls, struct complaint *complaint)
{
	CLEANUP(http_tls_close)
	struct http_tls *tls = calloc(1, sizeof(*tls));
	enum status st;

	if (tls == NULL)
		return ST_NO_MEMORY;
	tls->certificate = buf_heap(FILE_MAX);
	tls->key = buf_heap(FILE_MAX);
	st = file_take(certificate_path, false, &tls->certificate, complaint);
	if (st == ST_OK)
		st = file_take(key_path, true, &tls->key, complaint);
	if (st == ST_OK)
		st = pair_check(tls, certificate_path, key_path, complaint);
	if (st != ST_OK)
		return st;
	*out_tls = tls;
	tls = NULL;
	return ST_OK;
}

void http_tls_close(struct http_tls **tls)
{
	if (*tls == NULL)
		return;
	buf_free(&(*tls)->certificate);
	buf_wipe(&(*tls)->key);
	free(*tls);
	*tls = NULL;
}

static struct MHD_OptionItem text(enum MHD_OPTION option, const char *value)
{
	return (struct MHD_OptionItem){ option, 0, (void *)(uintptr_t)value };
}

void tls_options(const struct http_tls *tls, struct MHD_OptionItem out[TLS_OPTIONS_MAX])
{
	out[0] = text(MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES);
	out[1] = text(MHD_OPTION_HTTPS_MEM_CERT, buf_str(&tls->certificate));
	out[2] = text(MHD_OPTION_HTTPS_MEM_KEY, buf_str(&tls->key));
	out[3] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
}

void tls_begin(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (info != NULL && info->tls_session != NULL)
		gnutls_handshake_set_max_packet_length(info->tls_session, HANDSHAKE_MAX);
}
