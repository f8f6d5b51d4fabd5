/**
 * The supervisor: what stands between the engine and the program, so that an exit code outlives the engine. On Linux it is a copy of the
 * starter (resources/process/starter.c); elsewhere, and where the starter cannot run, a few lines of POSIX sh. Both do the same, but only
 * the first takes in processes that leave the group, and can tell that none is left.
 *
 * It is started detached (own session and process group; stdin /dev/null, stdout and stderr appended to the log).
 * It leaves two traces in the attempt's state directory, both made by one atomic creation and both without a fork:
 *
 *   claim      created with O_EXCL before anything else. Who creates it owns the attempt for ever: a supervisor, which writes
 *              "<boot id> <own line of /proc/<pid>/stat>", or an engine in recovery, which writes "absent", so that a
 *              supervisor that comes late ends without running anything.
 *   exit-<n>   an empty file whose name carries the exit code (it needs no data block, so a full disk does not lose it);
 *              its modification time is the time of the end.
 *
 * The program must be given as a path with a slash: a bare name could be a builtin of the shell.
 */

export const CLAIM_FILE = 'claim';
export const ABSENT_CLAIM = 'absent\n';

/** Exit status of a supervisor that did not get the claim and therefore ran nothing. */
const NO_CLAIM_STATUS = 125;

/**
 * Arguments: state directory, boot id, mark of the attempt (attempt-mark.ts), program, its arguments.
 * Descriptor 3 hears "claimed" once the program is about to start.
 *
 * TERM, INT, HUP and PIPE are handled with an empty action, not ignored: ignored signals would stay ignored in the program.
 * The shell's own remarks ("Terminated") go to /dev/null, the program keeps the log through descriptor 4; it is given it in a shell of its
 * own, which becomes the program, because some shells redirect themselves meanwhile.
 * The last command kills what the program left behind in its group, and the supervisor with it.
 */
export const SUPERVISOR_SCRIPT = `
trap : TERM INT HUP PIPE
exec 4>&2 2>/dev/null
d=$1 b=$2
ulimit -w $3 || ulimit -x $3
shift 3
read -r s <"/proc/$$/stat" || s="$$ () S $(TZ=UTC LC_ALL=C ps -o lstart= -p $$)"
set -C
echo "$b $s" >"$d/${CLAIM_FILE}" || exit ${NO_CLAIM_STATUS}
set +C
echo claimed >&3
exec 3>&-
(exec "$@" 2>&4 4>&-)
: >"$d/exit-$?"
kill -9 0
`;

/** Who owns the attempt: a supervisor, or an engine that gave it up. */
export type Claim =
  | { readonly kind: 'supervisor'; readonly pid: number; readonly bootId: string; readonly startTime: string }
  | { readonly kind: 'absent' };

/**
 * @param text content of the claim file
 * @returns null while its one line is not complete (just created, or the disk was full)
 */
export function parseClaim(text: string): Claim | null {
  if (!text.endsWith('\n')) return null;
  if (text === ABSENT_CLAIM) return { kind: 'absent' };
  const space = text.indexOf(' ');
  const stat = parseStat(text.slice(space + 1).trimEnd());
  if (space < 1 || stat === null) return null;
  return { kind: 'supervisor', pid: stat.pid, bootId: text.slice(0, space), startTime: stat.startTime };
}

/** The exit code in a file name of the state directory, or null if it is another file. */
export function exitCodeOfName(name: string): number | null {
  const match = /^exit-(\d{1,3})$/.exec(name);
  return match === null ? null : Number(match[1]);
}

export interface ProcessStat {
  readonly pid: number;
  /** One letter: R, S, D, T (stopped), Z (zombie) and so on. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Together with pid and boot id this names a process for ever. Clock ticks since boot on Linux, a date on macOS. */
  readonly startTime: string;
}

/**
 * Reads one line of /proc/<pid>/stat (proc_pid_stat(5)): "pid (name) state ppid pgrp session ... starttime(22nd) ...". The name
 * may contain spaces and parentheses. On macOS the supervisor writes "pid () S <lstart>" in the same place.
 */
export function parseStat(line: string): ProcessStat | null {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open < 1 || close < open) return null;
  const pid = Number(line.slice(0, open).trim());
  const rest = line.slice(close + 2).split(' ');
  const state = rest[0];
  if (!Number.isInteger(pid) || pid < 1 || state === undefined || state === '') return null;
  const ticks = rest[19];
  if (ticks === undefined) {
    return {
      pid,
      state,
      parent: 0,
      group: pid,
      session: pid,
      startTime: rest.slice(1).join(' ').replace(/\s+/g, ' ').trim(),
    };
  }
  return { pid, state, parent: Number(rest[1]), group: Number(rest[2]), session: Number(rest[3]), startTime: ticks };
}
