/** Engines to measure: each a process of its own on a directory of its own, ended and removed at the end of a benchmark. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { dataPaths } from '../../electron/ports/data-dir.ts';
import type { SubmitBodyInput } from '../../electron/contract/config.ts';
import {
  removeDirectory,
  startEngineProcess,
  type EngineProcess,
  type EngineProcessOptions,
} from '../support/engine-process.ts';

const BENCH_DIR_PREFIX = 'switchyard-bench-';
const POOL = 'workstation';

/** @returns a new empty private directory below the system's temporary one */
export function makeDirectory(topic: string): string {
  return mkdtempSync(path.join(os.tmpdir(), `${BENCH_DIR_PREFIX}${topic}-`));
}

export interface Yard {
  readonly engine: EngineProcess;
  readonly dataDir: string;
  /** Reads the engine's database beside it; WAL lets a reader look without holding anybody up. */
  query<Row>(sql: string, ...values: readonly (string | number)[]): Row[];
}

/**
 * Starts an engine, lets `work` use it, ends it and removes its directory.
 * @param options dataDir: one that is prepared already (removed as well); default: a new one
 */
export async function withYard<T>(
  topic: string,
  options: Partial<EngineProcessOptions>,
  work: (yard: Yard) => Promise<T>,
): Promise<T> {
  const dataDir = options.dataDir ?? makeDirectory(topic);
  mkdirSync(dataDir, { recursive: true });
  try {
    const engine = await startEngineProcess({ ...options, dataDir });
    try {
      return await work({
        engine,
        dataDir,
        query: <Row>(sql: string, ...values: readonly (string | number)[]) => queryOnce(dataDir, sql, values) as Row[],
      });
    } finally {
      if (engine.isAlive) await engine.stop();
      await engine.dispose();
    }
  } finally {
    removeDirectory(dataDir);
  }
}

function queryOnce(dataDir: string, sql: string, values: readonly (string | number)[]): unknown[] {
  const db = new Sqlite(dataPaths(dataDir, process.platform, os.tmpdir()).database, { readonly: true });
  try {
    return db.prepare(sql).all(...values);
  } finally {
    db.close();
  }
}

/** A trial of the process runtime that asks for no GPU. */
export function trialOf(entrypoint: string | readonly string[], more: Record<string, unknown> = {}): SubmitBodyInput {
  return {
    config: { entrypoint, runtime: 'process', resources: { slots: 0 }, max_restarts: 0, ...more },
    source: { kind: 'none' },
  };
}

/** How many trials without a GPU run at once. */
export async function setSlots({ engine }: Yard, maxCpuTrials: number): Promise<void> {
  await engine.api.call('PATCH', `/pools/${POOL}`, { settings: { maxCpuTrials } });
}

export async function actOnPool({ engine }: Yard, action: 'pause' | 'resume'): Promise<void> {
  await engine.api.call('POST', `/pools/${POOL}/actions`, { action });
}
