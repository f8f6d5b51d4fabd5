/** What a form is offered: environments without running anything, and the directories that a path may become. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFormPlaces } from '../../../../native/host/form-places.ts';
import {
  parseBinVersion,
  parseCondaVersion,
  parsePyvenvVersion,
} from '../../../../native/host/parse-python-version.ts';
import type { FormPlaces } from '../../../../electron/ports/form-places.ts';

let home = '';
let places: FormPlaces;
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'switchyard-form-'));
  places = createFormPlaces({ home, env: { PATH: '/usr/bin' }, condaRoots: [] });
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function write(file: string, text = ''): void {
  mkdirSync(path.dirname(path.join(home, file)), { recursive: true });
  writeFileSync(path.join(home, file), text);
}
function makePython(at: string): void {
  write(`${at}/bin/python`);
  chmodSync(path.join(home, at, 'bin', 'python'), 0o755);
}

describe('environments', () => {
  it("are the directory's own first, then those of conda, each once and with its version", async () => {
    write('project/.venv/pyvenv.cfg', 'home = /usr/bin\nversion = 3.12.3\n');
    makePython('project/.venv');
    write('project/venv/pyvenv.cfg', 'version_info = 3.10.1.final.0\n');
    makePython('project/venv');
    write('miniconda3/conda-meta/python-3.11.5-h955ad1f_0.json');
    makePython('miniconda3');
    write('miniconda3/envs/torch/conda-meta/python-3.9.18-h955ad1f_0.json');
    makePython('miniconda3/envs/torch');
    write('.conda/environments.txt', `${path.join(home, 'miniconda3/envs/torch')}\n${path.join(home, 'gone')}\n`);
    expect(await places.environments(path.join(home, 'project'))).toEqual([
      {
        kind: 'venv',
        name: '.venv',
        path: path.join(home, 'project/.venv'),
        pythonVersion: '3.12.3',
        isOfDirectory: true,
        variables: {
          VIRTUAL_ENV: path.join(home, 'project/.venv'),
          PATH: `${path.join(home, 'project/.venv/bin')}:/usr/bin`,
        },
      },
      expect.objectContaining({ name: 'venv', pythonVersion: '3.10.1' }),
      expect.objectContaining({ kind: 'conda', name: 'base', pythonVersion: '3.11.5', isOfDirectory: false }),
      expect.objectContaining({
        name: 'torch',
        pythonVersion: '3.9.18',
        variables: expect.objectContaining({ CONDA_DEFAULT_ENV: 'torch' }) as unknown,
      }),
    ]);
    expect((await places.environments(null)).map(({ name }) => name)).toEqual(['base', 'torch']);
  });

  it('are not what has no Python, and a pipe in their place holds nothing up', async () => {
    write('project/venv/pyvenv.cfg', 'version = 3.12.3');
    mkdirSync(path.join(home, 'project/.venv'), { recursive: true });
    execFileSync('mkfifo', [path.join(home, 'project/.venv/pyvenv.cfg')]);
    makePython('project/.venv');
    write('project/env/pyvenv.cfg', 'version = 3.12.3');
    makePython('project/env');
    expect((await places.environments(path.join(home, 'project'))).map(({ name }) => name)).toEqual(['env']);
    expect(await places.environments('/no/such/directory')).toEqual([]);
  });

  it('say their version in several ways', () => {
    expect(parsePyvenvVersion('home = /x\nuv = 0.4.0\nversion_info = 3.13.0\n')).toBe('3.13.0');
    expect(parsePyvenvVersion('version = newest')).toBeNull();
    expect(parseCondaVersion(['python_abi-3.11-4_cp311.json', 'python-3.8.20-he870216_0.json'])).toBe('3.8.20');
    expect(parseBinVersion(['python', 'python3', 'python3.7'])).toBe('3.7');
  });
});

describe('directories', () => {
  it('go on as typed, hidden ones when asked for, links to directories too, files never', async () => {
    for (const dir of ['projects', 'Process', '.private', 'other']) mkdirSync(path.join(home, dir));
    write('protocol.txt');
    symlinkSync(path.join(home, 'other'), path.join(home, 'prod'));
    const named = async (typed: string): Promise<string[]> =>
      (await places.completeDirectory(typed)).directories.map(({ name }) => name);
    expect(await named(`${home}/pro`)).toEqual(['Process', 'prod', 'projects']);
    expect(await named('~/pr')).toEqual(['Process', 'prod', 'projects']);
    expect(await named('')).toEqual(['other', 'Process', 'prod', 'projects']);
    expect(await named('~/.p')).toEqual(['.private']);
    expect(await named(`${home}/projects`)).toEqual(['projects']);
    expect(await named(`${home}/projects/`)).toEqual([]);
    for (const nowhere of ['pro', '../', '/no/such/place/', 'a\0b', '~root/']) expect(await named(nowhere)).toEqual([]);
  });

  it('are at most fifty, and it is said that there are more', async () => {
    for (let at = 0; at < 60; at++) mkdirSync(path.join(home, `run-${at}`));
    const { directory, directories, more } = await places.completeDirectory(`${home}/run-`);
    expect({ directory, count: directories.length, more }).toEqual({ directory: home, count: 50, more: true });
    expect(directories[0]).toEqual({ name: 'run-0', path: path.join(home, 'run-0') });
  });
});
