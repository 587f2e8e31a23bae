/* To be preloaded: each look at a path waits SLOW_DISK_US microseconds longer, as on a network. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOW(name, parameters, arguments)                                                       \
    int name parameters {                                                                       \
        const char *us = getenv("SLOW_DISK_US");                                                \
        if (us && atoi(us))                                                                     \
            usleep(atoi(us));                                                                   \
        return ((int(*) parameters)dlsym(RTLD_NEXT, #name)) arguments;                          \
    }

/* 64: as interpreters are linked that open large files */
SLOW(stat64, (const char *path, struct stat64 *found), (path, found))
SLOW(lstat64, (const char *path, struct stat64 *found), (path, found))
SLOW(fstatat64, (int folder, const char *path, struct stat64 *found, int flags),
     (folder, path, found, flags))
