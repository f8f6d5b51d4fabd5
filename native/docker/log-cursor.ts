/**
 * How far a container's output is in the log file, so that after any interruption it goes on exactly once: no byte lost, none
 * twice. Pure.
 *
 * The engine can be asked for the frames whose time stamp is not before T. Frames come in the same order every time, but not
 * strictly by time: stdout and stderr are stamped by two writers. So a position is a pair (T, n): n frames with a stamp not
 * before T are in the file already, and after a reconnect the first n frames are skipped. Any T is exact as long as n was
 * counted from the first of them on. T follows the newest frame at a distance, so that little is read again; it is dropped (read
 * from the start, skip all) when the clock jumps back behind it, because then frames to come would be filtered away.
 */
import { z } from 'zod';

const Cursor = z.object({
  version: z.literal(1),
  /** Length of the log file up to the last whole frame. */
  bytes: z.number().int().min(0),
  /** Frames in the file since the container started. */
  frames: z.number().int().min(0),
  since: z.object({ stamp: z.string(), frames: z.number().int().min(0) }).nullable(),
  newest: z.string(),
});
export type LogCursor = z.infer<typeof Cursor>;

/** T is at least this far behind the newest frame; far more than two writers can be apart. */
const LAG_MS = 2_000;

export function firstCursor(bytes: number): LogCursor {
  return { version: 1, bytes, frames: 0, since: null, newest: '' };
}

/** @returns null when the text is no cursor of this version */
export function parseCursor(text: string): LogCursor | null {
  try {
    return Cursor.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export interface CursorKeeper {
  /** Counts a frame that is about to be written. */
  count(stamp: string): void;
  /** @returns the position after everything counted, with `bytes` in the file; moves T on when it is due */
  cursor(bytes: number): LogCursor;
}

export function createCursorKeeper(from: LogCursor): CursorKeeper {
  let { frames, since, newest } = from;
  /** The next T: a frame that was the newest when it came, and the frames since. */
  let next: { stamp: string; frames: number } | null = null;
  return {
    count(stamp) {
      frames++;
      if (since !== null) since = stamp < since.stamp ? null : { stamp: since.stamp, frames: since.frames + 1 };
      if (next !== null) {
        if (stamp < next.stamp) next = null;
        else next.frames++;
      }
      if (stamp <= newest) return;
      newest = stamp;
      // Everything before is older than this frame, so the count begins here.
      next ??= { stamp, frames: 1 };
    },
    cursor(bytes) {
      if (next !== null && Date.parse(newest) - Date.parse(next.stamp) >= LAG_MS) {
        since = next;
        next = null;
      }
      return { version: 1, bytes, frames, since: since === null ? null : { ...since }, newest };
    },
  };
}

export interface FrameSkipper {
  /** @returns true when the frame is in the file already */
  skips(stamp: string): boolean;
}

/** Skips what a re-opened stream repeats. A frame newer than all counted ones ends it early: then the engine dropped old output. */
export function createFrameSkipper(from: LogCursor): FrameSkipper {
  let left = from.since === null ? from.frames : from.since.frames;
  return {
    skips(stamp) {
      if (left === 0) return false;
      if (stamp > from.newest) {
        left = 0;
        return false;
      }
      left--;
      return true;
    },
  };
}
