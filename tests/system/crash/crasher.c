/* Crashes in the way that its argument says. */
#include <assert.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct settings {
    int size;
    int port;
};

volatile int zero = 0;

__attribute__((noinline)) int read_port(struct settings *settings) {
    return ((volatile struct settings *)settings)->port;
}

__attribute__((noinline)) int endless(int depth) {
    volatile char room[4096];
    room[0] = (char)depth;
    return endless(depth + 1) + room[0];
}

static int shortened_file(void) {
    int file = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ftruncate(file, 4096) != 0)
        return 100;
    volatile char *bytes = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED || ftruncate(file, 0) != 0)
        return 100;
    return *bytes;
}

static void forbidden_call(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    syscall(SYS_getppid);
}

/* Its unit limits the size of files. */
static int large_file(void) {
    int file = open("large", O_RDWR | O_CREAT | O_TRUNC, 0600);
    return file < 0 || pwrite(file, "x", 1, 1L << 40) != 1 ? 100 : 0;
}

int main(int count, char **words) {
    const char *how = count > 1 ? words[1] : "";
    if (!strcmp(how, "null"))
        return read_port(0);
    if (!strcmp(how, "deep"))
        return endless(0);
    if (!strcmp(how, "assert"))
        assert(count == 77);
    if (!strcmp(how, "divide"))
        return 5 / zero;
    if (!strcmp(how, "trap"))
        __builtin_trap();
    if (!strcmp(how, "bus"))
        return shortened_file();
    if (!strcmp(how, "call"))
        forbidden_call();
    if (!strcmp(how, "large"))
        return large_file();
    if (!strcmp(how, "wait"))
        for (;;)
            pause();
    return 100;
}
