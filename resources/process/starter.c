/*
 * Starts the programs of process trials for the engine, and supervises each of them. A process this small is copied in a tenth of a
 * millisecond; the engine with a long queue in memory, or a shell for each trial, takes many times that.
 *
 * The starter reads orders on descriptor 0 and answers on descriptor 1. For each order it makes a copy of itself, the supervisor: it leads
 * a session and group of its own, takes the claim, starts the program, waits for it and leaves the exit file (native/process/supervisor.ts
 * says what these two are). The starter ends with the engine; supervisors and what they started go on.
 *
 *   order    u32 bytes that follow, u32 id, u32 arguments, u32 variables, then strings that end in NUL:
 *            state directory, log, what the claim begins with, mark, working directory, program, arguments, variables
 *   answer   u32 kind, u32 id, i32 pid, i32 value
 *            CLAIMED      the program is about to start
 *            NOT_CLAIMED  somebody else has the claim, or it could not be written: nothing was started
 *            REFUSED      nothing was started and no claim was taken; the engine tries the other way and learns why
 *            ENDED        the supervisor has ended. value 0: nothing that it started is alive; else it killed its group, or somebody
 *                         killed the supervisor
 *
 * A supervisor carries the variables that name its attempt and engine, written over the room that the starter's one variable leaves for
 * them: whoever looks for the processes of an attempt finds it by these, also where the program has cleared its own.
 *
 * The supervisor takes in what the program's processes leave behind (it is their subreaper), also what left the group. Every signal that
 * can be held off is: a SIGTERM for the group is for the program, which begins with none held off.
 *
 * No C library: one static file that runs on any Linux. build.sh beside it makes it.
 */
typedef long word;
typedef unsigned long size;
typedef unsigned int u32;

enum { CLAIMED = 1, NOT_CLAIMED = 2, REFUSED = 3, ENDED = 4 };
/* As in starter-messages.ts. */
#define MOST_BYTES 262144
#define MOST_STRINGS 4096
#define MOST_RUNNING 1024

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, SIGMASK = 14, GETPID = 39, KILL = 62, CHDIR = 80, MKDIRAT = 258, SETSID = 112, CLONE = 56,
       EXECVE = 59, EXIT = 231, WAIT4 = 61, PRCTL = 157, OPENAT = 257, PPOLL = 271, SIGNALFD4 = 289, DUP3 = 292, PRLIMIT = 302, STATX = 332 };
static word sys(word n, word a, word b, word c, word d, word e, word f) {
  register word r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  word r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return r;
}
__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call begin\n");
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, CLOSE = 57, SIGMASK = 135, GETPID = 172, KILL = 129, CHDIR = 49, MKDIRAT = 34, SETSID = 157, CLONE = 220,
       EXECVE = 221, EXIT = 94, WAIT4 = 260, PRCTL = 167, OPENAT = 56, PPOLL = 73, SIGNALFD4 = 74, DUP3 = 24, PRLIMIT = 261, STATX = 291 };
static word sys(word n, word a, word b, word c, word d, word e, word f) {
  register word x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d,
                x4 __asm__("x4") = e, x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
__asm__(".globl _start\n_start:\n mov x29,#0\n mov x0,sp\n bl begin\n");
#else
#error "no system calls for this processor"
#endif
#define S0(n) sys(n, 0, 0, 0, 0, 0, 0)
#define S1(n, a) sys(n, (word)(a), 0, 0, 0, 0, 0)
#define S2(n, a, b) sys(n, (word)(a), (word)(b), 0, 0, 0, 0)
#define S3(n, a, b, c) sys(n, (word)(a), (word)(b), (word)(c), 0, 0, 0)
#define S4(n, a, b, c, d) sys(n, (word)(a), (word)(b), (word)(c), (word)(d), 0, 0)
#define S5(n, a, b, c, d, e) sys(n, (word)(a), (word)(b), (word)(c), (word)(d), (word)(e), 0)

enum { ENOENT = 2, EINTR = 4, ENOEXEC = 8, EACCES = 13, EEXIST = 17, ENOTDIR = 20 };
enum { SIGKILL = 9, SIGCHLD = 17 };
enum { AT_CWD = -100, RDONLY = 0, WRONLY = 1, CREAT = 0100, EXCL = 0200, TRUNC = 01000, APPEND = 02000, NONBLOCK = 04000, CLOEXEC = 02000000,
#if defined(__x86_64__)
       NOFOLLOW = 0400000 };
#else
       NOFOLLOW = 0100000 };
#endif
enum { POLLIN = 1, WNOHANG = 1, SETMASK = 2, RLIMIT_LOCKS = 10, SUBREAPER = 36, SET_NAME = 15 };
/* Exit statuses of the supervisor where it did not kill itself with its group. */
enum { ALL_GONE = 0, STOPPED_SHORT = 125 };

struct pollfd { int fd; short events, revents; };

/* Also asked for by the compiler. */
void *memset(void *to, int byte, size n) { for (char *p = to; n > 0; n--) *p++ = (char)byte; return to; }
void *memcpy(void *to, const void *from, size n) { char *p = to; for (const char *q = from; n > 0; n--) *p++ = *q++; return to; }
void *memmove(void *to, const void *from, size n) {
  char *p = to;
  const char *q = from;
  if (p < q) while (n-- > 0) *p++ = *q++;
  else while (n-- > 0) p[n] = q[n];
  return to;
}
static size length(const char *s) { size n = 0; while (s[n]) n++; return n; }
static char *put(char *at, const char *s) { while (*s) *at++ = *s++; return at; }
static char *put_number(char *at, unsigned long n) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + n % 10); while (n /= 10);
  while (count > 0) *at++ = digits[--count];
  return at;
}

/* At its begin there are 4 bytes of how many follow. */
static char order[MOST_BYTES + 4];
static size have;
static char *strings[MOST_STRINGS + 8];
static struct { word pid; u32 id; } running[MOST_RUNNING];
static int running_count;
/* The starter's one variable, and how long it is. */
static char *room;
static size room_bytes;

/* So short that it is written whole or not at all: the starter and its supervisors write into one stream. */
static void answer(u32 kind, u32 id, word pid, int value) {
  u32 record[4] = {kind, id, (u32)pid, (u32)value};
  while (S3(WRITE, 1, record, sizeof record) == -EINTR);
}

/* ---- the supervisor ---- */

static void hold_off_signals(void) {
  unsigned long all = ~0ul;
  S4(SIGMASK, SETMASK, &all, 0, 8);
}

static int open_log(const char *path) {
  /* An earlier attempt may have put a link or a pipe there. */
  int fd = (int)S4(OPENAT, AT_CWD, path, WRONLY | APPEND | CREAT | NOFOLLOW | NONBLOCK | CLOEXEC, 0600);
  unsigned short found[128];
  if (fd < 0) return fd;
  /* struct statx: stx_mode, 16 bits, at 28. AT_EMPTY_PATH, STATX_TYPE. */
  if (S5(STATX, fd, "", 0x1000, 1, found) == 0 && (found[14] & 0170000) == 0100000) return fd;
  S1(CLOSE, fd);
  return -1;
}

static char path[8192], line[4096];

static const char *below(const char *dir, const char *name) {
  *put(put(put(path, dir), "/"), name) = 0;
  return path;
}

/* Takes the claim: what it begins with, a space, our own line of /proc/<pid>/stat. */
static int claim(const char *dir, const char *beginning) {
  char *at = put(put(line, beginning), " ");
  int stat = (int)S3(OPENAT, AT_CWD, "/proc/self/stat", RDONLY | CLOEXEC);
  word n = stat < 0 ? -1 : S3(READ, stat, at, sizeof line - 512);
  if (stat >= 0) S1(CLOSE, stat);
  if (n <= 0 || at[n - 1] != '\n') return 0;
  int fd = (int)S4(OPENAT, AT_CWD, below(dir, "claim"), WRONLY | CREAT | EXCL | NOFOLLOW | CLOEXEC, 0600);
  if (fd < 0) return 0;
  word length = at + n - line, written = S3(WRITE, fd, line, length);
  S1(CLOSE, fd);
  return written == length;
}

static void become(char **argv, char **env, int log) {
  /* The lowest that is free: 0. */
  S3(OPENAT, AT_CWD, "/dev/null", RDONLY);
  S3(DUP3, log, 1, 0);
  S3(DUP3, log, 2, 0);
  unsigned long none = 0;
  S4(SIGMASK, SETMASK, &none, 0, 8);
  word error = S3(EXECVE, argv[0], argv, env);
  if (error == -ENOEXEC) {
    /* A script without an interpreter line, as a shell would take it. The place before is the working directory's: it is free by now. */
    argv[-1] = "sh";
    error = S3(EXECVE, "/bin/sh", argv - 1, env);
  }
  int missing = error == -ENOENT || error == -ENOTDIR;
  char *at = put(line, "switchyard: cannot run ");
  for (size i = 0; argv[0][i] && i < 1024; i++) *at++ = argv[0][i];
  at = put(at, missing ? ": not found\n" : error == -EACCES ? ": permission denied\n" : ": error ");
  if (!missing && error != -EACCES) *(at = put_number(at, (unsigned long)-error)) = '\n', at++;
  S3(WRITE, 2, line, at - line);
  S1(EXIT, missing ? 127 : 126);
}

static int begins(const char *s, const char *with) {
  while (*with && *s == *with) s++, with++;
  return *with == 0;
}

static void carry_marks(char **variables, u32 count) {
  size used = 0;
  memset(room, 0, room_bytes);
  for (u32 i = 0; i < count; i++) {
    const char *one = variables[i];
    if (!begins(one, "SWITCHYARD_ATTEMPT_ID=") && !begins(one, "SWITCHYARD_ENGINE_ID=")) continue;
    size bytes = length(one) + 1;
    if (used + bytes > room_bytes) return;
    memcpy(room + used, one, bytes);
    used += bytes;
  }
}

/* Never returns. */
static void supervise(u32 id, char **text, u32 arguments, u32 variables) {
  const char *dir = text[0], *cwd = text[4];
  S0(SETSID);
  S5(PRCTL, SET_NAME, "supervisor", 0, 0, 0);
  S5(PRCTL, SUBREAPER, 1, 0, 0, 0);
  carry_marks(text + 6 + arguments, variables);
  unsigned long mark = 0, limit[2];
  for (const char *p = text[3]; *p; p++) mark = mark * 10 + (unsigned)(*p - '0');
  limit[0] = limit[1] = mark;
  S4(PRLIMIT, 0, RLIMIT_LOCKS, limit, 0);
  word made = S3(MKDIRAT, AT_CWD, dir, 0700);
  int log = made < 0 && made != -EEXIST ? -1 : open_log(text[1]);
  word pid = S0(GETPID);
  if (log < 0 || S1(CHDIR, cwd) < 0) {
    answer(REFUSED, id, pid, 0);
    S1(EXIT, STOPPED_SHORT);
  }
  if (!claim(dir, text[2])) {
    answer(NOT_CLAIMED, id, pid, 0);
    S1(EXIT, STOPPED_SHORT);
  }
  answer(CLAIMED, id, pid, 0);
  /* The engine hears the end of the stream when the starter has ended, whoever runs on. */
  S1(CLOSE, 0);
  S1(CLOSE, 1);

  /* A vector of arguments ends in 0, and so do the variables: the first of them makes room. */
  char **argv = text + 5;
  static char *env[MOST_STRINGS + 1];
  memcpy(env, argv + 1 + arguments, variables * sizeof *env);
  env[variables] = 0;
  argv[1 + arguments] = 0;
  word child = sys(CLONE, SIGCHLD, 0, 0, 0, 0, 0);
  if (child == 0) become(argv, env, log);
  int status = 126 << 8;
  for (word ended; child > 0 && (ended = S4(WAIT4, -1, &status, 0, 0)) != child;)
    if (ended < 0 && ended != -EINTR) break;
  int code = (status & 0x7f) == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f);
  char name[16];
  *put_number(put(name, "exit-"), (unsigned long)code) = 0;
  S4(OPENAT, AT_CWD, below(dir, name), WRONLY | CREAT | TRUNC | NOFOLLOW | NONBLOCK | CLOEXEC, 0600);
  /* Who is left is a descendant of ours, for it would have become our child. */
  word left;
  while ((left = S4(WAIT4, -1, &status, WNOHANG, 0)) > 0);
  if (left < 0) S1(EXIT, ALL_GONE);
  S2(KILL, 0, SIGKILL);
  S1(EXIT, STOPPED_SHORT);
}

/* ---- the starter ---- */

static u32 number_at(const char *at) { u32 n; memcpy(&n, at, 4); return n; }

static void start(const char *at, size bytes) {
  u32 id = number_at(at), arguments = number_at(at + 4), variables = number_at(at + 8), count = 0;
  char *text = (char *)at + 12, *end = (char *)at + bytes;
  int usable = arguments < MOST_STRINGS && variables < MOST_STRINGS && arguments + variables <= MOST_STRINGS && running_count < MOST_RUNNING;
  while (usable && text < end && count < 6 + arguments + variables) {
    strings[count++] = text;
    while (text < end && *text) text++;
    if (text++ == end) usable = 0;
  }
  usable = usable && count == 6 + arguments + variables && length(strings[0]) + 16 < sizeof path && length(strings[2]) < 256;
  word pid = usable ? sys(CLONE, SIGCHLD, 0, 0, 0, 0, 0) : -1;
  if (pid == 0) supervise(id, strings, arguments, variables);
  if (pid < 0) {
    answer(REFUSED, id, 0, 0);
    return;
  }
  running[running_count].pid = pid;
  running[running_count++].id = id;
}

static void reap(void) {
  for (;;) {
    int status = 0;
    word pid = S4(WAIT4, -1, &status, WNOHANG, 0);
    if (pid <= 0) return;
    for (int i = 0; i < running_count; i++) {
      if (running[i].pid != pid) continue;
      answer(ENDED, running[i].id, pid, status == 0 ? 0 : (status & 0x7f) != 0 ? status & 0x7f : -1);
      running[i] = running[--running_count];
      break;
    }
  }
}

/* Returns 0 at the end of the orders. */
static int take_orders(void) {
  word n = S3(READ, 0, order + have, sizeof order - have);
  if (n == -EINTR) return 1;
  if (n <= 0) return 0;
  have += (size)n;
  size done = 0;
  while (have - done >= 4) {
    u32 bytes = number_at(order + done);
    if (bytes < 12 || bytes > MOST_BYTES) return 0;
    if (have - done - 4 < bytes) break;
    start(order + done + 4, bytes);
    done += 4 + bytes;
  }
  memmove(order, order + done, have - done);
  have -= done;
  return 1;
}

__attribute__((used)) void begin(word *stack) {
  /* Arguments, 0, variables. */
  room = (char *)stack[stack[0] + 2];
  room_bytes = room == 0 ? 0 : length(room);
  hold_off_signals();
  unsigned long ends = 1ul << (SIGCHLD - 1);
  int signals = (int)S4(SIGNALFD4, -1, &ends, 8, NONBLOCK | CLOEXEC);
  for (;;) {
    struct pollfd look[2] = {{0, POLLIN, 0}, {signals, POLLIN, 0}};
    S5(PPOLL, look, 2, 0, 0, 8);
    char info[128];
    while (S3(READ, signals, info, sizeof info) == (word)sizeof info);
    reap();
    if (look[0].revents != 0 && !take_orders()) S1(EXIT, 0);
  }
}
