// A disk that gets full, for programs that are started with this in LD_PRELOAD: the
// tables that RocksDB writes may have GRETE_TEST_ROOM bytes in all. Then there is no
// space left, as the kernel says it. For its smaller files RocksDB reserves room.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ssize_t room = -1;

static int is_table(int fd) {
	char link[64], name[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, name, sizeof name);
	return n > 4 && memcmp(name + n - 4, ".sst", 4) == 0;
}

// grant returns how many of n bytes there is room for, and takes it.
static ssize_t grant(int fd, size_t n) {
	if (n == 0 || !is_table(fd))
		return n;
	pthread_mutex_lock(&lock);
	if (room < 0)
		room = atol(getenv("GRETE_TEST_ROOM"));
	ssize_t granted = (ssize_t)n < room ? (ssize_t)n : room;
	room -= granted;
	pthread_mutex_unlock(&lock);
	if (granted == 0) {
		errno = ENOSPC;
		return -1;
	}
	return granted;
}

ssize_t write(int fd, const void *p, size_t n) {
	ssize_t (*next)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
	ssize_t granted = grant(fd, n);
	return granted < 0 ? granted : next(fd, p, granted);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) {
	ssize_t (*next)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
	ssize_t granted = grant(fd, n);
	return granted < 0 ? granted : next(fd, p, granted, at);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at) { return pwrite64(fd, p, n, at); }
