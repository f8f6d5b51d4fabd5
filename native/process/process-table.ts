/**
 * The machine's processes: who is alive, who belongs to which attempt. Linux reads /proc, macOS runs ps (ps-table.ts).
 * A process belongs to an attempt if it carries its id in the environment, is in its process group or session, carries its mark
 * (attempt-mark.ts) or descends from one that does: children that left the group with setsid are found by the first, those that
 * overwrote their environment (setproctitle does) by the others, those that did both by the mark.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { parseStat } from './supervisor.ts';
import type { ProcessStat } from './supervisor.ts';
import { markOf, readMark } from './attempt-mark.ts';
import { ATTEMPT_VARIABLE, ENGINE_VARIABLE } from './trial-env.ts';
import { handlesTerm, isWrapperName } from './process-traits.ts';
import type { ProcessTraits } from './process-traits.ts';

export interface ProcessEntry extends ProcessStat {
  readonly attemptId: string | null;
  readonly engineId: string | null;
  /** What remains where the environment was cleared (attempt-mark.ts). */
  readonly mark: string | null;
}

export interface ProcessTable {
  /** @returns null when the process is gone, also when it is a zombie nobody has collected */
  find(pid: number): Promise<ProcessStat | null>;
  /** All living processes. */
  scan(): Promise<readonly ProcessEntry[]>;
  /** A superset of the living processes started after `pid` was; much cheaper than scan() when those are few. */
  scanSince(pid: number): Promise<readonly ProcessEntry[]>;
  /** What decides whether a process is asked to end. */
  traits(pid: number): ProcessTraits;
  /** How many processes the kernel's out-of-memory killer has ended since boot; null when unknown. */
  oomKills(): number | null;
}

/** A supervisor, identified beyond the reuse of its pid. */
export interface SupervisorId {
  readonly pid: number;
  readonly startTime: string;
}

/** @returns what belongs to the attempt; the supervisor may be dead, its group counts as long as nobody else has its pid */
export function membersOf(
  entries: readonly ProcessEntry[],
  attemptId: string,
  supervisor: SupervisorId | null,
): readonly ProcessEntry[] {
  const holder = entries.find((entry) => entry.pid === supervisor?.pid);
  const group =
    supervisor === null || (holder !== undefined && holder.startTime !== supervisor.startTime) ? null : supervisor.pid;
  const members = new Map<number, ProcessEntry>();
  const mark = markOf(attemptId);
  for (const entry of entries) {
    const inGroup = group !== null && (entry.group === group || entry.session === group);
    if (entry.attemptId === attemptId || (entry.attemptId === null && (inGroup || entry.mark === mark)))
      members.set(entry.pid, entry);
  }
  for (let grew = true; grew;) {
    grew = false;
    for (const entry of entries) {
      if (entry.attemptId === null && !members.has(entry.pid) && members.has(entry.parent)) {
        members.set(entry.pid, entry);
        grew = true;
      }
    }
  }
  return [...members.values()];
}

/** Above this many pids a look at each of them costs more than listing /proc. */
const MAX_PIDS_TO_TRY = 256;
/** A process this young may not have called exec yet, so that its environment is still its parent's. */
const SETTLED_AGE_S = 5;
/** Kernel clock ticks per second in /proc (USER_HZ), 100 on every platform Node runs on. */
const TICKS_PER_S = 100;

interface Marks {
  readonly attemptId: string | null;
  readonly engineId: string | null;
  readonly mark: string | null;
}
const NO_MARKS: Marks = { attemptId: null, engineId: null, mark: null };

/** @returns the attempt and engine named in a process environment: "NAME=value" separated by NUL. Pure. */
export function readMarks(environ: string): Pick<Marks, 'attemptId' | 'engineId'> {
  return { attemptId: valueOf(environ, ATTEMPT_VARIABLE), engineId: valueOf(environ, ENGINE_VARIABLE) };
}

function valueOf(environ: string, name: string): string | null {
  const at = environ.startsWith(`${name}=`) ? 0 : environ.indexOf(`\0${name}=`) + 1;
  if (at === 0 && !environ.startsWith(`${name}=`)) return null;
  const start = at + name.length + 1;
  const end = environ.indexOf('\0', start);
  return environ.slice(start, end === -1 ? undefined : end);
}

/** Files in /proc are answered by the kernel from memory, so they are read synchronously: 20 µs instead of 200. */
export function createLinuxTable(): ProcessTable {
  /** Marks of settled processes, by pid and start time: an environment does not change after exec. */
  let known = new Map<string, Marks>();

  function readEntry(pid: number, uptimeS: number, keep: Map<string, Marks>): ProcessEntry | null {
    const stat = readStat(pid);
    if (stat === null || stat.state === 'Z') return null;
    const key = `${pid}:${stat.startTime}`;
    let marks = known.get(key);
    // A process in state D may hold the lock that reading its environment waits for: never hang on it.
    if (marks === undefined && stat.state !== 'D') {
      marks = readEnviron(pid);
      if (uptimeS - Number(stat.startTime) / TICKS_PER_S < SETTLED_AGE_S) return { ...stat, ...marks };
    }
    if (marks === undefined) return { ...stat, ...NO_MARKS };
    keep.set(key, marks);
    return { ...stat, ...marks };
  }

  return {
    find: (pid) => {
      const stat = readStat(pid);
      return Promise.resolve(stat === null || stat.state === 'Z' ? null : stat);
    },
    scan: () => {
      const uptimeS = readUptimeS();
      const seen = new Map<string, Marks>();
      const entries: ProcessEntry[] = [];
      for (const name of readdirSync('/proc')) {
        const pid = Number(name);
        if (!Number.isInteger(pid)) continue;
        const entry = readEntry(pid, uptimeS, seen);
        if (entry !== null) entries.push(entry);
      }
      known = seen;
      return Promise.resolve(entries);
    },
    scanSince(pid) {
      // Pids are given out in sequence and loadavg ends with the latest one, so later processes are in (pid, latest].
      const latest = Number(readFileSync('/proc/loadavg', 'utf8').trim().split(' ').at(-1));
      if (!(latest >= pid && latest - pid <= MAX_PIDS_TO_TRY)) return this.scan();
      const uptimeS = readUptimeS();
      const entries: ProcessEntry[] = [];
      for (let next = pid + 1; next <= latest; next++) {
        const entry = readEntry(next, uptimeS, known);
        if (entry !== null) entries.push(entry);
      }
      return Promise.resolve(entries);
    },
    traits: readTraits,
    oomKills: () => {
      const count = /^oom_kill (\d+)$/m.exec(readText('/proc/vmstat') ?? '')?.[1];
      return count === undefined ? null : Number(count);
    },
  };
}

function readStat(pid: number): ProcessStat | null {
  const text = readText(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

function readEnviron(pid: number): Marks {
  const text = readText(`/proc/${pid}/environ`);
  const named = text === null || text === '' ? NO_MARKS : readMarks(text);
  return { ...named, mark: named.attemptId === null ? readMark(readText(`/proc/${pid}/limits`) ?? '') : null };
}

function readTraits(pid: number): ProcessTraits {
  const names = [path.basename(readLink(`/proc/${pid}/exe`) ?? ''), (readText(`/proc/${pid}/comm`) ?? '').trim()];
  const pipeOf = (descriptor: number): string | null => {
    const target = readLink(`/proc/${pid}/fd/${descriptor}`);
    return target !== null && target.startsWith('pipe:') ? target : null;
  };
  return {
    isWrapper: isWrapperName(names),
    commandLine: readText(`/proc/${pid}/cmdline`) ?? '',
    handlesTerm: handlesTerm(readText(`/proc/${pid}/status`) ?? ''),
    readsPipe: pipeOf(0),
    writesPipes: [pipeOf(1), pipeOf(2)].filter((pipe) => pipe !== null),
  };
}

function readLink(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}

function readUptimeS(): number {
  return Number((readText('/proc/uptime') ?? '0').split(' ')[0]);
}

/** @returns null when the process ended meanwhile or belongs to another user */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
