/**
 * What the remote runtime knows of an attempt, in its private directory; every engine after this one reads the same.
 *
 *   remote.json   the intent: where it goes and what was sent; durable before anything is made there
 *   absent        given up before it could begin: it never starts any more
 *   cursor.json   how far the stream of the agent was taken in; may be lost
 *   gap-*.json    bytes of a stream that never came, and what stands in their place
 *   exit.json     how it ended, once everything of it is at home
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { PoolTarget } from '../contract/targets.ts';
import type { MachineRequest } from '../ports/provider.ts';
import type { ExitInfo } from '../ports/trial-runtime.ts';
import { Beat, PLACE_NAMES, type PlaceName } from './agent-protocol.ts';

const Choice = z.object({ region: z.string(), machineType: z.string(), spot: z.boolean() });
const Wish = z.object({
  image: z.string().nullable(),
  diskGiB: z.number(),
  maxPricePerHourUsd: z.number().nullable(),
});

const Intent = z.object({
  poolId: z.string(),
  target: PoolTarget,
  request: z.object({
    attemptId: z.string(),
    engineId: z.string(),
    choice: Choice,
    machine: Wish.nullable(),
    requestedAtMs: z.number(),
    deadlineMs: z.number().nullable(),
    prefix: z.string(),
    specSha256: z.string(),
    reads: z.array(z.string()),
  }) satisfies z.ZodType<MachineRequest>,
  /** Its directories here. */
  dirs: z.object(Object.fromEntries(PLACE_NAMES.map((name) => [name, z.string()])) as Record<PlaceName, z.ZodString>),
  /** What the provider calls the machine; null = it was not asked for one yet, or did not answer. */
  ref: z.string().nullable(),
});
export type Intent = z.infer<typeof Intent>;

const Cursor = z.object({ seq: z.number().int(), beat: Beat.nullable() });
export type Cursor = z.infer<typeof Cursor>;

const Exit = z.object({
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  oomKilled: z.boolean(),
  lost: z.boolean(),
  endedAtMs: z.number(),
  message: z.string().nullable(),
  remedy: z.string().optional(),
});

const Gap = z.object({
  /** By how much the stream is ahead of the file, all gaps together. */
  aheadBytes: z.number().int(),
  /** What stands in the file in place of the newest gap, and where. */
  mark: z.string(),
  markAtBytes: z.number().int(),
});
export type Gap = z.infer<typeof Gap>;

export interface GapNote {
  read(): Promise<Gap | null>;
  keep(gap: Gap): Promise<void>;
}

export interface Journal {
  /** @returns null where nothing was ever asked for */
  intent(): Promise<Intent | null>;
  keepIntent(intent: Intent): Promise<void>;
  isAbsent(): Promise<boolean>;
  markAbsent(): Promise<void>;
  cursor(): Promise<Cursor>;
  keepCursor(cursor: Cursor): Promise<void>;
  gapOf(stream: 'log' | 'rep'): GapNote;
  exit(): Promise<ExitInfo | null>;
  keepExit(exit: ExitInfo): Promise<void>;
}

export function openJournal(stateDir: string): Journal {
  const file = (name: string): string => path.join(stateDir, name);
  const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T | null> => {
    const text = await readFile(file(name), 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    });
    return text === null ? null : schema.parse(JSON.parse(text));
  };
  const write = async (name: string, value: unknown, isDurable: boolean): Promise<void> => {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const handle = await open(file(`${name}.draft`), 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify(value));
      if (isDurable) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(file(`${name}.draft`), file(name));
  };
  return {
    intent: () => read('remote.json', Intent),
    keepIntent: (intent) => write('remote.json', intent, true),
    isAbsent: async () => (await read('absent', z.literal(true))) !== null,
    markAbsent: () => write('absent', true, true),
    cursor: async () => (await read('cursor.json', Cursor).catch(() => null)) ?? { seq: 0, beat: null },
    keepCursor: (cursor) => write('cursor.json', cursor, false),
    gapOf: (stream) => ({
      read: () => read(`gap-${stream}.json`, Gap),
      keep: (gap) => write(`gap-${stream}.json`, gap, true),
    }),
    exit: async () => {
      const exit = await read('exit.json', Exit);
      if (exit === null) return null;
      const { remedy, ...rest } = exit;
      return remedy === undefined ? rest : { ...rest, remedy };
    },
    keepExit: (exit) => write('exit.json', exit, true),
  };
}
