#include "llaverod/supervise.h"

#include "base/clock.h"
#include "base/log.h"
#include "ledger/ledger.h"
#include "llaverod/role.h"
#include "llaverod/version.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define PAUSE_LEAST_US (US_PER_S / 10)
#define PAUSE_MOST_US (10 * US_PER_S)
/* A child that lived so long starts again without a pause. */
#define LIVED_WELL_US (10 * US_PER_S)
#define STOP_PATIENCE_US (20 * US_PER_S)

struct child {
	enum role_kind kind;
	unsigned number;
	pid_t pid;    /* 0: not running */
	int ready_fd; /* -1: it has said so, or is not running */
	bool ready;
	bool refused; /* its last start ended with an error of its own */
	bool renew;   /* asked to end for a new configuration */
	int64_t started_at_us;
	int64_t start_at_us; /* boot time from which it may start again */
	int64_t pause_us;    /* the last one */
};

struct supervisor {
	struct supervision *given;
	struct config *old_config; /* some child may still use it in messages of ours */
	int signal_fd;
	bool stopping, killed;
	bool announced, announced_whole; /* to systemd: without the keeper; with it */
	int exit_code;
	int64_t stop_until_us;
	int64_t watchdog_us, watched_at_us; /* 0: systemd does not ask */
	size_t children_count;
	struct child children[1 + CONFIG_PROCESSES_MAX];
};

static void child_name(char out[16], const struct child *child)
{
	role_name(out, child->kind, child->number);
}

/* In the child: forget the supervisor's things, be the role. */
static _Noreturn void child_main(
	struct supervisor *supervisor, const struct child *child, int ready_fd, pid_t parent)
{
	struct role role = { child->kind, child->number, supervisor->given->config,
		supervisor->given->sockets, ready_fd, parent, supervisor->given->lang };

	close(supervisor->signal_fd);
	for (size_t i = 0; i < supervisor->children_count; i++) {
		if (supervisor->children[i].ready_fd >= 0)
			close(supervisor->children[i].ready_fd);
	}
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_IGN); /* from a terminal it goes to all; the supervisor decides */
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, &supervisor->given->mask_before, NULL);
	exit(role_run(&role));
}

static void pause_grow(struct child *child)
{
	int64_t lived_us = clock_boot_us() - child->started_at_us;

	if (lived_us >= LIVED_WELL_US || child->renew)
		child->pause_us = 0;
	else if (child->pause_us == 0)
		child->pause_us = PAUSE_LEAST_US;
	else
		child->pause_us =
			child->pause_us * 2 > PAUSE_MOST_US ? PAUSE_MOST_US : child->pause_us * 2;
	child->start_at_us = clock_boot_us() + child->pause_us;
}

static void child_start(struct supervisor *supervisor, struct child *child)
{
	pid_t parent = getpid();
	char name[16];
	int ready[2];

	child->started_at_us = clock_boot_us();
	child->ready = false;
	child->renew = false;
	if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) != 0) {
		pause_grow(child);
		return;
	}
	child->pid = fork();
	if (child->pid == 0) {
		close(ready[0]);
		child_main(supervisor, child, ready[1], parent);
	}
	close(ready[1]);
	child_name(name, child);
	if (child->pid < 0) {
		log_error(
			"fork_failed", LOG_STR("child", name), LOG_STR("reason", strerror(errno)));
		child->pid = 0;
		close(ready[0]);
		pause_grow(child);
		return;
	}
	child->ready_fd = ready[0];
	log_info("started", LOG_STR("child", name), LOG_NUM("pid", child->pid));
}

static void child_ended(struct supervisor *supervisor, struct child *child, int wait_status)
{
	char name[16];
	bool expected = supervisor->stopping || child->renew;
	enum log_level level = expected ? LOG_INFO_LEVEL : LOG_ERROR_LEVEL;
	struct log_field fields[4];

	child_name(name, child);
	pause_grow(child);
	fields[0] = LOG_STR("child", name);
	fields[1] = LOG_NUM("pid", child->pid);
	fields[2] = WIFSIGNALED(wait_status) ? LOG_NUM("signal", WTERMSIG(wait_status))
					     : LOG_NUM("code", WEXITSTATUS(wait_status));
	fields[3] = LOG_NUM("again_in_ms", expected ? 0 : child->pause_us / 1000);
	log_write(level, "ended", fields, supervisor->stopping ? 3 : 4);
	if (child->ready_fd >= 0)
		close(child->ready_fd);
	child->ready_fd = -1;
	child->pid = 0;
	child->refused = !child->ready && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) != 0;
	child->ready = false;
}

static void children_signal(struct supervisor *supervisor, int signal_number)
{
	for (size_t i = 0; i < supervisor->children_count; i++) {
		if (supervisor->children[i].pid > 0)
			(void)kill(supervisor->children[i].pid, signal_number);
	}
}

static size_t children_running(const struct supervisor *supervisor)
{
	size_t count = 0;

	for (size_t i = 0; i < supervisor->children_count; i++)
		count += supervisor->children[i].pid > 0;
	return count;
}

static void stop_begin(struct supervisor *supervisor)
{
	if (supervisor->stopping)
		return;
	log_info("stopping", LOG_NUM("children", children_running(supervisor)));
	(void)sd_notify(0, "STOPPING=1");
	supervisor->stopping = true;
	supervisor->stop_until_us = clock_boot_us() + STOP_PATIENCE_US;
	children_signal(supervisor, SIGTERM);
	/* The children take what has come; then nobody may wait for an answer in vain. */
	sockets_close(supervisor->given->sockets);
}

static bool index_is_there(const struct config *config)
{
	char path[4096];
	int len = snprintf(path, sizeof(path), "%s/index/current", config->data_dir);

	return len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0;
}

/* V1. Why is in the line that the keeper logged. */
static void keeper_refused(struct supervisor *supervisor, const struct child *child)
{
	if (child->kind != ROLE_KEEPER || !child->refused || supervisor->announced ||
		supervisor->stopping || index_is_there(supervisor->given->config))
		return;
	log_error("cannot_start", LOG_STR("child", "keeper"));
	supervisor->exit_code = 1;
	stop_begin(supervisor);
}

static void children_reap(struct supervisor *supervisor)
{
	int wait_status;
	pid_t pid;

	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
		for (size_t i = 0; i < supervisor->children_count; i++) {
			if (supervisor->children[i].pid != pid)
				continue;
			child_ended(supervisor, &supervisor->children[i], wait_status);
			keeper_refused(supervisor, &supervisor->children[i]);
		}
	}
}

static unsigned gates_wanted(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->gate.processes > 0)
		return config->gate.processes;
	if (cores < 1)
		return 1;
	return cores > (long)CONFIG_PROCESSES_MAX ? CONFIG_PROCESSES_MAX : (unsigned)cores;
}

static void log_faults(const struct config_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		CLEANUP(buf_free)
		struct buf text = buf_heap(4 * KIB);

		config_fault_append(&text, LANG_EN, &faults->items[i]);
		log_error("configuration_refused", LOG_STR("reason", buf_str(&text)));
	}
}

/* V3. What is wrong with the new one leaves the old one in force. */
static void reload(struct supervisor *supervisor)
{
	struct supervision *given = supervisor->given;
	struct config_faults faults;
	struct complaint complaint = { 0 };
	struct config *fresh;

	if (config_load(given->config_path, given->environment, &fresh, &faults) != ST_OK) {
		log_faults(&faults);
		return;
	}
	if (config_files_check(fresh, &complaint) != ST_OK) {
		CLEANUP(buf_free)
		struct buf text = buf_heap(4 * KIB);

		complaint_append(&text, LANG_EN, &complaint);
		log_error("configuration_refused", LOG_STR("reason", buf_str(&text)));
		config_free(&fresh);
		return;
	}
	if (!config_same_listeners(given->config, fresh) ||
		strcmp(given->config->data_dir, fresh->data_dir) != 0 ||
		gates_wanted(given->config) != gates_wanted(fresh)) {
		log_error("configuration_refused",
			LOG_STR("reason",
				"addresses, data_dir and processes change at a restart only"));
		config_free(&fresh);
		return;
	}
	/* Socket paths in given->sockets are the old one's texts: it is kept. */
	if (supervisor->old_config == NULL)
		supervisor->old_config = given->config;
	else
		config_free(&given->config);
	given->config = fresh;
	log_setup(STDERR_FILENO, "supervisor", fresh->log_level);
	log_info("configuration_read", LOG_NUM("children", supervisor->children_count));
	for (size_t i = 0; i < supervisor->children_count; i++)
		supervisor->children[i].renew = supervisor->children[i].pid > 0;
}

static void signals_take(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			children_reap(supervisor);
			break;
		case SIGHUP:
			if (!supervisor->stopping)
				reload(supervisor);
			break;
		default:
			stop_begin(supervisor);
			break;
		}
	}
}

static void child_ready_take(struct child *child)
{
	char name[16], byte;
	ssize_t got = read(child->ready_fd, &byte, 1);

	if (got < 0 && errno == EAGAIN)
		return;
	close(child->ready_fd);
	child->ready_fd = -1;
	if (got != 1)
		return; /* it ended before: SIGCHLD comes */
	child->ready = true;
	child_name(name, child);
	log_info("ready", LOG_STR("child", name),
		LOG_NUM("after_ms", (clock_boot_us() - child->started_at_us) / 1000));
}

/* One at a time: the next is asked to end when all others serve. */
static void renew_step(struct supervisor *supervisor)
{
	struct child *next = NULL;

	for (size_t i = 0; i < supervisor->children_count; i++) {
		struct child *child = &supervisor->children[i];

		if (child->renew && child->pid > 0)
			next = next == NULL ? child : next;
		else if (!child->ready)
			return;
	}
	if (next == NULL || next->start_at_us == INT64_MAX)
		return;
	next->start_at_us = INT64_MAX; /* asked; child_ended sets the time */
	(void)kill(next->pid, SIGTERM);
}

/* V1. systemd would end what serves if it were not told so while the keeper cannot start. */
static void announce(struct supervisor *supervisor)
{
	const struct child *keeper = &supervisor->children[0];
	size_t gates = supervisor->children_count - 1;

	for (size_t i = 1; i <= gates; i++) {
		if (!supervisor->children[i].ready)
			return;
	}
	if (!keeper->ready && (!keeper->refused || supervisor->announced))
		return;
	supervisor->announced = true;
	supervisor->announced_whole = keeper->ready;
	log_info("serving", LOG_NUM("gates", gates), LOG_STR("version", LLAVERO_VERSION),
		LOG_STR("keeper", keeper->ready ? "ready" : "cannot start"));
	(void)sd_notifyf(0, "READY=1\nSTATUS=Serving with %zu gates%s", gates,
		keeper->ready ? "" : "; the keeper cannot start");
}

/* Start what is due; the boot time at which something is next. */
static int64_t children_step(struct supervisor *supervisor, int64_t now_us)
{
	int64_t next_us = now_us + US_PER_S;

	for (size_t i = 0; i < supervisor->children_count; i++) {
		struct child *child = &supervisor->children[i];

		if (child->pid > 0)
			continue;
		if (child->start_at_us <= now_us)
			child_start(supervisor, child);
		else if (child->start_at_us < next_us)
			next_us = child->start_at_us;
	}
	renew_step(supervisor);
	if (!supervisor->announced_whole)
		announce(supervisor);
	if (supervisor->watchdog_us > 0 &&
		now_us - supervisor->watched_at_us >= supervisor->watchdog_us / 2) {
		supervisor->watched_at_us = now_us;
		(void)sd_notify(0, "WATCHDOG=1");
	}
	if (supervisor->watchdog_us > 0 && next_us > now_us + supervisor->watchdog_us / 4)
		next_us = now_us + supervisor->watchdog_us / 4;
	return next_us;
}

static int64_t stop_step(struct supervisor *supervisor, int64_t now_us)
{
	if (now_us < supervisor->stop_until_us)
		return supervisor->stop_until_us;
	if (!supervisor->killed) {
		log_warn("stop_forced", LOG_NUM("children", children_running(supervisor)));
		children_signal(supervisor, SIGKILL);
		supervisor->killed = true;
	}
	return now_us + US_PER_S;
}

static void wait_for_events(struct supervisor *supervisor, int64_t until_us)
{
	struct pollfd waits[2 + CONFIG_PROCESSES_MAX];
	struct child *owners[2 + CONFIG_PROCESSES_MAX];
	int64_t wait_ms = (until_us - clock_boot_us()) / 1000 + 1;
	nfds_t count = 1;

	waits[0] = (struct pollfd){ .fd = supervisor->signal_fd, .events = POLLIN };
	for (size_t i = 0; i < supervisor->children_count; i++) {
		if (supervisor->children[i].ready_fd < 0)
			continue;
		owners[count] = &supervisor->children[i];
		waits[count++] =
			(struct pollfd){ .fd = supervisor->children[i].ready_fd, .events = POLLIN };
	}
	if (poll(waits, count, wait_ms < 0 ? 0 : (int)wait_ms) <= 0)
		return;
	/* Ready first: a child may be ready and ended in one look. */
	for (nfds_t i = 1; i < count; i++) {
		if (waits[i].revents != 0)
			child_ready_take(owners[i]);
	}
	if (waits[0].revents != 0)
		signals_take(supervisor);
}

/*
 * Before any child has the ledger open. Without one the gates refuse limited keys,
 * and the keeper tries again every second.
 */
static void ledger_set_up(const struct config *config)
{
	static const char *const FOUND[] = { [LEDGER_KEPT] = "kept",
		[LEDGER_RENEWED] = "renewed",
		[LEDGER_MADE] = "made",
		[LEDGER_REPLACED] = "replaced: it was damaged or of another version" };
	char dir[4096];
	enum ledger_found found;
	int len = snprintf(dir, sizeof(dir), "%s/ledger", config->data_dir);
	enum status st = len > 0 && (size_t)len < sizeof(dir)
				 ? ledger_prepare(dir, config->limits.nodes, &found)
				 : ST_LIMIT;

	if (st != ST_OK)
		log_error("ledger_not_ready", LOG_STR("status", status_name(st)));
	else if (found == LEDGER_REPLACED)
		log_error("ledger", LOG_STR("file", FOUND[found]));
	else
		log_info("ledger", LOG_STR("file", FOUND[found]));
}

static void children_set_up(struct supervisor *supervisor)
{
	const struct config *config = supervisor->given->config;
	unsigned gates = supervisor->given->sockets->gate_count > 0 ? gates_wanted(config) : 0;

	supervisor->children[0] = (struct child){ .kind = ROLE_KEEPER, .ready_fd = -1 };
	for (unsigned i = 0; i < gates; i++)
		supervisor->children[1 + i] =
			(struct child){ .kind = ROLE_GATE, .number = i, .ready_fd = -1 };
	supervisor->children_count = 1 + gates;
}

static void signals_awaited(sigset_t *out)
{
	sigemptyset(out);
	sigaddset(out, SIGTERM);
	sigaddset(out, SIGINT);
	sigaddset(out, SIGHUP);
	sigaddset(out, SIGCHLD);
}

void supervise_block_signals(struct supervision *supervision)
{
	sigset_t mask;

	signals_awaited(&mask);
	(void)sigprocmask(SIG_BLOCK, &mask, &supervision->mask_before);
}

int supervise(struct supervision *supervision)
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	uint64_t watchdog_us = 0;
	sigset_t mask;
	int code;

	if (supervisor == NULL)
		return 1;
	supervisor->given = supervision;
	signals_awaited(&mask);
	supervisor->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervisor->signal_fd < 0) {
		free(supervisor);
		return 1;
	}
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		supervisor->watchdog_us = (int64_t)watchdog_us;
	ledger_set_up(supervision->config);
	children_set_up(supervisor);
	while (!supervisor->stopping || children_running(supervisor) > 0) {
		int64_t now_us = clock_boot_us();

		wait_for_events(supervisor, supervisor->stopping
						    ? stop_step(supervisor, now_us)
						    : children_step(supervisor, now_us));
	}
	log_info("stopped", LOG_NUM("forced", supervisor->killed));
	close(supervisor->signal_fd);
	config_free(&supervisor->old_config);
	code = supervisor->exit_code;
	free(supervisor);
	return code;
}
