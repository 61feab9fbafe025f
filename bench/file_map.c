#include "file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct span file_map(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *text = MAP_FAILED;
	struct stat info = { .st_size = 0 };

	if (fd < 0)
		return SPAN_ABSENT;
	errno = 0;
	if (fstat(fd, &info) == 0 && info.st_size > 0)
		text = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return text == MAP_FAILED ? SPAN_ABSENT : span_of(text, (size_t)info.st_size);
}
