/**
 * Reads new versions from where the user said: a directory, or a server. In electron-updater's place for HTTP, which reads no
 * directory, waits for a silent server for ever and takes answers of any length.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { UpdatePlace } from '../contract/update-place.ts';

/** The place could not be read: nobody there, not found, silent. Its message reads on after "could not be read: ". */
export class PlaceUnreadable extends Error {}
/** What came is not what was promised. */
export class FileRefused extends Error {}

export type Fetch = (url: string, init: { signal: AbortSignal; cache: 'no-store' }) => Promise<Response>;

export interface UpdateSourceOptions {
  readonly place: Exclude<UpdatePlace, { kind: 'off' }>;
  readonly fetch: Fetch;
  readonly onProgress: (bytes: number) => void;
  /** A place that says nothing for so long is given up. */
  readonly patienceMs?: number;
}

/** As electron-updater asks for a file. */
interface RequestParts {
  readonly protocol?: string | null;
  readonly hostname?: string | null;
  readonly port?: string | number | null;
  readonly path?: string | null;
}

export interface UpdateSource {
  /** @returns a small text file. @throws PlaceUnreadable */
  request(parts: RequestParts): Promise<string>;
  /**
   * @param expected SHA-512 of the file, base64
   * @throws PlaceUnreadable, or FileRefused when the contents are others; what was written then is the caller's to remove
   */
  download(url: URL, destination: string, expected: { readonly sha512?: string }): Promise<string>;
  /** Gives up what goes on. */
  stop(): void;
}

const PATIENCE_MS = 30_000;
const TEXT_BYTES = 1024 * 1024;
const FILE_BYTES = 4 * 1024 * 1024 * 1024;

export function createUpdateSource(options: UpdateSourceOptions): UpdateSource {
  const { place, patienceMs = PATIENCE_MS } = options;
  const stopped = new AbortController();

  async function openFile(url: URL, signal: AbortSignal): Promise<Readable> {
    if (place.kind !== 'directory' || url.protocol !== 'file:')
      throw new PlaceUnreadable(`it names ${url.href}, which is elsewhere`);
    const file = path.resolve(fileURLToPath(url));
    if (path.dirname(file) !== path.resolve(place.path))
      throw new PlaceUnreadable(`it names ${file}, which is elsewhere`);
    const stats = await fs.promises.stat(file);
    // A pipe, for one, would be waited for.
    if (!stats.isFile()) throw new PlaceUnreadable(`${file} is no file`);
    return fs.createReadStream(file, { signal });
  }

  async function openAnswer(url: URL, signal: AbortSignal): Promise<Readable> {
    if (place.kind !== 'server' || !/^https?:$/.test(url.protocol))
      throw new PlaceUnreadable(`it names ${url.href}, which is elsewhere`);
    const answer = await options.fetch(url.href, { signal, cache: 'no-store' });
    if (!answer.ok) throw new PlaceUnreadable(`the server answers ${answer.status} for ${url.pathname}`);
    return answer.body === null
      ? Readable.from([])
      : Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
  }

  /** Hands every part on, as long as there is one now and then. */
  async function read(
    url: URL,
    maxBytes: number,
    sink: NodeJS.WritableStream,
    onPart: (part: Buffer) => void,
  ): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), patienceMs);
    let bytes = 0;
    const meter = new Transform({
      transform(part: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), patienceMs);
        bytes += part.length;
        if (bytes > maxBytes) done(new FileRefused(`${url.pathname} does not end`));
        else {
          onPart(part);
          done(null, part);
        }
      },
    });
    const signal = AbortSignal.any([silence.signal, stopped.signal]);
    // A directory on a server that is gone does not even say no.
    const isGivenUp = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')), { once: true });
    });
    isGivenUp.catch(() => undefined);
    try {
      const opened = url.protocol === 'file:' ? openFile(url, signal) : openAnswer(url, signal);
      opened.catch(() => undefined);
      const stream = await Promise.race([opened, isGivenUp]);
      await Promise.race([pipeline(stream, meter, sink, { signal }), isGivenUp]);
    } catch (error) {
      if (silence.signal.aborted)
        throw new PlaceUnreadable(`it says nothing for ${Math.ceil(patienceMs / 1000)} s`, { cause: error });
      if (stopped.signal.aborted) throw new PlaceUnreadable('it was given up', { cause: error });
      if (error instanceof PlaceUnreadable || error instanceof FileRefused || isOfDisk(error)) throw error;
      throw new PlaceUnreadable(reasonOf(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async request({ protocol, hostname, port, path: pathname }) {
      const url = new URL(
        `${protocol ?? 'https:'}//${hostname ?? ''}${port == null ? '' : `:${port}`}${pathname ?? ''}`,
      );
      const parts: Buffer[] = [];
      await read(url, TEXT_BYTES, new Transform({ transform: (_part, _encoding, done) => done() }).resume(), (part) =>
        parts.push(part),
      );
      return Buffer.concat(parts).toString('utf8');
    },
    async download(url, destination, { sha512 }) {
      if (sha512 === undefined || sha512 === '') throw new FileRefused('it comes without a checksum (sha512)');
      const hash = createHash('sha512');
      let bytes = 0;
      await read(url, FILE_BYTES, fs.createWriteStream(destination), (part) => {
        hash.update(part);
        bytes += part.length;
        options.onProgress(bytes);
      });
      if (hash.digest('base64') !== sha512)
        throw new FileRefused('its contents do not have the checksum that was promised (sha512)');
      return destination;
    },
    stop: () => stopped.abort(),
  };
}

/** Of the file that is written, not of the place that is read. */
function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'write';
}

/** Chromium says net::ERR_CONNECTION_REFUSED, Node "fetch failed" with the reason as its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
