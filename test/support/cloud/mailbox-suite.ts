/** What every mailbox must do, whatever it lies on. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mailbox } from '../../../electron/ports/mailbox.ts';

export interface MailboxLab {
  readonly mailbox: Mailbox;
  /** Another of the same place, as after a restart. */
  readonly again: () => Mailbox;
  readonly close: () => Promise<void>;
  /** false: the server takes any signature, so what is not allowed cannot be shown on it. */
  readonly checksSignatures?: false;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array): string => new TextDecoder().decode(body);

export function describeMailbox(name: string, open: () => Promise<MailboxLab>): void {
  describe(`mailbox: ${name}`, () => {
    let lab: MailboxLab;
    let mailbox: Mailbox;
    let dir: string;
    beforeAll(async () => {
      dir = fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-mailbox-'));
      lab = await open();
      mailbox = lab.mailbox;
    });
    afterAll(async () => {
      await lab?.close();
      fs.rmSync(dir, { recursive: true, force: true });
    });

    it('keeps the first object of a key, and says so to the second', async () => {
      expect(await mailbox.put('a/one', bytes('first'))).toBe('stored');
      expect(await mailbox.put('a/one', bytes('second'))).toBe('exists');
      expect(text(await lab.again().read('a/one'))).toBe('first');
    });

    it('lets one of many win', async () => {
      const results = await Promise.all(
        Array.from({ length: 6 }, (_, index) => mailbox.put('a/race', bytes(`${index}`))),
      );
      expect(results.filter((one) => one === 'stored')).toHaveLength(1);
      expect(text(await mailbox.read('a/race'))).toBe(String(results.indexOf('stored')));
    });

    it('reads ranges, short ones at the end, and an empty object', async () => {
      await mailbox.put('r/ten', bytes('0123456789'));
      await mailbox.put('r/none', new Uint8Array());
      expect(text(await mailbox.read('r/ten', 3, 4))).toBe('3456');
      expect(text(await mailbox.read('r/ten', 8, 100))).toBe('89');
      expect(text(await mailbox.read('r/ten', 10, 5))).toBe('');
      expect(text(await mailbox.read('r/ten', 4))).toBe('456789');
      expect(text(await mailbox.read('r/ten', 2, 0))).toBe('');
      expect((await mailbox.read('r/none')).length).toBe(0);
      await expect(mailbox.read('r/missing')).rejects.toMatchObject({ code: 'not_found' });
      await expect(mailbox.read('r/missing', 0, 0)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('lists in the order of bytes, after a key, under a prefix', async () => {
      for (const key of ['l/b', 'l/B', 'l/a-1', 'l/a/2', 'l/_', 'm/other']) await mailbox.put(key, bytes(key));
      const { objects, more } = await mailbox.list('l/');
      expect(objects.map(({ key }) => key)).toEqual(['l/B', 'l/_', 'l/a-1', 'l/a/2', 'l/b']);
      expect(objects[0]).toEqual({ key: 'l/B', sizeBytes: 3 });
      expect(more).toBe(false);
      expect((await mailbox.list('l/', 'l/a-1')).objects.map(({ key }) => key)).toEqual(['l/a/2', 'l/b']);
      expect((await mailbox.list('nothing/')).objects).toEqual([]);
    });

    it('stores and fetches files, and goes on where a copy broke off', async () => {
      const source = path.join(dir, 'large');
      const content = randomBytes(17 * 1024 * 1024);
      fs.writeFileSync(source, content);
      const sent: number[] = [];
      expect(await mailbox.put('f/large', { file: source }, { onSent: (count) => sent.push(count) })).toBe('stored');
      expect(sent.at(-1)).toBe(content.length);
      expect(await mailbox.put('f/large', { file: source })).toBe('exists');
      const target = path.join(dir, 'copy');
      fs.writeFileSync(`${target}.part`, content.subarray(0, 5_000_001));
      await mailbox.fetch('f/large', target);
      expect(fs.readFileSync(target).equals(content)).toBe(true);
      expect(fs.existsSync(`${target}.part`)).toBe(false);
      await expect(mailbox.fetch('f/none', path.join(dir, 'none'))).rejects.toMatchObject({ code: 'not_found' });
      expect(fs.existsSync(path.join(dir, 'none'))).toBe(false);
    });

    it('removes what begins with a prefix, and nothing else', async () => {
      for (const key of ['d/1', 'd/x/2', 'd2/3']) await mailbox.put(key, bytes(key));
      await mailbox.remove('d/');
      await mailbox.remove('d/');
      expect((await mailbox.list('d')).objects.map(({ key }) => key)).toEqual(['d2/3']);
    });

    it.each(['../etc/passwd', 'a/../b', 'a//b', '/a', 'a/', 'a b', '', 'a\nb'])('refuses %j as a key', async (key) => {
      await expect(mailbox.put(key, bytes('x'))).rejects.toMatchObject({ code: 'refused' });
      await expect(mailbox.read(key)).rejects.toMatchObject({ code: 'refused' });
    });

    it('hands out requests that need no credentials, and no more than was wished', async ({ skip }) => {
      const { handOut: hand } = mailbox;
      if (hand === undefined) return skip('its agent reaches it by itself');
      const atMs = Date.now() - 5_000;
      await mailbox.put('h/spec', bytes('the spec'));
      const read = await hand({ read: 'h/spec' }, 60_000, atMs);
      expect(await hand({ read: 'h/spec' }, 60_000, atMs)).toEqual(read);
      expect(await (await fetch(read.url)).text()).toBe('the spec');
      const isStrict = lab.checksSignatures !== false;
      if (isStrict) expect((await fetch(read.url.replace('h/spec', 'a/one'))).status).toBe(403);

      const store = await hand({ storeUnder: 'h/t1/' }, 60_000, atMs);
      expect(await hand({ storeUnder: 'h/t1/' }, 60_000, atMs)).toEqual(store);
      const send = async (key: string, fields = store.fields): Promise<number> => {
        const form = new FormData();
        for (const [name, value] of Object.entries(fields)) form.append(name, value);
        form.append('key', key);
        form.append('file', new Blob([bytes(`of ${key}`) as never]), 'object');
        return (await fetch(store.url, { method: 'POST', body: form })).status;
      };
      expect(await send('h/t1/up/0001')).toBeLessThan(300);
      expect(text(await mailbox.read('h/t1/up/0001'))).toBe('of h/t1/up/0001');
      if (isStrict) expect(await send('h/t2/up/0001')).toBe(403);
      const late = await hand({ storeUnder: 'h/t1/' }, 60_000, atMs - 120_000);
      if (isStrict) expect(await send('h/t1/late', late.fields)).toBe(403);

      const list = await hand({ listUnder: 'h/t1/' }, 60_000, atMs);
      expect(await (await fetch(list.url)).text()).toContain('<Key>h/t1/up/0001</Key>');
    });
  });
}
