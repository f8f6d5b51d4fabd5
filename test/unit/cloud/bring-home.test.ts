/** What comes home lands in the trial's own files, whatever the other side put in their place. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takeChunk } from '../../../electron/cloud/bring-home.ts';

test('a stream is never written through a link that came home with its files', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-home-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
  const [own, reports] = [path.join(dir, 'own'), path.join(dir, 'reports.jsonl')];
  writeFileSync(own, 'mine');
  symlinkSync(own, reports);
  await expect(takeChunk(reports, 0, () => Promise.resolve(Buffer.from('theirs')))).rejects.toThrow();
  expect(readFileSync(own, 'utf8')).toBe('mine');
});
