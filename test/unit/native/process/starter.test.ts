/** The starter's programs are those of its source, and what is said to it and by it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAnswers, writeOrder } from '../../../../native/process/starter-messages.ts';
import type { SpawnOrder } from '../../../../native/process/spawn-supervisor.ts';

const DIR = path.join(import.meta.dirname, '..', '..', '..', '..', 'resources', 'process');
const read = (name: string): Buffer => readFileSync(path.join(DIR, name));
const ORDER: SpawnOrder = {
  stateDir: '/s',
  logPath: '/l',
  bootId: 'boot',
  mark: '17',
  program: '/bin/true',
  args: ['a'],
  cwd: '/w',
  env: { A: 'b' },
};

test('the programs were made from the source that is here, each for its processor', () => {
  for (const line of read('built-from').toString().trim().split('\n')) {
    const [digest, name] = line.split(/\s+/);
    const found = createHash('sha256')
      .update(read(name ?? ''))
      .digest('hex');
    expect(found, `${name}: run build.sh`).toBe(digest);
  }
  // ELF header: e_machine at 18.
  expect(read('starter-x86_64').readUInt16LE(18)).toBe(62);
  expect(read('starter-aarch64').readUInt16LE(18)).toBe(183);
});

test('an order says all of it, and the directory it is in', () => {
  const order = writeOrder(7, ORDER) ?? Buffer.alloc(0);
  expect([0, 4, 8, 12].map((at) => order.readUInt32LE(at))).toEqual([order.length - 4, 7, 1, 2]);
  expect(order.toString('utf8', 16).split('\0')).toEqual([
    '/s',
    '/l',
    'boot',
    '17',
    '/w',
    '/bin/true',
    'a',
    'A=b',
    'PWD=/w',
    '',
  ]);
});

test('what the starter does not take is left to the other way', () => {
  expect(writeOrder(1, { ...ORDER, args: ['x'.repeat(131_072)] })).toBeNull();
  expect(writeOrder(1, { ...ORDER, args: ['x'.repeat(131_000)] })).not.toBeNull();
  expect(writeOrder(1, { ...ORDER, args: Array.from({ length: 4_090 }, () => '') })).toBeNull();
  expect(writeOrder(1, { ...ORDER, args: ['x'.repeat(130_000), 'x'.repeat(130_000), 'x'.repeat(3_000)] })).toBeNull();
  expect(writeOrder(1, { ...ORDER, args: ['a\0b'] })).toBeNull();
});

test('answers are understood however they are cut', () => {
  const KINDS = ['claimed', 'not_claimed', 'refused', 'ended'] as const;
  const answer = fc.record({ kind: fc.nat(3), id: fc.nat(), pid: fc.nat(), value: fc.integer({ min: -1, max: 64 }) });
  fc.assert(
    fc.property(fc.array(answer), fc.array(fc.nat(40)), (said, cuts) => {
      const bytes = Buffer.concat(
        said.map(({ kind, id, pid, value }) => Buffer.from(new Int32Array([kind + 1, id, pid, value]).buffer)),
      );
      const heard = [];
      let rest = Buffer.alloc(0);
      for (let at = 0; at < bytes.length;) {
        const length = cuts.shift() ?? bytes.length;
        const found = readAnswers(Buffer.concat([rest, bytes.subarray(at, at + length)]));
        heard.push(...found.answers);
        rest = Buffer.from(found.rest);
        at += length;
      }
      expect(heard).toEqual(
        said.map(({ kind, id, pid, value }) => ({ kind: KINDS[kind], id, pid, ...(kind === 3 ? { value } : {}) })),
      );
      expect(rest).toHaveLength(0);
    }),
  );
  expect(() => readAnswers(Buffer.alloc(16))).toThrow('nobody understands');
});
