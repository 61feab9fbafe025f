#include "llaverod/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

void sandbox_harden(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	/* The leak checker of a sanitizer traces its own process. */
	if (!SANITIZED)
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* What both roles do while they serve. */
static const char *const COMMON_CALLS[] = { "read", "write", "readv", "writev", "pread64",
	"pwrite64", "preadv", "pwritev", "recvfrom", "recvmsg", "sendto", "sendmsg", "accept",
	"accept4", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername",
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll",
	"select", "pselect6", "eventfd2", "pipe2", "dup", "fcntl", "ioctl", "close", "close_range",
	"open", "openat", "openat2", "stat", "fstat", "lstat", "newfstatat", "statx", "statfs",
	"fstatfs", "lseek", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd",
	"getdents64", "sendfile", "mmap", "munmap", "mremap", "mprotect", "madvise", "msync",
	"mincore", "mlock", "mlock2", "munlock", "brk", "futex", "futex_waitv", "rseq",
	"set_robust_list", "get_robust_list", "membarrier", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "sigaltstack", "signalfd4",
	"restart_syscall", "exit", "exit_group", "getpid", "getppid", "gettid", "getuid", "geteuid",
	"getgid", "getegid", "getrandom", "clock_gettime", "clock_getres", "clock_nanosleep",
	"nanosleep", "gettimeofday", "time", "timerfd_create", "timerfd_settime", "timerfd_gettime",
	"uname", "sysinfo", "getrusage", "times", "sched_yield", "sched_getaffinity", "getcpu",
	"prlimit64", "getrlimit", "kill", "tgkill", "flock" };

/* LMDB's lock file has robust mutexes; the rest is threads, files of its own, and a database. */
static const char *const KEEPER_CALLS[] = { "clone", "clone3", "set_tid_address", "fsync",
	"fdatasync", "sync_file_range", "ftruncate", "truncate", "fallocate", "fadvise64", "rename",
	"renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link",
	"linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "fchown", "fchownat",
	"chown", "umask", "utimensat", "copy_file_range", "socket", "socketpair", "connect",
	"sched_setscheduler", "sched_getscheduler", "sched_getparam", "sched_get_priority_max",
	"sched_get_priority_min", "setpriority", "getpriority", "memfd_create", "prctl" };

static enum status calls_allow(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		/* A call that this machine does not have needs no rule. */
		if (number == __NR_SCMP_ERROR || number < 0)
			continue;
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) != 0)
			return ST_IO;
	}
	return ST_OK;
}

/* Nobody here has a reason for these: a process that tries is not ours any more. */
static enum status calls_deadly(scmp_filter_ctx filter)
{
	static const char *const names[] = { "execve", "execveat", "ptrace", "process_vm_readv",
		"process_vm_writev", "init_module", "finit_module", "kexec_load", "bpf", "mount",
		"pivot_root", "chroot", "setns", "unshare", "keyctl", "add_key", "userfaultfd",
		"perf_event_open" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR && number >= 0 &&
			seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, number, 0) != 0)
			return ST_IO;
	}
	return ST_OK;
}

static enum status seccomp_close(enum sandbox_role role)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	enum status st;

	if (filter == NULL)
		return ST_NO_MEMORY;
	st = calls_allow(filter, COMMON_CALLS, sizeof(COMMON_CALLS) / sizeof(COMMON_CALLS[0]));
	if (st == ST_OK && role == SANDBOX_KEEPER)
		st = calls_allow(
			filter, KEEPER_CALLS, sizeof(KEEPER_CALLS) / sizeof(KEEPER_CALLS[0]));
	if (st == ST_OK)
		st = calls_deadly(filter);
	/* Threads that are already running are filtered too. */
	if (st == ST_OK && seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) != 0)
		st = ST_IO;
	if (st == ST_OK && seccomp_load(filter) != 0)
		st = ST_UNAVAILABLE;
	seccomp_release(filter);
	return st;
}

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS (READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define MAKE_RIGHTS                                                                                \
	(WRITE_RIGHTS | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |                \
		LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REMOVE_FILE |                     \
		LANDLOCK_ACCESS_FS_REMOVE_DIR)
/* All rights of the first version of Landlock: every kernel that has it knows them. */
#define HANDLED_RIGHTS                                                                             \
	(MAKE_RIGHTS | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                 \
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                      \
		LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define RIGHTS_OF_A_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

static bool landlock_allow(int rules, const struct sandbox_path *path)
{
	static const uint64_t rights[] = { [SANDBOX_READ] = READ_RIGHTS,
		[SANDBOX_WRITE] = WRITE_RIGHTS,
		[SANDBOX_MAKE] = MAKE_RIGHTS };
	struct landlock_path_beneath_attr rule = { .allowed_access = rights[path->access] };
	int dir_fd = open(path->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (dir_fd < 0) {
		rule.allowed_access &= RIGHTS_OF_A_FILE;
		dir_fd = open(path->path, O_PATH | O_CLOEXEC);
	}
	if (dir_fd < 0)
		return errno == ENOENT; /* what is not there needs no rule */
	rule.parent_fd = dir_fd;
	ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(dir_fd);
	return ok;
}

/* ST_UNAVAILABLE: the kernel has none, or it is switched off. */
static enum status landlock_close(const struct sandbox_path *paths, size_t paths_count)
{
	struct landlock_ruleset_attr attributes = { .handled_access_fs = HANDLED_RIGHTS };
	long rules = syscall(SYS_landlock_create_ruleset, &attributes, sizeof(uint64_t), 0);
	bool ok = true;

	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? ST_UNAVAILABLE : ST_IO;
	for (size_t i = 0; ok && i < paths_count; i++)
		ok = landlock_allow((int)rules, &paths[i]);
	ok = ok && syscall(SYS_landlock_restrict_self, (int)rules, 0) == 0;
	close((int)rules);
	return ok ? ST_OK : ST_IO;
}

enum status sandbox_confine(enum sandbox_role role, const struct sandbox_path *paths,
	size_t paths_count, const char **out_landlock, const char **out_seccomp)
{
	enum status st = landlock_close(paths, paths_count);

	*out_seccomp = "off";
	if (st != ST_OK && st != ST_UNAVAILABLE)
		return st;
	*out_landlock = st == ST_OK ? "on" : "off: not offered by the kernel";
	if (SANITIZED) {
		*out_seccomp = "off: built with a sanitizer";
		return ST_OK;
	}
	st = seccomp_close(role);
	if (st != ST_OK && st != ST_UNAVAILABLE)
		return st;
	*out_seccomp = st == ST_OK ? "on" : "off: not offered by the kernel";
	return ST_OK;
}
