import { expect, test } from 'vitest';
import { createParamText } from '../../../../renderer/shared/telling-params.ts';

const text = (all: Record<string, unknown>[], one: Record<string, unknown>): string =>
  createParamText(all.map((hparams) => ({ hparams })))({ hparams: one });

test('in a list where only the seeds differ, the seed stands first', () => {
  const all = [1, 2, 3].map((seed) => ({ lr: 0.003, wd: 0.05, seed }));
  expect(text(all, all[1]!)).toBe('seed=2 lr=0.003 wd=0.05');
});

test('what differs keeps its own order, and so does the rest: rows under each other read alike', () => {
  const all = [
    { a: 1, lr: 0.1, b: 2, seed: 1 },
    { a: 1, lr: 0.1, b: 2, seed: 2 },
    { a: 1, lr: 0.2, b: 2, seed: 1 },
  ];
  expect(all.map((one) => text(all, one))).toEqual([
    'lr=0.1 seed=1 a=1 b=2',
    'lr=0.1 seed=2 a=1 b=2',
    'lr=0.2 seed=1 a=1 b=2',
  ]);
});

test('groups are compared by what is in them; trials with other parameters have no say', () => {
  const all = [
    { x: 1, model: { depth: 4 }, opt: { name: 'adam' } },
    { x: 1, model: { depth: 8 }, opt: { name: 'adam' } },
    { x: 7 },
  ];
  expect(text(all, all[0]!)).toBe('model={"depth":4} x=1 opt={"name":"adam"}');
  expect(text(all, all[2]!)).toBe('x=7');
});

test('alone, or with nothing that differs, they stand as they were given', () => {
  expect(text([{ b: 1, a: 2 }], { b: 1, a: 2 })).toBe('b=1 a=2');
  expect(
    text(
      [
        { b: 1, a: 2 },
        { b: 1, a: 2 },
      ],
      { b: 1, a: 2 },
    ),
  ).toBe('b=1 a=2');
});
