import { afterEach, expect, test } from 'vitest';
import type { DiskUse, FreedDisk } from '../../../electron/contract/disk.ts';
import { cli, startFakeEngine, type FakeEngine, type Routes } from './fake-engine.ts';

let engine: FakeEngine | null = null;
afterEach(() => engine?.close());
const run = async (routes: Routes, argv: readonly string[]): Promise<string> => {
  engine = await startFakeEngine(routes);
  const { exitCode, out, err } = await cli(engine.home, argv);
  return exitCode === 0 ? out : `${exitCode}: ${err}`;
};

const GIB = 1024 ** 3;
const OWN = { trialId: 3, name: 'gan', files: 2, bytes: GIB, examples: ['a.pt', 'b\u001b[31m'] };

test('"disk" says what takes the room, who, and what can be given back', async () => {
  const use: DiskUse = {
    measuredAtMs: 0,
    freeBytes: 4 * GIB,
    totalBytes: 100 * GIB,
    usedBytes: 80 * GIB,
    kinds: [
      { kind: 'work', bytes: 60 * GIB },
      { kind: 'checkpoints', bytes: 20 * GIB },
    ],
    endedWork: { trials: 12, bytes: 58 * GIB },
    ownWork: [OWN],
    largest: [
      {
        trialId: 3,
        name: 'gan',
        state: 'done',
        bytes: 9 * GIB,
        workBytes: GIB,
        checkpointBytes: 8 * GIB,
        outputBytes: 0,
        logBytes: 0,
      },
    ],
  };
  const out = await run({ 'GET /disk': { json: use } }, ['disk']);
  expect(out).toContain('Data of Switchyard: 80 GiB; 4 GiB of 100 GiB are free.');
  expect(out).toMatch(/working copies +60 GiB/);
  expect(out).toMatch(/3 +gan +done +9 GiB +1 GiB +8 GiB/);
  expect(out).toContain('Working copies of 12 ended trials: 58 GiB');
  expect(out).toContain('#3 gan: 2 files, 1 GiB (a.pt, b');
  expect(out).not.toContain('\u001b');
});

test('"disk --free work" says what went and what was kept; nothing else can be freed', async () => {
  const freed: FreedDisk = { freedBytes: 5 * GIB, freedTrials: 7, kept: [OWN], keptTrials: 1, unreadable: [] };
  const out = await run({ 'POST /disk/free': { json: freed } }, ['disk', '--free', 'work']);
  expect(engine?.seen).toMatchObject([{ path: '/disk/free', body: { what: 'work' } }]);
  expect(out).toContain('Gave back 5 GiB: the working copies of 7 trials. A retry makes them anew.');
  expect(out).toContain('Kept, because they hold files of their own');
  expect(await run({}, ['disk', '--free', 'checkpoints'])).toMatch(/^2: .*--free does not know "checkpoints"/);
});
