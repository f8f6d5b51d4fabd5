/** What freezing a directory costs in time and room, beside git itself on the same files. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Snapshots } from '../../electron/ports/snapshots.ts';
import { findGit } from '../../native/git/find-git.ts';
import { openSnapshots } from '../../native/snapshots/open-snapshots.ts';
import { removeDirectory } from '../support/engine-process.ts';
import { median, ms, timeEach } from './measure.ts';
import { skipped, type BenchResult } from './report.ts';
import { makeDirectory } from './yard.ts';

const FILES = 10_000;
const UNCHANGED_ROUNDS = 21;
const FIRST_ROUNDS = 3;
const MOST_UNCHANGED_MS = 100;
const MOST_FIRST_MS = 1_000;
const PROJECT_MIB = 50;
const SUBMITS = 100;
const MOST_MIB = 60;
const MIB = 1024 * 1024;
/** Files younger than this are read again whatever their stamp says: the measurement is of those that are not. */
const SETTLED_MS = 3_000;

export async function benchSnapshot(): Promise<BenchResult[]> {
  const { problem } = await findGit();
  if (problem !== null) return [skipped('a snapshot of 10,000 files', `under ${MOST_UNCHANGED_MS} ms`, problem)];
  return [...(await measureTime()), await measureRoom()];
}

async function measureTime(): Promise<BenchResult[]> {
  const dir = makeDirectory('snapshot');
  try {
    const project = path.join(dir, 'project');
    for (let folder = 0; folder < 100; folder++) {
      mkdirSync(path.join(project, `d${folder}`), { recursive: true });
      for (let file = 0; file < FILES / 100; file++)
        writeFileSync(path.join(project, `d${folder}`, `f${file}.py`), `x = ${folder} * ${file}\n`.repeat(50));
    }
    await pause(SETTLED_MS);
    const first: number[] = [];
    const firstOfGit: number[] = [];
    for (let round = 0; round < FIRST_ROUNDS; round++) {
      const snapshots = openIn(path.join(dir, `data-${round}`));
      first.push(...(await timeEach(1, () => take(snapshots, project))));
      await snapshots.close();
      const git = gitIn(path.join(dir, `git-${round}`), project);
      firstOfGit.push(...(await timeEach(1, git.add)));
    }
    const snapshots = openIn(path.join(dir, 'data-0'));
    const git = gitIn(path.join(dir, 'git-0'), project);
    await take(snapshots, project);
    const unchanged: number[] = [];
    const unchangedOfGit: number[] = [];
    // In turns, so that what else the machine does hits both alike.
    for (let round = 0; round < UNCHANGED_ROUNDS; round++) {
      unchanged.push(...(await timeEach(1, () => take(snapshots, project))));
      unchangedOfGit.push(...(await timeEach(1, git.add)));
    }
    await snapshots.close();
    return [
      {
        promise: 'a snapshot of 10,000 files, unchanged since the last',
        figure: `${ms(median(unchanged))} p50`,
        target: `under ${MOST_UNCHANGED_MS} ms`,
        pass: median(unchanged) < MOST_UNCHANGED_MS,
        peer: `git add -A: ${ms(median(unchangedOfGit))} p50`,
      },
      {
        promise: 'a snapshot of 10,000 files, the first one (on the disk when it is acknowledged)',
        figure: `${ms(median(first))} p50`,
        target: `under ${MOST_FIRST_MS} ms`,
        pass: median(first) < MOST_FIRST_MS,
        peer: `git add -A: ${ms(median(firstOfGit))} p50 (not flushed)`,
      },
    ];
  } finally {
    removeDirectory(dir);
  }
}

async function measureRoom(): Promise<BenchResult> {
  const dir = makeDirectory('snapshot-room');
  try {
    const project = path.join(dir, 'project');
    mkdirSync(project);
    const files = 500;
    let bytes = 0;
    for (let file = 0; file < files; file++) {
      const text = makeText(file, (PROJECT_MIB * MIB) / files);
      bytes += text.length;
      writeFileSync(path.join(project, `f${file}.py`), text);
    }
    const snapshots = openIn(path.join(dir, 'data'));
    for (let submit = 0; submit < SUBMITS; submit++) {
      appendFileSync(path.join(project, `f${submit % 7}.py`), `lr = ${submit}\n`);
      await take(snapshots, project);
    }
    await snapshots.close();
    const mib = bytesBelow(path.join(dir, 'data')) / MIB;
    return {
      promise: `${SUBMITS} submits of ${Math.round(bytes / MIB)} MiB that differ in a line`,
      figure: `${mib.toFixed(1)} MiB in all`,
      target: `under ${MOST_MIB} MiB`,
      pass: mib < MOST_MIB,
    };
  } finally {
    removeDirectory(dir);
  }
}

const openIn = (dataDir: string): Snapshots =>
  openSnapshots({ snapshotsDir: path.join(dataDir, 'snapshots'), dataDir });

async function take(snapshots: Snapshots, sourceDir: string): Promise<void> {
  (await snapshots.take({ sourceDir, limitBytes: 1024 * MIB })).release();
}

function gitIn(dir: string, workTree: string): { readonly add: () => void } {
  const env = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  const run = (...args: string[]): void => {
    execFileSync('git', [`--git-dir=${dir}`, ...args], { cwd: workTree, env, stdio: 'ignore' });
  };
  mkdirSync(dir, { recursive: true });
  execFileSync('git', ['init', '-q', '--bare', dir], { env });
  return {
    add: () => {
      run(`--work-tree=${workTree}`, 'add', '-A');
    },
  };
}

/** Compresses about as well as code does. */
function makeText(seed: number, bytes: number): string {
  let state = seed * 2_654_435_761 + 1;
  let text = '';
  while (text.length < bytes) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += `    value_${state % 1000} = compute(${state}, scale=${(state % 97) / 10})\n`;
  }
  return text;
}

function bytesBelow(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .map((entry) => statSync(path.join(entry.parentPath, entry.name)).blocks * 512)
    .reduce((sum, bytes) => sum + bytes, 0);
}
