/** Numbers with a name in a log, as points of metrics. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePairs } from '../../../../electron/trials/log/parse-pairs.ts';
import {
  nextAttempt,
  NOTHING_TAKEN,
  takeLines,
  type LogMetricsState,
} from '../../../../electron/trials/log/take-log-metrics.ts';

const pairs = (line: string): Record<string, number> => Object.fromEntries(parsePairs(line).values);

describe('pairs in a line', () => {
  it.each([
    ['epoch 3 loss=0.31, acc=93.1% lr=1e-4.', { loss: 0.31, acc: 93.1, lr: 1e-4 }],
    ['train/loss: 0.5 | val_acc: 0.9', { 'train/loss': 0.5, val_acc: 0.9 }],
    [`{'loss': 0.3, "grad_norm": "1.5", 'epoch': 0.1}`, { loss: 0.3, grad_norm: 1.5 }],
    ['Loss:-1.5 (avg=.25)', { Loss: -1.5, avg: 0.25 }],
    ['loss=0.3(0.31)', { loss: 0.3 }],
    ['2026-01-02 12:30:45,123 INFO root: step=7 bleu=27.1', { bleu: 27.1 }],
  ])('%s', (line, wanted) => {
    expect(pairs(line)).toEqual(wanted);
  });
  it.each([
    'listening on http://localhost:8080 and host:9090',
    'took time=3.2s',
    'version=1.2.3 pid=4312 seed: 42',
    'a==b and x = y',
    'ETA: 00:45',
  ])('%j has none', (line) => {
    expect(pairs(line)).toEqual({});
  });
  it('has its finest count as the step, and says what is no number', () => {
    expect(parsePairs('epoch=2 step=17 loss=nan').step).toEqual({ name: 'step', value: 17 });
    expect(parsePairs('epoch=2 loss=nan, x: -inf').notFinite).toEqual(['loss', 'x']);
  });
  it('takes any text, in no time, and finds what was written between anything', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), (value) => {
        const written = String(value);
        expect(pairs(`x [y] loss=${written}, done`)).toEqual({ loss: Number(written) });
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const value of parsePairs(text).values.values()) expect(Number.isFinite(value)).toBe(true);
      }),
    );
    for (const nasty of [
      'a'.repeat(1_000_000),
      'a=1'.repeat(500_000),
      'a = '.repeat(500_000),
      `${'1'.repeat(1_000_000)}=`,
    ])
      expect(parsePairs(nasty).values.size).toBeLessThanOrEqual(30);
  });
});

const taken = (lines: readonly string[], state: LogMetricsState = NOTHING_TAKEN): [string, number, number][] =>
  takeLines(state, lines, 0).points.map(({ name, step, value }) => [name, step, value]);

describe('points from lines', () => {
  it('are at the step of their line, and go on above it in a new epoch', () => {
    const lines = ['epoch=0 step=1 loss=3', 'epoch=0 step=2 loss=2', 'epoch=1 step=1 loss=1'];
    expect(taken(lines)).toEqual([
      ['loss', 1, 3],
      ['loss', 2, 2],
      ['loss', 3, 1],
    ]);
  });
  it('are at the position of their bar', () => {
    const at = (position: number, loss: number): string =>
      `Epoch 1: ${position}%|##  | ${position}/100 [00:10<00:10, 1.0it/s, loss=${loss}]`;
    expect(taken([at(10, 3), at(90, 2), at(5, 1)])).toEqual([
      ['loss', 10, 3],
      ['loss', 90, 2],
      ['loss', 95, 1],
    ]);
  });
  it('are counted where nothing counts them; what is written once at the beginning is a setting', () => {
    expect(taken(['lr=0.1 wd=0.5', 'loss=3', 'loss=2', 'test_acc=0.9'])).toEqual([
      ['loss', 2, 3],
      ['loss', 3, 2],
      ['test_acc', 4, 0.9],
    ]);
  });
  it('go on behind those of the attempt before', () => {
    const first = takeLines(NOTHING_TAKEN, ['loss=3', 'loss=2'], 0).state;
    expect(taken(['loss=1'], nextAttempt({ ...first, offset: 99 }))).toEqual([['loss', 3, 1]]);
    expect(nextAttempt(first).offset).toBe(0);
  });
  it('are the same wherever reading was broken off, the state written as JSON in between', () => {
    const line = fc.constantFrom(
      'step=1 loss=0.5',
      'step=9 loss=0.25 acc=1',
      'loss=nan',
      'lr=0.1',
      'nothing',
      ' 45%|##| 45/100 [00:45<00:55, 1it/s, loss=2]',
      '\u001b[31mloss: 4.0\u001b[0m',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.nat(30), (lines, cut) => {
        const first = takeLines(NOTHING_TAKEN, lines.slice(0, cut), 0);
        const state = JSON.parse(JSON.stringify(first.state)) as LogMetricsState;
        const second = takeLines(state, lines.slice(cut), 0);
        expect([...first.points, ...second.points]).toEqual(takeLines(NOTHING_TAKEN, lines, 0).points);
      }),
    );
  });
  it('are followed for a few bars only: a log that names a new total on every line keeps the state small', () => {
    const lines = Array.from({ length: 5_000 }, (_, at) => ` 1%|#| 1/${at + 100} [00:01<00:02, 1it/s, loss=2]`);
    const { state, points } = takeLines(NOTHING_TAKEN, lines, 0);
    expect(JSON.stringify(state).length).toBeLessThan(5_000);
    expect([points.length, points.at(-1)?.step]).toEqual([5_000, 5_000]);
    // What an older engine wrote becomes small as well.
    const counts = Object.fromEntries(lines.map((line) => [line, { last: 1, base: 0 }]));
    expect(Object.keys(takeLines({ ...NOTHING_TAKEN, counts }, [], 0).state.counts).length).toBeLessThan(100);
  });
  it('have at most a hundred names', () => {
    const lines = Array.from({ length: 300 }, (_, at) => `step=${at} m${at}=1`);
    expect(new Set(taken(lines).map(([name]) => name)).size).toBe(100);
  });
});
