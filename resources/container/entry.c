/*
 * The first process of a trial's container: runs the program and sees to what only somebody inside can see to.
 *
 *   - Output: what the program writes comes through a pipe and is appended, byte for byte, to a file of the host mounted at /switchyard/log.
 *     No engine, daemon or log driver stands in between that could drop it, cut it short or be restarted. Where the disk is full, what
 *     does not fit is dropped and counted, the program goes on, and a line in the log says how much is missing where.
 *   - Signals: a wish to stop goes to the program alone, never to its workers, which would die before it can save. A shell passes nothing
 *     on by itself, so what a shell runs is asked too; a shell that would die at once is asked when what it runs has ended.
 *   - The end: how the program ended, and whether somebody outside asked it to, is noted in a file of the host mounted at /switchyard/end,
 *     over bytes that are there already: it can be read whatever becomes of the daemon, and written on a full disk.
 *   - Once: a container that somebody starts again finds the note and does not run the program a second time.
 *
 * Process 1 of its container, so it reaps what is orphaned, and what is left when it ends is killed by the kernel.
 *
 * The note is one line of RECORD bytes: spaces; then "started"; then "ended code=<n> asked=<0|1> missing=<bytes> at=<ms since 1970>".
 * usage: entry PROGRAM [ARGUMENT...]   No C library: one static file that runs in any image. build.sh beside it makes it.
 */
typedef long word;
typedef unsigned long size;

#define RECORD 128
#define LOG "/switchyard/log"
#define END "/switchyard/end"
/* Exit code of a container that was started a second time. */
#define NOT_AGAIN 125
#define SHELL_LOOK_MS 20

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, IOCTL = 16, PWRITE = 18, PREAD = 17, KILL = 62, FCNTL = 72, SETSID = 112, CLONE = 56,
       EXECVE = 59, EXIT = 231, WAIT4 = 61, CLOCK = 228, OPENAT = 257, READLINKAT = 267, PPOLL = 271, SIGNALFD4 = 289, DUP3 = 292,
       PIPE2 = 293, SIGMASK = 14 };
static word sys(word n, word a, word b, word c, word d, word e, word f) {
  register word r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  word r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return r;
}
__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call begin\n");
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, CLOSE = 57, IOCTL = 29, PWRITE = 68, PREAD = 67, KILL = 129, FCNTL = 25, SETSID = 157, CLONE = 220,
       EXECVE = 221, EXIT = 94, WAIT4 = 260, CLOCK = 113, OPENAT = 56, READLINKAT = 78, PPOLL = 73, SIGNALFD4 = 74, DUP3 = 24,
       PIPE2 = 59, SIGMASK = 135 };
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

enum { ENOENT = 2, EINTR = 4, ENOEXEC = 8, EAGAIN = 11, EACCES = 13, ENOTDIR = 20 };
enum { HUP = 1, INT = 2, QUIT = 3, USR1 = 10, USR2 = 12, TERM = 15, CHLD = 17, CONT = 18, WINCH = 28 };
enum { AT_CWD = -100, RDONLY = 0, WRONLY = 1, RDWR = 2, CREAT = 0100, APPEND = 02000, NONBLOCK = 04000, CLOEXEC = 02000000 };
enum { F_SETFL = 4, FIONREAD = 0x541b, POLLIN = 1, WNOHANG = 1, SETMASK = 2 };

struct pollfd { int fd; short events, revents; };
struct timespec { word sec, nsec; };

/* Also asked for by the compiler. */
void *memset(void *to, int byte, size n) { for (char *p = to; n > 0; n--) *p++ = (char)byte; return to; }
void *memcpy(void *to, const void *from, size n) { char *p = to; for (const char *q = from; n > 0; n--) *p++ = *q++; return to; }
static size length(const char *s) { size n = 0; while (s[n]) n++; return n; }
static int same(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return *a == *b; }
static char *put(char *at, const char *s) { while (*s) *at++ = *s++; return at; }
static char *put_number(char *at, unsigned long n) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + n % 10); while (n /= 10);
  while (count > 0) *at++ = digits[--count];
  return at;
}

static char buffer[65536];
static int log_fd = -1, end_fd = -1;
static unsigned long missing_here, missing;

/* ---- the note ---- */

static void note(const char *text) {
  char record[RECORD];
  memset(record, ' ', RECORD);
  memcpy(record, text, length(text));
  record[RECORD - 1] = '\n';
  while (S4(PWRITE, end_fd, record, RECORD, 0) == -EINTR);
}

/* ---- the output ---- */

static word append(const char *data, size count) {
  size done = 0;
  while (done < count) {
    word n = S3(WRITE, log_fd, data + done, count - done);
    if (n == -EINTR) continue;
    if (n <= 0) break;
    done += (size)n;
  }
  return (word)done;
}

static void tell_missing(void) {
  char line[160], *at = put(line, "\n[switchyard] ");
  at = put_number(at, missing_here);
  at = put(at, " bytes of output are missing here: there was no space left on the disk.\n");
  size count = (size)(at - line);
  if (append(line, count) == (word)count) missing_here = 0;
}

static void keep(const char *data, size count) {
  if (missing_here > 0) tell_missing();
  size kept = missing_here > 0 ? 0 : (size)append(data, count);
  missing_here += count - kept;
  missing += count - kept;
}

/* Returns what was read; 0 at the end of the pipe, below 0 when nothing is there now. */
static word pump(int fd, size most) {
  word n = S3(READ, fd, buffer, most < sizeof buffer ? most : sizeof buffer);
  if (n > 0) keep(buffer, (size)n);
  return n;
}

/* ---- who is asked to stop ---- */

static char proc_path[64];
static const char *proc_file(word pid, const char *name) {
  char *at = put(proc_path, "/proc/");
  at = put_number(at, (unsigned long)pid);
  *put(at, name) = 0;
  return proc_path;
}

static word read_proc(word pid, const char *name, char *to, size most) {
  word fd = S3(OPENAT, AT_CWD, proc_file(pid, name), RDONLY | CLOEXEC);
  if (fd < 0) return -1;
  word n = S3(READ, fd, to, most - 1);
  S1(CLOSE, fd);
  if (n >= 0) to[n] = 0;
  return n;
}

static int is_shell(word pid) {
  static const char *const names[] = {"sh", "dash", "bash", "ash", "zsh", "ksh", "mksh", "busybox", 0};
  char exe[512];
  word n = S4(READLINKAT, AT_CWD, proc_file(pid, "/exe"), exe, sizeof exe - 1);
  if (n <= 0) return 0;
  exe[n] = 0;
  const char *base = exe;
  for (const char *p = exe; *p; p++) if (*p == '/') base = p + 1;
  for (int i = 0; names[i]; i++) if (same(base, names[i])) return 1;
  return 0;
}

#define MOST_KIDS 64
static int children(word pid, int *kids) {
  char name[48], text[1024], *at = put(name, "/task/");
  at = put_number(at, (unsigned long)pid);
  *put(at, "/children") = 0;
  int count = 0;
  if (read_proc(pid, name, text, sizeof text) <= 0) return 0;
  for (char *p = text; *p && count < MOST_KIDS;) {
    int kid = 0;
    while (*p >= '0' && *p <= '9') kid = kid * 10 + (*p++ - '0');
    if (kid > 0) kids[count++] = kid;
    while (*p && (*p < '0' || *p > '9')) p++;
  }
  return count;
}

static int catches_term(word pid) {
  char text[2048];
  if (read_proc(pid, "/status", text, sizeof text) <= 0) return 0;
  for (char *p = text; *p; p++) {
    const char *name = "SigCgt:";
    int i = 0;
    while (name[i] && p[i] == name[i]) i++;
    if (name[i]) continue;
    p += i;
    while (*p == ' ' || *p == '\t') p++;
    unsigned long mask = 0;
    for (; (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'); p++) mask = mask * 16 + (unsigned)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
    return (int)(mask >> (TERM - 1) & 1);
  }
  return 0;
}

/* Shells that wait to be asked until what they run has ended. */
#define MOST_SHELLS 8
static struct { word pid; int count, kids[MOST_KIDS]; } waiting[MOST_SHELLS];
static int waiting_count;

static void ask(word pid, int depth) {
  int kids[MOST_KIDS], count = depth < MOST_SHELLS && is_shell(pid) ? children(pid, kids) : 0;
  for (int i = 0; i < count; i++) ask(kids[i], depth + 1);
  if (count > 0 && !catches_term(pid) && waiting_count < MOST_SHELLS) {
    waiting[waiting_count].pid = pid;
    waiting[waiting_count].count = count;
    memcpy(waiting[waiting_count++].kids, kids, sizeof kids);
    return;
  }
  S2(KILL, pid, TERM);
}

static void ask_waiting(void) {
  for (int i = 0; i < waiting_count; i++) {
    int left = 0;
    for (int k = 0; k < waiting[i].count; k++) left += S2(KILL, waiting[i].kids[k], 0) == 0;
    if (left > 0) continue;
    S2(KILL, waiting[i].pid, TERM);
    waiting[i--] = waiting[--waiting_count];
  }
}

/* ---- the program ---- */

static const char *variable(char **env, const char *name) {
  size n = length(name);
  for (; *env; env++) {
    size i = 0;
    while (i < n && (*env)[i] == name[i]) i++;
    if (i == n && (*env)[n] == '=') return *env + n + 1;
  }
  return 0;
}

static word execute(const char *path, char **argv, char **env) {
  word error = S3(EXECVE, path, argv, env);
  if (error != -ENOEXEC) return error;
  /* A script without an interpreter line, as a shell would take it. The place of the name before it is free: it was our own. */
  argv[0] = (char *)path;
  argv[-1] = "sh";
  return S3(EXECVE, "/bin/sh", argv - 1, env);
}

static word search(char **argv, char **env) {
  const char *name = argv[0], *at = variable(env, "PATH");
  static char path[4096];
  for (const char *p = name; *p; p++) if (*p == '/') return execute(name, argv, env);
  if (at == 0) at = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  word found = -ENOENT;
  for (;;) {
    const char *end = at;
    while (*end && *end != ':') end++;
    size n = (size)(end - at);
    if (n + length(name) + 2 < sizeof path) {
      memcpy(path, at, n);
      char *to = path + n;
      if (n > 0) *to++ = '/';
      *put(to, name) = 0;
      word error = execute(path, argv, env);
      if (error == -EACCES) found = error;
      else if (error != -ENOENT && error != -ENOTDIR) return error;
    }
    if (!*end) return found;
    at = end + 1;
  }
}

static void become(char **argv, char **env, int out) {
  S0(SETSID);
  S3(DUP3, out, 1, 0);
  S3(DUP3, out, 2, 0);
  unsigned long none = 0;
  S4(SIGMASK, SETMASK, &none, 0, 8);
  const char *name = argv[0];
  word error = search(argv, env);
  int missing_program = error == -ENOENT || error == -ENOTDIR;
  char line[512], *at = put(line, "switchyard: cannot run ");
  size n = length(name);
  for (size i = 0; i < n && i < 300; i++) *at++ = name[i];
  at = put(at, missing_program ? ": not found\n" : error == -EACCES ? ": permission denied\n" : ": error ");
  if (!missing_program && error != -EACCES) *(at = put_number(at, (unsigned long)-error)) = '\n', at++;
  S3(WRITE, 2, line, at - line);
  S1(EXIT, missing_program ? 127 : 126);
}

static unsigned long now_ms(void) {
  struct timespec now = {0, 0};
  S2(CLOCK, 0, &now);
  return (unsigned long)now.sec * 1000 + (unsigned long)now.nsec / 1000000;
}

static word run(char **argv, char **env) {
  log_fd = (int)S4(OPENAT, AT_CWD, LOG, WRONLY | APPEND | CLOEXEC, 0);
  end_fd = (int)S4(OPENAT, AT_CWD, END, RDWR | CLOEXEC, 0);
  if (log_fd < 0 || end_fd < 0 || argv[0] == 0) return NOT_AGAIN;
  char first = ' ';
  S4(PREAD, end_fd, &first, 1, 0);
  if (first != ' ') return NOT_AGAIN;
  note("started");

  int ends[2];
  if (S2(PIPE2, ends, CLOEXEC) < 0) return NOT_AGAIN;
#define BIT(s) (1ul << ((s) - 1))
  unsigned long mask = BIT(HUP) | BIT(INT) | BIT(QUIT) | BIT(USR1) | BIT(USR2) | BIT(TERM) | BIT(CHLD) | BIT(CONT) | BIT(WINCH);
  S4(SIGMASK, SETMASK, &mask, 0, 8);
  int signals = (int)S4(SIGNALFD4, -1, &mask, 8, NONBLOCK | CLOEXEC);
  word child = sys(CLONE, CHLD, 0, 0, 0, 0, 0);
  if (child == 0) become(argv, env, ends[1]);
  if (child < 0) return NOT_AGAIN;
  S1(CLOSE, ends[1]);
  S3(FCNTL, ends[0], F_SETFL, NONBLOCK);

  int status = 0, running = 1, asked = 0, open = 1;
  while (running) {
    struct pollfd look[2] = {{signals, POLLIN, 0}, {open ? ends[0] : -1, POLLIN, 0}};
    struct timespec soon = {0, SHELL_LOOK_MS * 1000000};
    S5(PPOLL, look, 2, waiting_count > 0 ? &soon : 0, 0, 8);
    if (look[1].revents != 0 && pump(ends[0], sizeof buffer) == 0) open = 0;
    /* struct signalfd_siginfo: ssi_signo at 0, ssi_pid at 12, 128 bytes. */
    unsigned int info[32];
    while (S3(READ, signals, info, sizeof info) == (word)sizeof info) {
      word signal = (word)info[0];
      if (signal == CHLD) continue;
      /* A sender outside of the container has no number inside. */
      if (info[3] == 0 && (signal == TERM || signal == INT || signal == HUP || signal == QUIT)) asked = 1;
      if (signal == TERM) ask(child, 0);
      else S2(KILL, child, signal);
    }
    if (waiting_count > 0) ask_waiting();
    for (;;) {
      int ended = 0;
      word pid = S4(WAIT4, -1, &ended, WNOHANG, 0);
      if (pid <= 0) break;
      if (pid == child) status = ended, running = 0;
    }
  }
  /* What the program wrote is in the pipe by now; what others still write is not waited for. */
  unsigned long at = now_ms();
  int left = 0;
  if (open) S3(IOCTL, ends[0], FIONREAD, &left);
  while (left > 0) {
    word n = pump(ends[0], (size)left);
    if (n == -EINTR) continue;
    if (n <= 0) break;
    left -= (int)n;
  }
  if (missing_here > 0) tell_missing();
  int code = (status & 0x7f) == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f);
  char line[RECORD], *to = put(line, "ended code=");
  to = put_number(to, (unsigned long)code);
  to = put(to, asked ? " asked=1 missing=" : " asked=0 missing=");
  to = put_number(to, missing);
  to = put(to, " at=");
  *put_number(to, at) = 0;
  note(line);
  return code;
}

__attribute__((used)) void begin(word *stack) {
  word argc = stack[0];
  char **argv = (char **)(stack + 1);
  S1(EXIT, run(argv + 1, argv + argc + 1));
}
