/**
 * Reads one attempt's log: the end first, then what comes; older parts when asked for.
 *
 * Modes: following (the stream is open and the head is let go when the window is full) and reading (the user has scrolled up:
 * new lines are counted; when the window is full the stream is closed and "jump to end" opens the end again).
 * Bytes from the stream are gathered and cut into lines a few times a second, just before a frame is drawn.
 */
import { api } from '../../../api/client.ts';
import { openEventStream, type EventStream } from '../../../api/event-stream.ts';
import { toApiError } from '../../../api/problem.ts';
import { LogBuffer } from './log-buffer.ts';

const OPEN_BYTES = 128 * 1024;
const MAX_PENDING = 2_000;
const OLDER_BYTES = 512 * 1024;
const LIMITS = { maxLines: 50_000, maxBytes: 32 * 1024 * 1024 };
const RETRY_MS = 1_500;
/** The screen shows new lines 25 times a second; more than that nobody reads. */
const FLUSH_MS = 40;

export interface LogView {
  readonly buffer: LogBuffer;
  /** Rises with every change; the component redraws on it. */
  readonly version: number;
  readonly state: 'opening' | 'live' | 'ended' | 'detached' | 'failed';
  readonly totalBytes: number;
  readonly error: string | null;
}

interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Base64 to bytes; the native decoder is ten times faster where it exists. */
function decodeBase64(text: string): Uint8Array {
  const native = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array };
  if (native.fromBase64 !== undefined) return native.fromBase64(text);
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

export class LogSession {
  private view: LogView = { buffer: new LogBuffer(LIMITS), version: 0, state: 'opening', totalBytes: 0, error: null };
  private readonly watchers = new Set<() => void>();
  private readonly trialId: number;
  private readonly attempt: number;
  private source: EventStream | null = null;
  private pending: (Chunk | { readonly from: number; readonly to: number })[] = [];
  private frame = 0;
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private flushedAtMs = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private abort = new AbortController();
  private loadingOlder = false;
  private following = true;

  constructor(trialId: number, attempt: number) {
    this.trialId = trialId;
    this.attempt = attempt;
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };
  readonly getView = (): LogView => this.view;

  private update(change: Partial<LogView>): void {
    this.view = { ...this.view, ...change, version: this.view.version + 1 };
    this.watchers.forEach((watcher) => watcher());
  }

  /** Opens the end of the log and follows it. */
  async openEnd(): Promise<void> {
    await this.openAt(-OPEN_BYTES, OPEN_BYTES, true);
  }

  /** Opens the part around a byte, for a search hit. @returns whether it could be read. */
  async openAround(offset: number): Promise<boolean> {
    if (this.view.buffer.indexAtOffset(offset) !== null) return true;
    await this.openAt(Math.max(0, offset - OPEN_BYTES / 2), OPEN_BYTES, false);
    return this.view.state !== 'failed';
  }

  private async openAt(offset: number, limit: number, follow: boolean): Promise<void> {
    this.stop();
    this.abort = new AbortController();
    const { signal } = this.abort;
    try {
      const piece = await api.readLog(this.trialId, this.attempt, offset, limit, signal);
      const buffer = new LogBuffer(LIMITS);
      // The first line is whole only at the very beginning of the file.
      const cut = piece.offset === 0 ? 0 : piece.bytes.indexOf(10) + 1;
      buffer.append(piece.offset + cut, piece.bytes.subarray(cut));
      const atEnd = piece.next >= piece.total;
      this.update({ buffer, totalBytes: piece.total, state: atEnd || follow ? 'live' : 'detached', error: null });
      if (atEnd || follow) this.followFrom(piece.next);
    } catch (error) {
      if (signal.aborted) return;
      const problem = toApiError(error);
      this.update({
        state: 'failed',
        error: problem.remedy === undefined ? problem.message : `${problem.message} ${problem.remedy}`,
      });
      if (problem.status === 0) this.retry = setTimeout(() => void this.openAt(offset, limit, follow), RETRY_MS);
    }
  }

  private followFrom(offset: number): void {
    const source = openEventStream(api.logFollowUrl(this.trialId, this.attempt, offset), {
      onEvent: (event, data) => {
        if (event === 'chunk') {
          const chunk = JSON.parse(data) as { offset: number; text: string };
          this.pending.push({ offset: chunk.offset, bytes: decodeBase64(chunk.text) });
          this.flushSoon();
        } else if (event === 'dropped') {
          this.pending.push(JSON.parse(data) as { from: number; to: number });
          this.flushSoon();
        } else if (event === 'end') {
          source.close();
          this.flush();
          this.update({ state: 'ended' });
        }
      },
      onLost: () => {
        // The engine is gone or refused; start again where the window ends.
        if (this.source !== source) return;
        this.source = null;
        this.flush();
        this.retry = setTimeout(() => this.followFrom(this.view.buffer.endOffset), RETRY_MS);
      },
    });
    this.source = source;
  }

  /** Tells whether the user is at the end: only then the head may be let go. */
  setFollowing(following: boolean): void {
    this.following = following;
  }

  private flushSoon(): void {
    // A frame that was asked for just before the window went into the background never comes.
    if (this.pending.length > MAX_PENDING) this.flush();
    this.flushTimer ??= setTimeout(
      () => {
        // A window in the background draws no frames, but its lines must not pile up.
        if (document.hidden) this.flush();
        else this.frame = requestAnimationFrame(() => this.flush());
      },
      Math.max(0, this.flushedAtMs + FLUSH_MS - performance.now()),
    );
  }

  private unschedule(): void {
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    cancelAnimationFrame(this.frame);
  }

  private flush(): void {
    this.unschedule();
    this.flushedAtMs = performance.now();
    if (this.pending.length === 0) return;
    const { buffer } = this.view;
    let total = this.view.totalBytes;
    let run: Chunk[] = [];
    const close = (): void => {
      if (run.length > 0) buffer.append(run[0]!.offset, concat(run));
      run = [];
    };
    for (const entry of this.pending) {
      if ('from' in entry) {
        close();
        buffer.appendGap(entry.from, entry.to);
        total = Math.max(total, entry.to);
      } else {
        run.push(entry);
        total = Math.max(total, entry.offset + entry.bytes.length);
      }
    }
    close();
    this.pending = [];
    if (this.following) buffer.trimHead();
    else if (buffer.isOver()) {
      this.source?.close();
      this.source = null;
      this.update({ state: 'detached', totalBytes: total });
      return;
    }
    this.update({ totalBytes: total });
  }

  /** Reads what stands before the window. */
  async loadOlder(): Promise<void> {
    const { buffer } = this.view;
    const end = buffer.startOffset;
    if (this.loadingOlder || end === 0 || this.view.state === 'opening') return;
    this.loadingOlder = true;
    try {
      const start = Math.max(0, end - OLDER_BYTES);
      const piece = await api.readLog(this.trialId, this.attempt, start, end - start, this.abort.signal);
      if (this.view.buffer !== buffer) return;
      const usable = piece.bytes.subarray(0, Math.max(0, end - piece.offset));
      const cut = piece.offset === 0 ? 0 : usable.indexOf(10) + 1;
      buffer.prepend(piece.offset + cut, usable.subarray(cut));
      buffer.trimTail();
      if (buffer.tailDetached && this.source !== null) {
        this.source.close();
        this.source = null;
        this.update({ state: 'detached' });
      } else this.update({});
    } catch {
      // The next scroll tries again.
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Reads on below a window that lost its tail; joins the stream again at the end of the file. */
  async loadNewer(): Promise<void> {
    const { buffer, state } = this.view;
    if (state !== 'detached' || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const piece = await api.readLog(this.trialId, this.attempt, buffer.endOffset, OLDER_BYTES, this.abort.signal);
      if (this.view.buffer !== buffer) return;
      buffer.append(piece.offset, piece.bytes);
      buffer.trimHead();
      const atEnd = piece.next >= piece.total;
      if (atEnd) buffer.tailDetached = false;
      this.update({ totalBytes: piece.total, state: atEnd ? 'live' : 'detached' });
      if (atEnd) this.followFrom(piece.next);
    } catch {
      // The next scroll tries again.
    } finally {
      this.loadingOlder = false;
    }
  }

  private stop(): void {
    this.abort.abort();
    clearTimeout(this.retry);
    this.unschedule();
    this.pending = [];
    this.source?.close();
    this.source = null;
  }

  close(): void {
    this.stop();
    this.watchers.clear();
  }
}

function concat(chunks: readonly Chunk[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!.bytes;
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.bytes, at);
    at += chunk.bytes.length;
  }
  return bytes;
}
