/**
 * Finished checkpoints of a trial, as they are on the disk. resources/python/switchyard.py writes into a directory whose
 * name begins with a dot and renames it when it is complete, so every other directory is a finished checkpoint, whoever made it.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { isOutOfReach } from './file-growth.ts';
import { openRegular } from './open-regular.ts';
import type { CheckpointReport } from '../reports/report-lines.ts';
import { isCheckpointName, parseReportLine } from '../reports/report-lines.ts';

/** What the helper puts into each checkpoint: the same fields as its report. */
const NOTE_FILE = '.switchyard.json';
const MAX_NOTE_BYTES = 1024 * 1024;

export interface FoundCheckpoint {
  /** Name of the directory. */
  readonly name: string;
  readonly path: string;
  readonly step: number | null;
  readonly savedAtMs: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** @returns the finished checkpoints below a directory, newest first; [] when there is no such directory (a link is none: it may lead anywhere) */
export async function listFinishedCheckpoints(checkpointDir: string): Promise<FoundCheckpoint[]> {
  let names: string[];
  try {
    // Synchronous: most trials save nothing, and a free slot waits for this look into an empty directory.
    if (!lstatSync(checkpointDir).isDirectory()) return [];
    names = readdirSync(checkpointDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isCheckpointName(entry.name))
      .map((entry) => entry.name);
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
  const found: FoundCheckpoint[] = [];
  for (const name of names) {
    const checkpoint = await look(checkpointDir, name);
    if (checkpoint !== null) found.push(checkpoint);
  }
  return found.toSorted(newestFirst);
}

/** @returns the one the next attempt should go on from, or null: for a trial that reported nothing before it was killed, too */
export async function pickLatestCheckpoint(checkpointDir: string): Promise<FoundCheckpoint | null> {
  return (await listFinishedCheckpoints(checkpointDir))[0] ?? null;
}

/** By step where there are steps, because clocks jump; by time otherwise. */
function newestFirst(a: FoundCheckpoint, b: FoundCheckpoint): number {
  const stepA = a.step ?? Number.NEGATIVE_INFINITY;
  const stepB = b.step ?? Number.NEGATIVE_INFINITY;
  if (stepA !== stepB) return stepA > stepB ? -1 : 1;
  return b.savedAtMs - a.savedAtMs || (a.name < b.name ? 1 : -1);
}

/** @returns null when it went away meanwhile */
async function look(checkpointDir: string, name: string): Promise<FoundCheckpoint | null> {
  const at = path.join(checkpointDir, name);
  try {
    const { mtimeMs } = await lstat(at);
    const note = await readNote(path.join(at, NOTE_FILE), name);
    return {
      name,
      path: at,
      step: note?.step ?? null,
      savedAtMs: note?.atMs ?? Math.round(mtimeMs),
      metrics: note?.metrics ?? {},
    };
  } catch (error) {
    if (isOutOfReach(error)) return null;
    throw error;
  }
}

async function readNote(file: string, name: string): Promise<CheckpointReport | null> {
  try {
    const handle = await openRegular(file);
    if (handle === null) return null;
    let text: string;
    try {
      if ((await handle.stat()).size > MAX_NOTE_BYTES) return null;
      text = await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return null;
    const record = parseReportLine(JSON.stringify({ ...parsed, t: 'checkpoint', path: name }));
    return record?.t === 'checkpoint' ? record : null;
  } catch {
    // No note, or not ours: the directory counts with its time alone.
    return null;
  }
}
