/** The log file of one attempt and its cursor file. After kill -9 the file may be ahead of the cursor: it is cut back to it. */
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from './engine-error.ts';
import { createCursorKeeper, createFrameSkipper, firstCursor, parseCursor } from './log-cursor.ts';
import type { LogCursor } from './log-cursor.ts';
import { createFrameReader } from './log-frames.ts';

export const CURSOR_FILE = 'log-cursor.json';
/** Between two writes of the cursor, which is what a crash makes us read again. */
const CURSOR_MS = 200;

export interface LogSink {
  /** Where a stream must begin, and that it begins: frames the file has are skipped. */
  begin(): LogCursor;
  /** Appends what a chunk of the engine's log stream carries. Never rejects for a full disk: see `full`. */
  write(chunk: Buffer): Promise<void>;
  /** Saves the position. */
  save(): Promise<void>;
  /** The disk is full: output from here on is dropped. */
  full(): boolean;
  close(): Promise<void>;
}

/** Notes before the start of a container that its output begins at the present end of the log. */
export async function prepareLog(logPath: string, stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  if ((await readCursor(stateDir)) !== null) return;
  await mkdir(path.dirname(logPath), { recursive: true, mode: 0o700 });
  const file = await open(logPath, 'a', 0o600);
  try {
    await writeCursor(stateDir, firstCursor((await file.stat()).size));
  } finally {
    await file.close();
  }
}

export async function openLogSink(logPath: string, stateDir: string): Promise<LogSink> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await mkdir(path.dirname(logPath), { recursive: true, mode: 0o700 });
  const file = await open(logPath, 'a', 0o600);
  let position = await cutBack(file, (await readCursor(stateDir)) ?? firstCursor(0));
  let keeper = createCursorKeeper(position);
  let skipper = createFrameSkipper(position);
  let reader = createFrameReader();
  let bytes = position.bytes;
  let isFull = false;
  let savedFrames = position.frames;
  let frames = position.frames;
  let savedAtMs = 0;

  async function append(data: Buffer): Promise<void> {
    for (let at = 0; at < data.length && !isFull;) {
      try {
        const { bytesWritten } = await file.write(data, at);
        at += bytesWritten;
        bytes += bytesWritten;
      } catch (error) {
        if (!['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].includes(codeOf(error))) throw error;
        isFull = true;
      }
    }
  }

  const sink: LogSink = {
    begin() {
      position = keeper.cursor(bytes);
      keeper = createCursorKeeper(position);
      skipper = createFrameSkipper(position);
      reader = createFrameReader();
      return position;
    },
    async write(chunk) {
      const fresh: Buffer[] = [];
      reader.push(chunk, (stamp, payload) => {
        if (skipper.skips(stamp)) return;
        keeper.count(stamp);
        frames++;
        fresh.push(payload);
      });
      if (fresh.length > 0) await append(fresh.length === 1 ? (fresh[0] ?? Buffer.alloc(0)) : Buffer.concat(fresh));
      if (performance.now() - savedAtMs >= CURSOR_MS) await sink.save();
    },
    async save() {
      savedAtMs = performance.now();
      if (frames === savedFrames) return;
      savedFrames = frames;
      await writeCursor(stateDir, keeper.cursor(bytes)).catch(() => undefined);
    },
    full: () => isFull,
    async close() {
      await sink.save();
      await file.close();
    },
  };
  return sink;
}

/** @returns where to go on: at the cursor, or at the start when the file lost bytes the cursor knew of (a power cut) */
async function cutBack(file: FileHandle, cursor: LogCursor): Promise<LogCursor> {
  const { size } = await file.stat();
  if (size < cursor.bytes) {
    await file.truncate(0);
    return firstCursor(0);
  }
  if (size > cursor.bytes) await file.truncate(cursor.bytes);
  return cursor;
}

async function readCursor(stateDir: string): Promise<LogCursor | null> {
  return readFile(path.join(stateDir, CURSOR_FILE), 'utf8').then(parseCursor, () => null);
}

async function writeCursor(stateDir: string, cursor: LogCursor): Promise<void> {
  const draft = path.join(stateDir, `${CURSOR_FILE}.tmp`);
  await writeFile(draft, JSON.stringify(cursor), { mode: 0o600 });
  await rename(draft, path.join(stateDir, CURSOR_FILE));
}
