/** The mailbox in a directory of a machine that is reached over SSH. Large files go in parts, and go on where they were cut. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { MailboxError, type Mailbox } from '../../electron/ports/mailbox.ts';
import type { BoxAnswer, BoxLink } from './box-link.ts';
import { SshFault } from './ssh-fault.ts';

const PART_BYTES = 1024 * 1024;
/** So many parts are under way at once, so that a long line is filled. */
const IN_FLIGHT = 4;
/** Reading a large file once more on the other side takes its time. */
const COMMIT_TIMEOUT_MS = 30 * 60_000;

const Outcome = z.looseObject({ outcome: z.enum(['stored', 'exists']) });
const Begun = z.looseObject({ exists: z.boolean(), have: z.number().int().min(0) });
const Sized = z.looseObject({ size: z.number().int().min(0) });
/** What comes from there is no path of ours, whatever it says. */
const Key = z
  .string()
  .max(512)
  .regex(/^(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/);
const Listed = z.looseObject({
  objects: z.array(z.tuple([Key, z.number().int().min(0)])).max(1000),
  more: z.boolean(),
});

/** @param link opened for the place of one engine; it stays open when the mailbox is closed */
export function createSshMailbox(link: BoxLink): Mailbox {
  const ask = async (
    head: Parameters<BoxLink['request']>[0],
    body?: Uint8Array,
    options?: Parameters<BoxLink['request']>[2],
  ): Promise<BoxAnswer> => {
    try {
      return await link.request(head, body, options);
    } catch (error) {
      throw error instanceof SshFault ? new MailboxError(error.code, error.message, error.remedy, error) : error;
    }
  };

  async function putFile(
    key: string,
    file: string,
    options: { readonly signal?: AbortSignal; readonly onSent?: (bytes: number) => void },
  ): Promise<'stored' | 'exists'> {
    const { size } = await stat(file);
    const sha256 = await hashOf(file, options.signal);
    const begun = Begun.parse((await ask({ op: 'begin', key, sha256, size })).head);
    if (begun.exists) return 'exists';
    const handle = await open(file, 'r');
    const underWay: Promise<void>[] = [];
    try {
      options.onSent?.(begun.have);
      for (let offset = begun.have; offset < size; offset += PART_BYTES) {
        options.signal?.throwIfAborted();
        const part = await readExactly(handle, offset, Math.min(PART_BYTES, size - offset));
        const sent = ask({ op: 'chunk', sha256, offset }, part).then(() => options.onSent?.(offset + part.length));
        sent.catch(() => undefined);
        underWay.push(sent);
        if (underWay.length >= IN_FLIGHT) await underWay.shift();
      }
      while (underWay.length > 0) await underWay.shift();
      // A file of nothing still has to be there.
      if (size === 0) await ask({ op: 'chunk', sha256, offset: 0 });
    } finally {
      await handle.close();
    }
    const done = await ask({ op: 'commit', key, sha256 }, undefined, { timeoutMs: COMMIT_TIMEOUT_MS });
    return Outcome.parse(done.head).outcome;
  }

  async function readPart(key: string, from: number, length: number): Promise<{ body: Buffer; size: number }> {
    const { head, body } = await ask({ op: 'read', key, from, length });
    return { body, size: Sized.parse(head).size };
  }

  return {
    async put(key, body, options = {}) {
      if (!(body instanceof Uint8Array)) return putFile(key, body.file, options);
      const { head } = await ask(
        { op: 'put', key },
        body,
        options.signal === undefined ? {} : { signal: options.signal },
      );
      options.onSent?.(body.length);
      return Outcome.parse(head).outcome;
    },

    async read(key, from = 0, length = null) {
      const blocks: Buffer[] = [];
      let at = from;
      for (;;) {
        const left = length === null ? PART_BYTES : Math.min(PART_BYTES, from + length - at);
        const { body, size } = await readPart(key, at, Math.max(0, left));
        blocks.push(body);
        at += body.length;
        if (body.length === 0 || at >= size || (length !== null && at >= from + length)) break;
      }
      return blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks);
    },

    async fetch(key, file, signal) {
      const part = `${file}.part`;
      const { size } = await readPart(key, 0, 0);
      const handle = await open(part, 'a+');
      try {
        let have = (await handle.stat()).size;
        if (have > size) {
          await handle.truncate(0);
          have = 0;
        }
        const coming: Promise<Buffer>[] = [];
        const askFor = async (offset: number): Promise<Buffer> => {
          const length = Math.min(PART_BYTES, size - offset);
          const { body } = await readPart(key, offset, length);
          if (body.length !== length) throw new MailboxError('network', `${key} came in part.`);
          return body;
        };
        let asked = have;
        for (let at = have; at < size; at += PART_BYTES) {
          signal?.throwIfAborted();
          for (; asked < size && coming.length < IN_FLIGHT; asked += PART_BYTES) {
            const part = askFor(asked);
            part.catch(() => undefined);
            coming.push(part);
          }
          const body = await coming.shift();
          if (body !== undefined) await handle.appendFile(body);
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(part, file);
      await syncDir(path.dirname(file));
    },

    async list(prefix, after = null) {
      const { objects, more } = Listed.parse((await ask({ op: 'list', prefix, after })).head);
      return { objects: objects.map(([key, sizeBytes]) => ({ key, sizeBytes })), more };
    },

    async remove(prefix) {
      await ask({ op: 'remove', prefix });
    },

    close: () => Promise.resolve(),
  };
}

async function readExactly(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw new MailboxError('refused', 'A file got shorter while it was sent.');
    filled += bytesRead;
  }
  return buffer;
}

async function hashOf(file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of createReadStream(file, { highWaterMark: PART_BYTES, ...(signal ? { signal } : {}) }))
    hash.update(block as Buffer);
  return hash.digest('hex');
}

async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
