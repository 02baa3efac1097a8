/* A disk that breaks when it is told, and that remembers what was flushed.
 *
 * Preloaded into a process; disk.py builds it and talks to it. Calls that concern files under one
 * folder are counted. The n-th may fail, or kill the process as a cut of the power does. At every
 * flush the contents of the file, or the names in the folder, are kept aside under its inode.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ = 1, WRITE = 2, FLUSH = 4, NAME = 8 };

static char root[PATH_MAX], kept[PATH_MAX];
static size_t root_length;
static long kinds, failure, for_good, at, count;
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

/* From now on: the calls of these kinds that concern files under `folder` are counted. The `n`-th
 * (and, `persists`, all behind it) fails with `error`; 0 ends the process there. */
void disk_watch(const char *folder, const char *keep, long which, long n, long error,
                long persists) {
    snprintf(kept, sizeof kept, "%s", keep);
    kinds = which, at = n, failure = error, for_good = persists, count = 0;
    root_length = snprintf(root, sizeof root, "%s", folder);
}

long disk_count(void) { return count; }

static int beneath(const char *path) {
    return root_length && !strncmp(path, root, root_length) &&
           (path[root_length] == '/' || !path[root_length]);
}

static int fails(int kind, const char *path) {
    if (!(kinds & kind) || !beneath(path)) return 0;
    long n = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (!at || (for_good ? n < at : n != at)) return 0;
    if (!failure) _exit(99);
    errno = failure;
    return 1;
}

static int path_of(int fd, char *path) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return length > 0;
}

static int fd_fails(int kind, int fd) {
    char path[PATH_MAX];
    return root_length && (kinds & kind) && path_of(fd, path) && fails(kind, path);
}

static int name_fails(int folder, const char *name) {
    char path[PATH_MAX * 2];
    if (!root_length) return 0;
    if (name[0] == '/') return fails(NAME, name);
    if (folder == AT_FDCWD ? !getcwd(path, PATH_MAX) : !path_of(folder, path)) return 0;
    strcat(path, "/");
    strncat(path, name, PATH_MAX - 1);
    return fails(NAME, path);
}

static void keep_bytes(int fd, const char *from, int to) {
    char block[1 << 16];
    ssize_t length;
    off_t done = 0;
    /* A second descriptor, once closed, would give up the locks that the process holds. */
    int other = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY ? REAL(open)(from, O_RDONLY) : -1;
    while ((length = REAL(pread)(other < 0 ? fd : other, block, sizeof block, done)) > 0) {
        if (REAL(write)(to, block, length) != length) _exit(98);
        done += length;
    }
    if (other >= 0) close(other);
}

static void keep_names(const char *from, int to) {
    char line[NAME_MAX + 40];
    struct dirent *entry;
    DIR *folder = opendir(from);
    while (folder && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            int length = snprintf(line, sizeof line, "%lu/%s\n", entry->d_ino, entry->d_name);
            if (REAL(write)(to, line, length) != length) _exit(98);
        }
    if (folder) closedir(folder);
}

static void keep(int fd) {
    char path[PATH_MAX], made[PATH_MAX + 40], place[PATH_MAX + 40];
    struct stat about;
    if (!root_length || !path_of(fd, path) || !beneath(path) || fstat(fd, &about)) return;
    pthread_mutex_lock(&one);
    snprintf(made, sizeof made, "%s/made", kept);
    snprintf(place, sizeof place, "%s/%c%lu", kept, S_ISDIR(about.st_mode) ? 'd' : 'f',
             about.st_ino);
    int to = REAL(open)(made, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0) _exit(98);
    if (S_ISDIR(about.st_mode)) keep_names(path, to);
    else keep_bytes(fd, path, to);
    close(to);
    /* Held from the first time on, so that its inode is not another's soon. */
    if (access(place, F_OK) && REAL(open)(path, O_PATH) < 0) _exit(98);
    REAL(rename)(made, place);
    pthread_mutex_unlock(&one);
}

#define FD_CALL(kind, type, name, declared, given)                                                 \
    type name declared { return fd_fails(kind, fd) ? -1 : REAL(name) given; }

FD_CALL(READ, ssize_t, read, (int fd, void *to, size_t n), (fd, to, n))
FD_CALL(READ, ssize_t, pread, (int fd, void *to, size_t n, off_t o), (fd, to, n, o))
FD_CALL(READ, ssize_t, pread64, (int fd, void *to, size_t n, off64_t o), (fd, to, n, o))
FD_CALL(WRITE, ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n))
FD_CALL(WRITE, ssize_t, pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o))
FD_CALL(WRITE, ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o))
FD_CALL(WRITE, int, ftruncate, (int fd, off_t n), (fd, n))
FD_CALL(WRITE, int, ftruncate64, (int fd, off64_t n), (fd, n))

#define FLUSH_CALL(name)                                                                           \
    int name(int fd) {                                                                             \
        if (fd_fails(FLUSH, fd) || REAL(name)(fd)) return -1;                                      \
        keep(fd);                                                                                  \
        return 0;                                                                                  \
    }

FLUSH_CALL(fsync)
FLUSH_CALL(fdatasync)

int rename(const char *a, const char *b) {
    return name_fails(AT_FDCWD, b) ? -1 : REAL(rename)(a, b);
}
int renameat(int f, const char *a, int g, const char *b) {
    return name_fails(g, b) ? -1 : REAL(renameat)(f, a, g, b);
}
int unlink(const char *a) { return name_fails(AT_FDCWD, a) ? -1 : REAL(unlink)(a); }
int unlinkat(int f, const char *a, int how) {
    return name_fails(f, a) ? -1 : REAL(unlinkat)(f, a, how);
}
int mkdir(const char *a, mode_t m) { return name_fails(AT_FDCWD, a) ? -1 : REAL(mkdir)(a, m); }
