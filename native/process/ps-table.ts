/** The process table of macOS, which has no /proc: one run of ps per look. */
import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ProcessEntry, ProcessTable } from './process-table.ts';
import { ATTEMPT_VARIABLE, ENGINE_VARIABLE } from './trial-env.ts';
import { isWrapperName } from './process-traits.ts';

const run = promisify(execFile);
const COLUMNS = 'pid=,ppid=,pgid=,state=,lstart=,command=';
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Reads the output of `ps -axEww -o pid=,ppid=,pgid=,state=,lstart=,command=`; -E puts the environment behind the command. Pure. */
export function parsePs(output: string): readonly ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const line of output.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S)\S*\s+(\S+\s+\S+\s+\S+\s+\S+\s+\d{4})\s(.*)$/.exec(line);
    if (match === null) continue;
    const [, pid, parent, group, state, startTime, command] = match as unknown as readonly string[];
    if (state === 'Z') continue;
    entries.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number(group),
      state: state ?? '',
      startTime: (startTime ?? '').replace(/\s+/g, ' '),
      attemptId: mark(command ?? '', ATTEMPT_VARIABLE),
      engineId: mark(command ?? '', ENGINE_VARIABLE),
      mark: null,
    });
  }
  return entries;
}

function mark(command: string, name: string): string | null {
  return new RegExp(` ${name}=([a-z0-9-]+)(?: |$)`).exec(command)?.[1] ?? null;
}

function isShell(pid: number): boolean {
  try {
    const name = execFileSync('/bin/ps', ['-p', String(pid), '-o', 'comm='], { encoding: 'utf8' }).trim();
    return isWrapperName([path.basename(name)]);
  } catch {
    return false;
  }
}

export function createPsTable(): ProcessTable {
  const look = async (...which: readonly string[]): Promise<readonly ProcessEntry[]> => {
    const { stdout } = await run('/bin/ps', [...which, '-Eww', '-o', COLUMNS], {
      env: { LC_ALL: 'C', TZ: 'UTC' },
      maxBuffer: MAX_OUTPUT_BYTES,
    }).catch((error: unknown) => {
      // ps exits with 1 when no process matches.
      if (error instanceof Error && 'stdout' in error && error.stdout === '') return { stdout: '' };
      throw error;
    });
    return parsePs(stdout);
  };
  return {
    find: async (pid) => (await look('-p', String(pid)))[0] ?? null,
    scan: () => look('-ax'),
    scanSince: () => look('-ax'),
    // Neither traps nor pipes can be seen here: a shell counts as one that has a trap, as ours have.
    traits: (pid) => ({
      isWrapper: isShell(pid),
      handlesTerm: true,
      commandLine: '',
      readsPipe: null,
      writesPipes: [],
    }),
    oomKills: () => null,
  };
}
