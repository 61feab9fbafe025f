/* A command of the shell, for tests that treat files as an operator would. */
#ifndef TESTS_UNIT_SHELL_H
#define TESTS_UNIT_SHELL_H

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its exit code; -1 when it could not run or a signal ended it. */
static inline int shell(const char *command)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (child < 0)
		return -1;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
