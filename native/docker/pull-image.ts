/** Fetches an image, telling how far it is. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { sayBytes } from '../../electron/text/say.ts';
import { textAt } from './find-engine.ts';

/** A screen needs no more than this. */
const REPORT_MS = 250;

/**
 * @param onActivity "pulling its image python:3.13 (43 % of 1.2 GiB)"
 * @throws what the engine says, or an AbortError
 */
export async function pullImage(
  engine: Dockerode,
  name: string,
  auth: Readonly<Record<string, string>> | null,
  onActivity: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  onActivity(`pulling its image ${name}`);
  const stream = (await engine.pull(name, {
    abortSignal: signal,
    ...(auth === null ? {} : { authconfig: auth }),
  })) as Readable;
  const abort = (): void => void stream.destroy(new DOMException('aborted', 'AbortError'));
  signal.addEventListener('abort', abort);
  const progress = createPullProgress(name);
  let lastReport = 0;
  let pending = '';
  try {
    if (signal.aborted) throw new DOMException('aborted', 'AbortError');
    for await (const chunk of stream) {
      const lines = (pending + String(chunk)).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) progress.read(line);
      if (performance.now() - lastReport < REPORT_MS) continue;
      lastReport = performance.now();
      onActivity(progress.text());
    }
    progress.read(pending);
  } finally {
    signal.removeEventListener('abort', abort);
    if (!stream.destroyed) {
      stream.destroy();
      await once(stream, 'close').catch(() => undefined);
    }
  }
}

export interface PullProgress {
  /** One line of the engine's progress: JSON with id, status, progressDetail {current, total}, or error. @throws the error in it */
  read(line: string): void;
  text(): string;
}

/** Sums the layers. The total grows while the engine learns of layers, so the percentage is of what is known. */
export function createPullProgress(name: string): PullProgress {
  const layers = new Map<string, { current: number; total: number }>();
  let unpacking = false;
  return {
    read(line) {
      if (line.trim() === '') return;
      let entry: unknown;
      try {
        entry = JSON.parse(line);
      } catch {
        return;
      }
      const failure = textAt(entry, 'error');
      if (failure !== null) throw new Error(failure);
      const id = textAt(entry, 'id');
      const status = textAt(entry, 'status');
      if (id === null || status === null) return;
      const { current, total } =
        (entry as { progressDetail?: { current?: unknown; total?: unknown } }).progressDetail ?? {};
      const layer = layers.get(id);
      if (status === 'Downloading' && typeof current === 'number' && typeof total === 'number' && total > 0)
        layers.set(id, { current, total });
      else if ((status === 'Download complete' || status === 'Pull complete') && layer !== undefined)
        layer.current = layer.total;
      unpacking = status === 'Extracting';
    },
    text() {
      let current = 0;
      let total = 0;
      for (const layer of layers.values()) {
        current += layer.current;
        total += layer.total;
      }
      if (total === 0) return `pulling its image ${name}`;
      if (unpacking && current === total) return `unpacking its image ${name}`;
      return `pulling its image ${name} (${Math.floor((100 * current) / total)} % of ${sayBytes(total)})`;
    },
  };
}
