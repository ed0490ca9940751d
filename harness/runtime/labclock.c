/*
 * The lab clock, preloaded (LD_PRELOAD) into every part and into the server under test.
 *
 * Wall and monotonic time come from a small file that the driver maps too: both stand still
 * until the driver moves one or both of them, so "61 seconds later" costs nothing and two
 * runs see the same instants.  libfaketime was the first choice; it cannot move monotonic time
 * alone, re-reads variables that nginx wipes, and leaves its shared memory behind when a
 * process is killed (docs/architecture.md).
 *
 * The file is named by STAPLELAB_CLOCK: magic, wall and monotonic nanoseconds, three 64-bit
 * integers in the machine's order.  Without it the real clocks show through.  Nothing here uses
 * the C library, so the same object serves programs linked against glibc and against musl.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CLOCK_MAGIC INT64_C(0x4b434f4c4342414c) /* "LABCLOCK" */
#define NANOSECONDS INT64_C(1000000000)

struct clock_file {
    volatile int64_t magic;
    volatile int64_t wall_ns;      /* since the Unix epoch */
    volatile int64_t monotonic_ns; /* since any fixed point */
};

/* What is left of a longer sleep by a clock that stands still: nginx sleeps a tenth of a second at
 * each reload "to allow new processes to start", and half a second before it binds again. */
#define LONGEST_SLEEP_NS (5 * 1000 * 1000L)

static const struct clock_file *lab;

static long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;

#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    result = x0;
#else
#error "the lab clock knows the system calls of x86-64 and arm64 only"
#endif

    return result;
}

/* Copies the value of STAPLELAB_CLOCK from the environment that the program was started with. */
static int clock_path(char *out, size_t size)
{
    static const char name[] = "STAPLELAB_CLOCK=";
    size_t matched = 0, length = 0;
    int inside = 0, skip = 0;
    char buffer[1024];
    long fd, n, i;

    fd = system_call(SYS_openat, AT_FDCWD, (long)"/proc/self/environ", O_RDONLY | O_CLOEXEC, 0, 0,
                     0);
    if (fd < 0) {
        return 0;
    }

    while ((n = system_call(SYS_read, fd, (long)buffer, sizeof(buffer), 0, 0, 0)) > 0) {
        for (i = 0; i < n; i++) {
            char c = buffer[i];

            if (inside && (c == '\0' || length + 1 == size)) {
                goto done;
            }
            if (inside) {
                out[length++] = c;
            } else if (c == '\0') {
                matched = 0;
                skip = 0;
            } else if (!skip && c == name[matched]) {
                inside = ++matched == sizeof(name) - 1;
            } else {
                skip = 1;
            }
        }
    }

done:
    system_call(SYS_close, fd, 0, 0, 0, 0, 0);
    out[length] = '\0';
    return length > 0;
}

__attribute__((constructor)) static void map_clock(void)
{
    char path[512];
    long fd, address;

    if (!clock_path(path, sizeof(path))) {
        return;
    }

    fd = system_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
    if (fd < 0) {
        return;
    }

    address = system_call(SYS_mmap, 0, sizeof(struct clock_file), PROT_READ, MAP_SHARED, fd, 0);
    system_call(SYS_close, fd, 0, 0, 0, 0, 0);

    /* the kernel returns errors as -4095..-1 */
    if ((unsigned long)address >= (unsigned long)-4095L) {
        return;
    }

    if (((const struct clock_file *)address)->magic == CLOCK_MAGIC) {
        lab = (const struct clock_file *)address;
    }
}

static int64_t lab_time(clockid_t id, int *known)
{
    *known = lab != NULL;
    if (lab == NULL) {
        return 0;
    }

    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        return lab->wall_ns;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        return lab->monotonic_ns;
    default:
        *known = 0; /* processor time stays what it is */
        return 0;
    }
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *ts)
{
    int known;
    int64_t ns = lab_time(id, &known);

    if (!known) {
        return system_call(SYS_clock_gettime, id, (long)ts, 0, 0, 0, 0) == 0 ? 0 : -1;
    }

    ts->tv_sec = ns / NANOSECONDS;
    ts->tv_nsec = ns % NANOSECONDS;
    return 0;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
                                                        void *restrict zone)
{
    struct timespec ts;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return -1;
    }

    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}

__attribute__((visibility("default"))) time_t time(time_t *out)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return (time_t)-1;
    }

    if (out != NULL) {
        *out = ts.tv_sec;
    }
    return ts.tv_sec;
}

__attribute__((visibility("default"))) int usleep(useconds_t us)
{
    struct timespec ts = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L};

    if (lab != NULL && (ts.tv_sec > 0 || ts.tv_nsec > LONGEST_SLEEP_NS)) {
        ts.tv_sec = 0;
        ts.tv_nsec = LONGEST_SLEEP_NS;
    }

    return system_call(SYS_nanosleep, (long)&ts, 0, 0, 0, 0, 0) == 0 ? 0 : -1;
}
