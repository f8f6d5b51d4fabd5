/** The `switchyard` command takes the built command line while it is up to date, and what the sources say when it is not. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const COMMAND = path.resolve(import.meta.dirname, '../../../electron/switchyard.cjs');

let root = '';
const at = (...parts: string[]): string => path.join(root, ...parts);

/** What ran: the built file, or the one that builds. */
function run(): string {
  const { stdout, stderr } = spawnSync(process.execPath, [at('electron', 'switchyard.cjs'), 'ls'], {
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: at('cache') },
  });
  return stdout + stderr;
}

function stamp(): void {
  const inputs = ['electron/cli.ts', 'electron/cli/ls.ts'].map((file) => {
    const { size, mtimeMs } = fs.statSync(at(file));
    return [file, size, mtimeMs];
  });
  fs.writeFileSync(at('out/cli/inputs.json'), JSON.stringify({ inputs }));
}

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-command-'));
  for (const dir of ['electron/cli', 'electron/start', 'out/cli']) fs.mkdirSync(at(dir), { recursive: true });
  fs.copyFileSync(COMMAND, at('electron/switchyard.cjs'));
  fs.writeFileSync(at('electron/launch.mjs'), "export const launch = () => process.stdout.write('sources');\n");
  fs.writeFileSync(at('electron/cli.ts'), '');
  fs.writeFileSync(at('electron/cli/ls.ts'), 'one');
  fs.writeFileSync(at('out/cli/cli.cjs'), "process.stdout.write('built');\n");
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

it('in a clone, as long as no source has changed', () => {
  expect(run()).toBe('sources');
  stamp();
  expect(run()).toBe('built');
  fs.writeFileSync(at('electron/cli/ls.ts'), 'two');
  fs.utimesSync(at('electron/cli/ls.ts'), 1, 1);
  expect(run()).toBe('sources');
  stamp();
  fs.rmSync(at('electron/cli/ls.ts'));
  expect(run()).toBe('sources');
});
it('in a package, which has no sources, always', () => {
  fs.rmSync(at('electron/cli.ts'));
  expect(run()).toBe('built');
});
