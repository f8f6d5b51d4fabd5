/** What every mailbox must do. Run on each of them by a test of its own kind. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MailboxError, type Mailbox } from '../../../electron/ports/mailbox.ts';

/** Above what any adapter sends in one piece, and no multiple of it. */
const LARGE_BYTES = 17 * 1024 * 1024 + 12_345;

/**
 * @param open a mailbox; tests write under keys of their own
 * @param goes how large files go: over a line, which may be cut, or as a copy on this machine
 */
export function mailboxConforms(open: () => Promise<Mailbox>, goes: 'in parts' | 'at once' = 'in parts'): void {
  let box: Mailbox;
  let dir: string;
  let top: string;
  beforeEach(async () => {
    box = await open();
    dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-mailbox-'));
    top = `t${randomBytes(6).toString('hex')}/`;
  });
  afterEach(async () => {
    await box.remove(top);
    await box.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const text = async (key: string, from?: number, length?: number | null): Promise<string> =>
    Buffer.from(await box.read(key, from, length)).toString('utf8');
  const keys = async (prefix: string, after?: string): Promise<string[]> =>
    (await box.list(prefix, after)).objects.map(({ key }) => key.slice(top.length));
  const bytes = (said: string): Uint8Array => Buffer.from(said, 'utf8');

  test('an object is stored once and never changes', async () => {
    expect(await box.put(`${top}a/spec.json`, bytes('first'))).toBe('stored');
    expect(await box.put(`${top}a/spec.json`, bytes('second'))).toBe('exists');
    expect(await text(`${top}a/spec.json`)).toBe('first');
    expect(await box.put(`${top}empty`, bytes(''))).toBe('stored');
    expect(await text(`${top}empty`)).toBe('');
  });

  test('of many who store one key at once, one does', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => box.put(`${top}race`, bytes(`writer ${index}`))),
    );
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
    expect(await text(`${top}race`)).toBe(`writer ${outcomes.indexOf('stored')}`);
  });

  test('ranges are read; fewer bytes come where the object ends before', async () => {
    await box.put(`${top}log`, bytes('0123456789'));
    expect(await text(`${top}log`, 3, 4)).toBe('3456');
    expect(await text(`${top}log`, 8, 100)).toBe('89');
    expect(await text(`${top}log`, 8)).toBe('89');
    expect(await text(`${top}log`, 10, 5)).toBe('');
  });

  test('what is not there is told', async () => {
    await expect(box.read(`${top}nothing`)).rejects.toMatchObject({ name: 'MailboxError', code: 'not_found' });
    const file = path.join(dir, 'nothing');
    await expect(box.fetch(`${top}nothing`, file)).rejects.toBeInstanceOf(MailboxError);
    expect(existsSync(file)).toBe(false);
    await box.remove(`${top}nothing`);
    expect(await keys(`${top}nothing`)).toEqual([]);
  });

  test('keys come in the order of their bytes, by prefix and after a key', async () => {
    const made = ['a-b', 'a.b', 'a/b', 'a/b/c-d', 'a/b0', 'aB', 'a0', 'b'].map((name) => `${name}/x`);
    for (const key of made.toReversed()) await box.put(top + key, bytes('x'));
    const sorted = made.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await keys(top)).toEqual(sorted);
    expect(await keys(`${top}a/b`)).toEqual(sorted.filter((key) => key.startsWith('a/b')));
    for (const [index, key] of sorted.entries()) expect(await keys(top, top + key)).toEqual(sorted.slice(index + 1));
    expect(await keys(top, `${top}a/`)).toEqual(sorted.filter((key) => key > 'a/'));
    expect((await box.list(`${top}b/`)).objects).toEqual([{ key: `${top}b/x`, sizeBytes: 1 }]);
  });

  test('more than a page is told, and nothing is left out', async () => {
    const made = Array.from({ length: 1005 }, (_, index) => `p/${String(index).padStart(8, '0')}`);
    for (let at = 0; at < made.length; at += 50)
      await Promise.all(made.slice(at, at + 50).map((key) => box.put(top + key, bytes('x'))));
    const first = await box.list(`${top}p/`);
    expect(first.more).toBe(true);
    expect(first.objects.length).toBeLessThanOrEqual(1000);
    const seen = first.objects.map(({ key }) => key);
    for (let more = first.more; more;) {
      const next = await box.list(`${top}p/`, seen.at(-1) ?? null);
      seen.push(...next.objects.map(({ key }) => key));
      more = next.more;
    }
    expect(seen.map((key) => key.slice(top.length))).toEqual(made);
  });

  test('what begins with a prefix is removed, and nothing else', async () => {
    for (const key of ['a1/x', 'a1/y/z', 'a10/x', 'a2/x']) await box.put(top + key, bytes('x'));
    await box.remove(`${top}a1/`);
    expect(await keys(top)).toEqual(['a10/x', 'a2/x']);
    await box.put(`${top}a1/x`, bytes('again'));
    expect(await text(`${top}a1/x`)).toBe('again');
  });

  test('a large file goes there and comes back as it was', async () => {
    const content = randomBytes(LARGE_BYTES);
    const file = path.join(dir, 'pack');
    writeFileSync(file, content);
    const sent: number[] = [];
    expect(await box.put(`${top}pack`, { file }, { onSent: (count) => sent.push(count) })).toBe('stored');
    expect(sent.at(-1)).toBe(LARGE_BYTES);
    expect(await box.put(`${top}pack`, { file })).toBe('exists');
    const back = path.join(dir, 'back');
    await box.fetch(`${top}pack`, back);
    expect(readFileSync(back).equals(content)).toBe(true);
    expect(existsSync(`${back}.part`)).toBe(false);
  });

  test('a copy that broke off goes on where it ended', async () => {
    const content = randomBytes(LARGE_BYTES);
    const file = path.join(dir, 'pack');
    writeFileSync(file, content);
    await box.put(`${top}pack`, { file });
    const back = path.join(dir, 'back');
    // What is there already is not fetched again: the mark in it stays.
    const begun = Buffer.from(content.subarray(0, 6 * 1024 * 1024 + 7));
    begun[5] = (begun[5] ?? 0) ^ 0xff;
    writeFileSync(`${back}.part`, begun);
    await box.fetch(`${top}pack`, back);
    const goesOn = Buffer.concat([begun, content.subarray(begun.length)]);
    expect(readFileSync(back).equals(goesOn)).toBe(true);
    const empty = path.join(dir, 'empty');
    writeFileSync(empty, '');
    expect(await box.put(`${top}empty-file`, { file: empty })).toBe('stored');
    await box.fetch(`${top}empty-file`, path.join(dir, 'empty-back'));
    expect(readFileSync(path.join(dir, 'empty-back'))).toHaveLength(0);
  });

  test.skipIf(goes === 'at once')('what was given up leaves no object', async () => {
    const file = path.join(dir, 'pack');
    writeFileSync(file, randomBytes(LARGE_BYTES));
    const stop = new AbortController();
    const put = box.put(
      `${top}pack`,
      { file },
      {
        signal: stop.signal,
        onSent: () => {
          stop.abort();
        },
      },
    );
    await expect(put).rejects.toThrow();
    expect(await keys(top)).toEqual([]);
    expect(await box.put(`${top}pack`, { file })).toBe('stored');
  });

  test.each(['../x', 'a/../../x', '/etc/x', 'a//b', 'a/./b', 'x y', '', 'a\\b', `${'k'.repeat(513)}`])(
    'no key: %j',
    async (key) => {
      await expect(box.put(key, bytes('x'))).rejects.toThrow();
      await expect(box.read(key)).rejects.toThrow();
    },
  );
}
