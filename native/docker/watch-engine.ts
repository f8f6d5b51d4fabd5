/**
 * Notices that the container engine went away or came back, and that a container of ours was paused or went on. While it answers, one
 * event stream stays open and nothing is polled: its end is the news. While it is away it is looked for after 1, 2, 5, 5... s, and after
 * a minute every 15 s: a few look-ups of socket files where there is no engine at all.
 */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ATTEMPT_LABEL, ENGINE_LABEL } from './container-options.ts';
import { QUICK_MS } from './connection.ts';
import type { EngineConnection } from './connection.ts';
import { textAt } from './find-engine.ts';

const EARLY_RETRIES_MS = [
  1_000, 2_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000,
] as const;
const RETRY_MS = 15_000;

export interface EngineListeners {
  /** The engine answers again, or stopped answering. */
  onChange(): void;
  /** The container of this attempt was paused or went on. */
  onFreeze(attemptId: string): void;
}

/** Runs until `stop`. */
export async function watchEngine(
  connection: EngineConnection,
  engineId: string,
  { onChange, onFreeze }: EngineListeners,
  stop: AbortSignal,
): Promise<void> {
  let failures = 0;
  let wasUp: boolean | null = null;
  const tell = (isUp: boolean): void => {
    if (wasUp !== null && wasUp !== isUp) onChange();
    wasUp = isUp;
  };
  while (!stop.aborted) {
    try {
      const events = (await connection.call(QUICK_MS, (engine) =>
        engine.getEvents({
          filters: {
            type: ['container'],
            event: ['die', 'pause', 'unpause'],
            label: [`${ENGINE_LABEL}=${engineId}`],
          },
        }),
      )) as Readable;
      tell(true);
      failures = 0;
      await untilEnd(events, onFreeze, stop);
      connection.lost();
    } catch {
      tell(false);
    }
    if (stop.aborted) return;
    await delay(EARLY_RETRIES_MS[failures] ?? RETRY_MS, undefined, { signal: stop, ref: false }).catch(() => undefined);
    failures++;
  }
}

async function untilEnd(stream: Readable, onFreeze: (attemptId: string) => void, stop: AbortSignal): Promise<void> {
  const close = (): void => void stream.destroy();
  stop.addEventListener('abort', close);
  stream.on('error', () => undefined);
  const read = readFreezes(onFreeze);
  stream.on('data', (chunk: Buffer) => {
    read(chunk.toString('utf8'));
  });
  try {
    if (stop.aborted) stream.destroy();
    if (!stream.closed) await once(stream, 'close');
  } finally {
    stop.removeEventListener('abort', close);
  }
}

/** @returns what takes the engine's events as they come: a line of JSON each, in pieces of any length */
export function readFreezes(onFreeze: (attemptId: string) => void): (text: string) => void {
  let pending = '';
  return (text) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const event = parseEvent(line);
      const attemptId = textAt(event, 'Actor', 'Attributes', ATTEMPT_LABEL);
      if (attemptId !== null && /^(?:un)?pause$/.test(textAt(event, 'Action') ?? '')) onFreeze(attemptId);
    }
  };
}

function parseEvent(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
