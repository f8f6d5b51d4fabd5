import { describe, expect, test } from 'vitest';
import { expectFromRuns, type PastRun } from '../../../../electron/scheduler/forecast/compare-runs.ts';
import { likeKeyOf } from '../../../../electron/scheduler/forecast/like-command.ts';
import { splitCommand } from '../../../../electron/text/split-command.ts';

const run = (params: Record<string, string>, seconds: number): PastRun => ({ params, workedMs: seconds * 1000 });

describe('what past runs tell of the next', () => {
  test('a run of one epoch says nothing of one of five hundred', () => {
    const runs = [run({ epochs: '1' }, 2.5), run({ epochs: '1' }, 2.5)];
    expect(expectFromRuns(runs, { epochs: '1' })).toBe(2500);
    expect(expectFromRuns(runs, { epochs: '500' })).toBeNull();
    // Nor do two lengths that were both short.
    expect(expectFromRuns([run({ epochs: '1' }, 2.5), run({ epochs: '2' }, 2.6)], { epochs: '500' })).toBeNull();
  });

  test('a parameter that was tried and made little difference does not stand in the way', () => {
    const runs = [run({ lr: '0.1', seed: '1' }, 100), run({ lr: '0.01', seed: '2' }, 120)];
    expect(expectFromRuns(runs, { lr: '0.03', seed: '3' })).toBe(110_000);
    expect(expectFromRuns(runs, { lr: '0.000001', seed: '3' })).toBeNull();
    expect(expectFromRuns(runs, { lr: '0.03', seed: '3', model: 'large' })).toBeNull();
    expect(expectFromRuns([...runs, run({ lr: '0.05', seed: '1' }, 1000)], { lr: '0.03', seed: '3' })).toBeNull();
  });

  test('the latest five of the same parameters count, and they come before any other', () => {
    const same = [10, 20, 30, 40, 50, 600].map((seconds) => run({ lr: '1' }, seconds));
    expect(expectFromRuns([run({ lr: '2' }, 9000), ...same], { lr: '1' })).toBe(30_000);
    expect(expectFromRuns([], { lr: '1' })).toBeNull();
    expect(expectFromRuns([run({ lr: '1' }, 5)], { lr: '2' })).toBeNull();
  });

  test('one number that was always the same says nothing of any other, however near', () => {
    const runs = [run({ epochs: '10', lr: '1' }, 100), run({ epochs: '10', lr: '2' }, 100)];
    expect(expectFromRuns(runs, { epochs: '10', lr: '1.5' })).toBe(100_000);
    expect(expectFromRuns(runs, { epochs: '11', lr: '1' })).toBeNull();
  });

  test('a word that was not tried is not a number near one that was', () => {
    const runs = [run({ model: 'a' }, 100), run({ model: 'b' }, 100)];
    expect(expectFromRuns(runs, { model: 'b' })).toBe(100_000);
    expect(expectFromRuns(runs, { model: 'c' })).toBeNull();
  });
});

describe('a command and its parameters', () => {
  test.each([
    ['python train.py --lr 0.1 --epochs=5', ['python', 'train.py'], { lr: '0.1', epochs: '5' }],
    ['python train.py model.depth=5 --amp', ['python', 'train.py'], { 'model.depth': '5', amp: 'true' }],
    ['python -m train --shift -0.5 --amp --lr 1', ['python', '-m', 'train'], { shift: '-0.5', amp: 'true', lr: '1' }],
    ['true', ['true'], {}],
    ['', [], {}],
  ])('%s', (command, program, params) => {
    expect(splitCommand(command)).toEqual({ program, params });
  });

  test('hyperparameters and flags are one set of parameters', () => {
    const row = { estimateKey: 'k', hparams: { epochs: 500, name: 'x' }, spec: { command: 'python t.py --lr 0.1' } };
    expect(likeKeyOf(row)).toEqual({ estimateKey: 'k', params: { epochs: '500', name: 'x', lr: '0.1' } });
  });
});
