import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openKeyFileBox } from '../../../../native/secrets/key-file.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-key-'));
  file = path.join(dir, 'secret.key');
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

it('makes a private key once, over what an interrupted first start left', () => {
  writeFileSync(`${file}.draft`, 'half');
  const sealed = openKeyFileBox(file).seal('a secret');
  expect(readFileSync(file)).toHaveLength(32);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(existsSync(`${file}.draft`)).toBe(false);
  expect(sealed).not.toContain('a secret');
  expect(openKeyFileBox(file).open(sealed)).toBe('a secret');
});

it('seals the same text otherwise each time: equal secrets do not look equal', () => {
  const box = openKeyFileBox(file);
  const nonces = Array.from({ length: 20 }, () =>
    Buffer.from(box.seal('same'), 'base64').subarray(2, 14).toString('hex'),
  );
  expect(new Set(nonces).size).toBe(20);
});

it('says what a damaged key means and what to do', () => {
  writeFileSync(file, '');
  expect(() => openKeyFileBox(file)).toThrow(
    expect.objectContaining({ message: expect.stringContaining('damaged'), remedy: expect.stringContaining('backup') }),
  );
  expect(readFileSync(file)).toHaveLength(0);
});

it('says what another key means, as a refusal and not as a fault of ours', () => {
  const sealed = openKeyFileBox(file).seal('a secret');
  rmSync(file);
  expect(() => openKeyFileBox(file).open(sealed)).toThrow(
    expect.objectContaining({ code: 'secret_unreadable', remedy: expect.stringContaining('secret.key') }),
  );
});
