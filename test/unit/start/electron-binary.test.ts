/** Where Electron comes from: what is there, what the user named, else a download that is given up when nothing comes. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { provideElectron } from '../../../electron/start/electron-binary.ts';

let root = '';
const proxies = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;
const before = new Map<string, string | undefined>();
const at = (...parts: string[]): string => path.join(root, ...parts);
/** What the installer of the npm package does, in this test's words. */
const installer = (script: string): void => fs.writeFileSync(at('node_modules/electron/install.js'), script);

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-electron-'));
  fs.mkdirSync(at('node_modules/electron'), { recursive: true });
  for (const name of [...proxies, 'ELECTRON_OVERRIDE_DIST_PATH']) {
    before.set(name, process.env[name]);
    delete process.env[name];
  }
});
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  fs.rmSync(root, { recursive: true, force: true });
});

it('is the one the user named, though nothing was ever downloaded', async () => {
  fs.mkdirSync(at('mine'));
  const name = process.platform === 'win32' ? 'electron.exe' : 'electron';
  fs.writeFileSync(at('mine', name), '');
  process.env['ELECTRON_OVERRIDE_DIST_PATH'] = at('mine');
  const never = (): void => expect.unreachable('nothing is downloaded');
  if (process.platform !== 'darwin')
    expect(await provideElectron(root, never)).toEqual({ kind: 'found', file: at('mine', name) });
  process.env['ELECTRON_OVERRIDE_DIST_PATH'] = at('nowhere');
  expect(await provideElectron(root, never)).toMatchObject({
    kind: 'missing',
    why: expect.stringContaining('nowhere'),
  });
});

it('is downloaded through the proxy of the system, for as long as something comes', async () => {
  process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
  installer(`
    const fs = require('fs'), os = require('os'), path = require('path');
    if (process.env.ELECTRON_GET_USE_PROXY !== 'true') throw new Error('no proxy');
    let parts = 0;
    const timer = setInterval(() => {
      fs.appendFileSync(path.join(os.tmpdir(), 'electron.zip'), 'x'.repeat(1000));
      if (++parts < 12) return;
      clearInterval(timer);
      fs.mkdirSync(path.join(__dirname, 'dist'));
      fs.writeFileSync(path.join(__dirname, 'dist', 'electron'), '');
      fs.writeFileSync(path.join(__dirname, 'path.txt'), 'electron');
    }, 250);
  `);
  // Longer in all than the silence that ends it.
  expect(await provideElectron(root, () => undefined, 2_000)).toEqual({
    kind: 'found',
    file: at('node_modules/electron/dist/electron'),
  });
});

it('is given up when nothing comes, and says so; a refusal is told in its own words', async () => {
  installer('setInterval(() => {}, 1000);');
  expect(await provideElectron(root, () => undefined, 500)).toEqual({
    kind: 'missing',
    why: 'Electron could not be downloaded (nothing came for 0.5 s)',
  });
  installer("throw new Error('getaddrinfo ENOTFOUND example.invalid');");
  expect(await provideElectron(root, () => undefined)).toMatchObject({
    why: expect.stringContaining('ENOTFOUND example.invalid') as unknown,
  });
});
