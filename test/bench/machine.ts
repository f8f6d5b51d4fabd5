/** The facts of this machine without which a figure says nothing. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import Sqlite from 'better-sqlite3';

/** @param dir where the data directories of the benchmarks lie */
export function describeMachine(dir: string): string[] {
  const cpu = os.cpus()[0]?.model ?? 'unknown CPU';
  return [
    `${os.availableParallelism()} cores (${cpu.trim()}), ${Math.round(os.totalmem() / 2 ** 30)} GiB ` +
      `memory, load ${os.loadavg()[0]?.toFixed(2) ?? '?'} at the start`,
    `${os.type()} ${os.release()}, file system ${fileSystemOf(dir)}, Node ${process.versions.node}`,
    `SQLite ${sqliteVersion()}, journal_mode=WAL, synchronous=FULL; one commit with its fsync takes ${commitMs(dir).toFixed(2)} ms (median of 200)`,
  ];
}

function fileSystemOf(dir: string): string {
  try {
    return execFileSync('stat', ['-f', '-c', '%T', dir], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

function sqliteVersion(): string {
  const db = new Sqlite(':memory:');
  const { v } = db.prepare<[], { v: string }>('SELECT sqlite_version() AS v').get() ?? { v: '?' };
  db.close();
  return v;
}

/** What every acknowledged change costs on this disk at least. */
function commitMs(dir: string): number {
  const db = new Sqlite(`${dir}/commit-probe.db`);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE t (x TEXT)');
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const took: number[] = [];
  for (let i = 0; i < 200; i++) {
    const beganMs = performance.now();
    insert.run('x'.repeat(500));
    took.push(performance.now() - beganMs);
  }
  db.close();
  return took.toSorted((a, b) => a - b)[100] ?? Number.NaN;
}
