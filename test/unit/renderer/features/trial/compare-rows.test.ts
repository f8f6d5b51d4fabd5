import { expect, it } from 'vitest';
import type { TrialDetail } from '../../../../../electron/contract/trials.ts';
import { bestOf, compareSections } from '../../../../../renderer/features/trial/compare-rows.ts';
import { makeTrial } from '../../../../fakes/trial.ts';

const detail = (id: number, hparams: Record<string, unknown>, image: string | null = null): TrialDetail =>
  ({
    trial: makeTrial({ id, hparams, image, command: 'python t.py' }),
    config: {},
    snapshot: null,
    snapshotInfo: null,
  }) as unknown as TrialDetail;

it('parameters, metrics and environment stand side by side, and what differs is told', () => {
  const curve = { style: 0, points: [], timesMs: [], firstMs: 0 };
  const sections = compareSections(
    [detail(1, { lr: 0.1, model: { depth: 2 } }), detail(2, { lr: 0.2, model: { depth: 2 }, ema: true }, 'torch')],
    [
      {
        name: 'val_loss',
        curves: [
          { ...curve, trialId: 1, last: 0.5, min: 0.3, max: 0.9 },
          { ...curve, trialId: 2, last: 0.4, min: 0.2, max: 0.8 },
        ],
      },
    ],
    0,
  );
  const [parameters, metrics, environment] = sections;
  expect(parameters?.rows.map(({ name, cells, differs }) => [name, cells, differs])).toEqual([
    ['lr', ['0.1', '0.2'], true],
    ['model.depth', ['2', '2'], false],
    ['ema', [null, 'true'], true],
  ]);
  expect(parameters?.alike).toBe(1);
  expect(metrics?.rows.map(({ name, cells, best }) => [name, cells, best])).toEqual([
    ['val_loss, best', ['0.3', '0.2'], 1],
    ['val_loss, last', ['0.5', '0.4'], null],
  ]);
  expect(environment?.rows.find(({ name }) => name === 'image')).toMatchObject({
    cells: [null, 'torch'],
    differs: true,
  });
});

it('there is a best one only where one alone is', () => {
  expect(bestOf([0.3, 0.2, null], true)).toBe(1);
  expect(bestOf([0.3, 0.2], false)).toBe(0);
  expect(bestOf([0.2, 0.2], true)).toBeNull();
  expect(bestOf([null, 0.2], true)).toBeNull();
});
