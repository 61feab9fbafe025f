/* llaverod: command line, start-up, and hand over to the supervisor. */
#include "base/crypto.h"
#include "base/log.h"
#include "llaverod/instance.h"
#include "llaverod/role.h"
#include "llaverod/sandbox.h"
#include "llaverod/supervise.h"
#include "llaverod/version.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_DEFAULT "/etc/llavero/llaverod.conf"

extern char **environ;

struct options {
	const char *config_path; /* NULL: no file */
	bool check, help, version;
	enum lang lang;
};

static void say(FILE *to, enum lang lang, const struct complaint *complaint)
{
	CLEANUP(buf_free)
	struct buf text = buf_heap(8 * KIB);

	complaint_append(&text, lang, complaint);
	fprintf(to, "%s\n", buf_str(&text));
}

static int fail(enum lang lang, const struct complaint *complaint)
{
	fputs("llaverod: ", stderr);
	say(stderr, lang, complaint);
	return 1;
}

static bool lang_named(const char *code, enum lang *out_lang)
{
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		if (strcmp(lang_code((enum lang)lang), code) == 0) {
			*out_lang = (enum lang)lang;
			return true;
		}
	}
	return false;
}

static bool options_read(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "lang", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int option;

	*out = (struct options){
		.config_path = access(CONFIG_DEFAULT, F_OK) == 0 ? CONFIG_DEFAULT : NULL,
		.lang = lang_user(LANG_EN),
	};
	opterr = 0;
	while ((option = getopt_long(argc, argv, "c:hV", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			out->config_path = optarg;
			break;
		case 'l':
			if (!lang_named(optarg, &out->lang))
				return false;
			break;
		case 'n':
			out->check = true;
			break;
		case 'h':
			out->help = true;
			break;
		case 'V':
			out->version = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

static int report_faults(enum lang lang, const struct config_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		CLEANUP(buf_free)
		struct buf text = buf_heap(8 * KIB);

		config_fault_append(&text, lang, &faults->items[i]);
		fprintf(stderr, "llaverod: %s\n", buf_str(&text));
	}
	return 1;
}

/* Who to become. (uid_t)-1: stay. */
struct identity {
	uid_t uid;
	gid_t gid;
	const char *user;
};

static enum status identity_find(
	const struct config *config, struct identity *out, struct complaint *complaint)
{
	struct passwd *user;
	struct group *group;

	*out = (struct identity){ (uid_t)-1, (gid_t)-1, NULL };
	/* Another user than root is what it is; the unit file or the shell chose it. */
	if (geteuid() != 0 || config->user[0] == '\0')
		return ST_OK;
	user = getpwnam(config->user);
	if (user == NULL) {
		complaint_set(complaint, "daemon.user_unknown", 1, "name", config->user);
		return ST_NOT_FOUND;
	}
	out->uid = user->pw_uid;
	out->gid = user->pw_gid;
	out->user = config->user;
	if (config->group[0] == '\0')
		return ST_OK;
	group = getgrnam(config->group);
	if (group == NULL) {
		complaint_set(complaint, "daemon.group_unknown", 1, "name", config->group);
		return ST_NOT_FOUND;
	}
	out->gid = group->gr_gid;
	return ST_OK;
}

static enum status identity_take(
	const struct sockets *sockets, const struct identity *identity, struct complaint *complaint)
{
	if (identity->uid == (uid_t)-1)
		return ST_OK;
	/* The sockets' groups were set when they were bound. */
	for (size_t i = 0; i < sockets->paths_count; i++)
		(void)!lchown(sockets->paths[i], identity->uid, (gid_t)-1);
	if (initgroups(identity->user, identity->gid) != 0 || setgid(identity->gid) != 0 ||
		setuid(identity->uid) != 0 || setuid(0) == 0) {
		complaint_set(complaint, "daemon.user_refused", 2, "name", identity->user, "reason",
			strerror(errno));
		return ST_DENIED;
	}
	return ST_OK;
}

/*
 * Whoever starts us may have closed these: a file of ours that was opened as number 2
 * would get the log written into it.
 */
static bool streams_fill(void)
{
	int fd = 0;

	while (fd >= 0 && fd <= STDERR_FILENO) {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd > STDERR_FILENO)
			close(fd);
	}
	return fd >= 0;
}

/* Room for the connections of a gate beside what it has open itself. */
static rlim_t files_wanted(const struct config *config)
{
	return config->gate.connections + 256u;
}

static void files_raise(const struct config *config)
{
	struct rlimit limit;
	rlim_t wanted = files_wanted(config);

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void files_tell(const struct config *config)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < files_wanted(config))
		log_warn("files_limited", LOG_NUM("limit", (int64_t)limit.rlim_cur),
			LOG_NUM("wanted", (int64_t)files_wanted(config)),
			LOG_STR("advice",
				"raise the hard limit of open files (LimitNOFILE), or lower "
				"gate.connections"));
}

static enum status handed_check(const struct config *config, struct complaint *complaint)
{
	const char *name = config_root_key_credential(config);

	if (name == NULL || getenv(CREDENTIALS_VARIABLE) != NULL)
		return ST_OK;
	complaint_set(complaint, "daemon.credential_none", 1, "name", name);
	return ST_NOT_FOUND;
}

/* Where the sockets are bound, and whom we are then: on failure nothing is left but the lock. */
static enum status take_places(const struct config *config, struct sockets *sockets,
	int *out_lock_fd, struct complaint *complaint)
{
	struct identity identity;
	enum status st = handed_check(config, complaint);

	if (st == ST_OK)
		st = identity_find(config, &identity, complaint);
	if (st == ST_OK)
		st = instance_lock(
			config->data_dir, identity.uid, identity.gid, out_lock_fd, complaint);
	if (st == ST_OK)
		st = sockets_open(config, sockets, complaint);
	if (st == ST_OK)
		st = identity_take(sockets, &identity, complaint);
	/* Last: what it makes is ours already, and nothing that could fail comes behind it. */
	if (st == ST_OK)
		st = instance_prepare(config->data_dir, complaint);
	if (st != ST_OK)
		sockets_close(sockets);
	return st;
}

static int start(const struct options *options, struct config **config)
{
	struct supervision supervision = {
		.config_path = options->config_path, .environment = environ, .lang = options->lang
	};
	struct complaint complaint = { 0 };
	struct sockets sockets = { 0 };
	int lock_fd = -1, code;

	umask(0027);
	sandbox_harden();
	files_raise(*config);
	supervise_block_signals(&supervision);
	if (take_places(*config, &sockets, &lock_fd, &complaint) != ST_OK)
		return fail(options->lang, &complaint);
	sandbox_harden(); /* a change of user makes a process dumpable again */
	log_setup(STDERR_FILENO, "supervisor", (*config)->log_level);
	files_tell(*config);
	if (geteuid() == 0)
		log_warn(
			"runs_as_root", LOG_STR("advice", "set user, or start it as another user"));
	supervision.config = *config;
	supervision.sockets = &sockets;
	code = supervise(&supervision);
	*config = supervision.config;
	sockets_close(&sockets);
	close(lock_fd);
	return code;
}

int main(int argc, char **argv)
{
	CLEANUP(config_free)
	struct config *config = NULL;
	struct config_faults faults;
	struct options options;
	struct complaint complaint = { 0 };
	enum status st;

	if (!streams_fill())
		return 1;
	(void)signal(SIGPIPE, SIG_IGN); /* a log that nobody reads is no reason to end */
	if (!options_read(argc, argv, &options)) {
		say(stderr, options.lang, &(struct complaint){ .key = "daemon.usage" });
		return 2;
	}
	if (options.help) {
		say(stdout, options.lang, &(struct complaint){ .key = "daemon.help" });
		return 0;
	}
	if (options.version) {
		puts("llaverod " LLAVERO_VERSION);
		return 0;
	}
	st = config_load(options.config_path, environ, &config, &faults);
	if (st == ST_INVALID)
		return report_faults(options.lang, &faults);
	if (st != ST_OK)
		return fail(options.lang, &(struct complaint){ .key = "daemon.no_memory" });
	if (config_files_check(config, &complaint) != ST_OK)
		return fail(options.lang, &complaint);
	if (options.check) {
		say(stdout, options.lang, &(struct complaint){ .key = "daemon.check_ok" });
		return 0;
	}
	return start(&options, &config);
}
