/** What comes home lands in the trial's own files, whatever the other side put in their place. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takeChunk } from '../../../electron/cloud/bring-home.ts';
import { openJournal } from '../../../electron/cloud/remote-journal.ts';

test('a stream is never written through a link that came home with its files', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-home-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
  const [own, reports] = [path.join(dir, 'own'), path.join(dir, 'reports.jsonl')];
  writeFileSync(own, 'mine');
  symlinkSync(own, reports);
  const gap = openJournal(dir).gapOf('rep');
  const stream = { file: reports, gap, mark: () => '' };
  await expect(takeChunk(stream, 0, () => Promise.resolve(Buffer.from('theirs')))).rejects.toThrow();
  expect(readFileSync(own, 'utf8')).toBe('mine');
});

test('bytes that never came are marked once, and the stream goes on behind the mark, also after a crash in between', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-home-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
  const stream = {
    file: path.join(dir, 'log'),
    gap: openJournal(dir).gapOf('log'),
    mark: (bytes: number) => `[${bytes} missing]`,
  };
  const sent = Buffer.from('0123456789abcdef');
  const take = (offset: number, length: number): Promise<number> =>
    takeChunk(stream, offset, (from) => Promise.resolve(sent.subarray(offset, offset + length).subarray(from)));
  await take(0, 4);
  expect(await take(8, 2)).toBe(4);
  expect(await take(8, 2)).toBe(0);
  await take(10, 1);
  expect(readFileSync(stream.file, 'utf8')).toBe('0123[4 missing]89a');
  // The engine dies in the middle of the mark.
  expect(await take(13, 2)).toBe(2);
  writeFileSync(stream.file, '0123[4 missing]89a[2 mi');
  expect(await take(13, 2)).toBe(0);
  await take(15, 1);
  expect(readFileSync(stream.file, 'utf8')).toBe('0123[4 missing]89a[2 missing]def');
});
