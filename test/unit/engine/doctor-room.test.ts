import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { diagnose } from '../../../electron/engine/doctor.ts';

test('the doctor says what takes the room, with or without an engine', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-doctor-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  const trials = path.join(dir, 'trials');
  mkdirSync(path.join(trials, '1', 'checkpoints'), { recursive: true });
  writeFileSync(path.join(trials, '1', 'checkpoints', 'model'), Buffer.alloc(3 * 1024 * 1024, 1));
  const nothing = { diagnose: async () => [] };
  const checks = await diagnose(
    { docker: undefined, gpu: nothing, host: nothing, snapshots: nothing },
    { dir, trials },
  );
  expect(checks).toEqual([
    {
      id: 'room',
      title: 'Room taken',
      status: 'info',
      found: expect.stringMatching(/^Switchyard's own data takes 3 MiB: checkpoints 3 MiB\.$/),
      remedy: null,
    },
  ]);
});
