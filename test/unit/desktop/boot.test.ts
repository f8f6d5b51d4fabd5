/** The first file of the desktop app, on the fake of electron: a fault while main.ts is evaluated is told. (Broken files: the packed app.) */
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import * as electron from '../../fakes/electron.ts';
import { temporaryDirectory } from '../../fakes/engine.ts';

const { fake } = electron;
vi.doMock('electron', () => electron);
let dir = '';

async function startProgram(): Promise<void> {
  vi.resetModules();
  vi.doMock('electron', () => electron);
  await import('../../../electron/boot.ts');
}

beforeEach(() => {
  fake.reset();
  dir = temporaryDirectory();
  vi.stubEnv('SWITCHYARD_HOME', dir);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    fs.rmSync(dir, { recursive: true, force: true });
  };
});

it('has loaded the application when Electron becomes ready, and says nothing where that works', async () => {
  fake.isFirstInstance = false;
  await startProgram();
  expect([fake.calls.at(-1), fake.errorBoxes, fake.exitCode]).toEqual(['quit', [], null]);
});

it('ends with a message, as soon as a message can be seen, where the data directory cannot be made', async () => {
  const file = path.join(dir, 'file');
  fs.writeFileSync(file, '');
  vi.stubEnv('SWITCHYARD_HOME', path.join(file, 'data'));
  await startProgram();
  expect(fake.errorBoxes).toEqual([]);
  fake.ready.resolve();
  await vi.waitFor(() => expect(fake.exitCode).toBe(1));
  expect(fake.errorBoxes).toHaveLength(1);
  expect(fake.errorBoxes[0]).toMatch(/^Switchyard cannot start: ENOTDIR.*mend its permissions.*trials go on\.$/s);
});

it('passes on the remedy of a fault that has one', async () => {
  vi.spyOn(fake.switches, 'has').mockImplementation(() => {
    throw new SwitchyardError('invalid_request', 'That directory is another program’s.', { remedy: 'Name another.' });
  });
  await startProgram();
  fake.ready.resolve();
  await vi.waitFor(() => expect(fake.exitCode).toBe(1));
  expect(fake.errorBoxes[0]).toContain('another program’s.\n\nName another.\n\nNothing queued');
});
