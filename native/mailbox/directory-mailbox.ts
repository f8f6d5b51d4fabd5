/**
 * A mailbox in a directory of this machine. An object appears by a link to a file that is complete and on the disk, so it is there whole
 * or not at all, and the first one of a key stays.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { MailboxError, type Mailbox, type MailboxObject } from '../../electron/ports/mailbox.ts';

const MAX_KEY = 512;
const PAGE = 1_000;
const COPY_BYTES = 1024 * 1024;
/** How files on their way in begin, as the agent's do. */
const DRAFT = '.put-';

/** @param root made when the first object comes */
export function createDirectoryMailbox(root: string): Mailbox {
  const place = (key: string): string => path.join(root, requireKey(key));
  return {
    async put(key, body, options) {
      const target = place(key);
      return translated(async () => {
        await mkdir(root, { recursive: true, mode: 0o700 });
        const draft = path.join(root, `${DRAFT}${randomBytes(8).toString('hex')}`);
        try {
          if (body instanceof Uint8Array) {
            const file = await open(draft, 'wx', 0o600);
            try {
              await file.writeFile(body);
            } finally {
              await file.close();
            }
          } else await copyOn(body.file, draft, options);
          options?.signal?.throwIfAborted();
          await flush(draft);
          await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
          await link(draft, target);
          await flush(path.dirname(target));
          if (body instanceof Uint8Array) options?.onSent?.(body.length);
          return 'stored' as const;
        } catch (error) {
          if (codeOf(error) === 'EEXIST') return 'exists' as const;
          throw error;
        } finally {
          await rm(draft, { force: true });
        }
      });
    },
    async read(key, from = 0, length = null) {
      return translated(async () => {
        const file = await open(place(key), 'r');
        try {
          const { size } = await file.stat();
          const wanted = Math.max(0, Math.min(size - from, length ?? size));
          const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, from);
          return buffer.subarray(0, bytesRead);
        } finally {
          await file.close();
        }
      });
    },
    async fetch(key, file, signal) {
      await translated(async () => {
        signal?.throwIfAborted();
        await copyOn(place(key), `${file}.part`, signal === undefined ? {} : { signal });
        await rename(`${file}.part`, file);
      });
    },
    async list(prefix, after = null) {
      return translated(async () => {
        const found: MailboxObject[] = [];
        await collect(root, '', prefix, after, found);
        return { objects: found.slice(0, PAGE), more: found.length > PAGE };
      });
    },
    async remove(prefix) {
      await translated(async () => {
        for (;;) {
          const found: MailboxObject[] = [];
          await collect(root, '', prefix, null, found);
          if (found.length === 0) break;
          for (const { key } of found) await unlink(path.join(root, key));
        }
        if (prefix.endsWith('/'))
          await rm(path.join(root, requireKey(prefix.slice(0, -1))), { recursive: true, force: true });
      });
    },
    close: () => Promise.resolve(),
  };
}

/** Keys in the order of their bytes, up to one more than a page. */
async function collect(
  root: string,
  below: string,
  prefix: string,
  after: string | null,
  found: MailboxObject[],
): Promise<void> {
  const entries = await readdir(path.join(root, below), { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const named = entries
    .filter(({ name }) => below !== '' || !name.startsWith(DRAFT))
    // A directory's keys go on with a slash, which sorts before digits and letters and after "-" and ".".
    .map((entry) => ({ entry, key: `${below}${entry.name}${entry.isDirectory() ? '/' : ''}` }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  for (const { entry, key } of named) {
    if (found.length > PAGE) return;
    if (entry.isDirectory()) {
      const mayHold = key.startsWith(prefix) || prefix.startsWith(key);
      const isPast = after !== null && after > key && !after.startsWith(key);
      if (mayHold && !isPast) await collect(root, key, prefix, after, found);
    } else if (entry.isFile() && key.startsWith(prefix) && (after === null || key > after)) {
      const size = await stat(path.join(root, key)).then(
        (facts) => facts.size,
        () => null,
      );
      if (size !== null) found.push({ key, sizeBytes: size });
    }
  }
}

function requireKey(key: string): string {
  const parts = key.split('/');
  if (key.length <= MAX_KEY && parts.every((part) => /^[A-Za-z0-9._-]+$/.test(part) && part !== '.' && part !== '..'))
    return key;
  throw new MailboxError('refused', `"${key.slice(0, 100)}" is no key of a mailbox.`);
}

/** Goes on where the target ends, in pieces that can be given up between. */
async function copyOn(
  source: string,
  target: string,
  options: { readonly signal?: AbortSignal; readonly onSent?: (bytes: number) => void } = {},
): Promise<void> {
  const from = await open(source, 'r');
  try {
    const to = await open(target, 'a', 0o600);
    try {
      const { size: whole } = await from.stat();
      let { size: at } = await to.stat();
      if (at > whole) {
        await to.truncate(0);
        at = 0;
      }
      const block = Buffer.alloc(COPY_BYTES);
      while (at < whole) {
        options.signal?.throwIfAborted();
        const { bytesRead } = await from.read(block, 0, COPY_BYTES, at);
        if (bytesRead === 0) break;
        await to.writeFile(block.subarray(0, bytesRead));
        at += bytesRead;
        options.onSent?.(at);
      }
      options.signal?.throwIfAborted();
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function flush(target: string): Promise<void> {
  const file = await open(target, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MailboxError) throw error;
    const code = codeOf(error);
    if (code === 'ENOENT') throw new MailboxError('not_found', 'There is no such object.', null, error);
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new MailboxError('full', 'There is no space left where the mailbox is.', 'Free some space there.', error);
    if (code === 'EACCES' || code === 'EPERM')
      throw new MailboxError(
        'auth',
        'The directory of the mailbox may not be written to.',
        'Look at who owns it.',
        error,
      );
    throw error;
  }
}
