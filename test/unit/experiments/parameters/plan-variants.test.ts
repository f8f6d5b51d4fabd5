import { expect, test } from 'vitest';
import { planVariants, type VariantInput } from '../../../../electron/experiments/parameters/plan-variants.ts';

const plan = (
  set: readonly string[],
  over: Partial<VariantInput> & { readonly params?: string } = {},
): ReturnType<typeof planVariants> =>
  planVariants({
    set,
    hyperparameters: {},
    inCommand: new Set(),
    readFile: (file) => (file === 'params.yaml' ? (over.params ?? null) : null),
    random: () => 0,
    ...over,
  });
const only = (...args: Parameters<typeof plan>): unknown => plan(...args).variants;
const PARAMS = 'train:\n  lr: 0.1 # note\n  seed: 1\n';

test('an override without a file goes where its key is', () => {
  const hyperparameters = { depth: 2, lr: 1 };
  expect(only(['depth=4'], { hyperparameters, params: PARAMS })).toEqual([
    { hparams: { depth: 4, lr: 1 }, params: [] },
  ]);
  expect(only(['train.lr=0.5'], { hyperparameters, params: PARAMS })).toEqual([
    { hparams: { depth: 2, lr: 1, train: { lr: 0.5 } }, params: [{ file: 'params.yaml', set: ['train.lr=0.5'] }] },
  ]);
  // The command has it, so it is no slip.
  expect(only(['epochs=3'], { params: PARAMS, inCommand: new Set(['epochs']) })).toEqual([
    { hparams: { epochs: 3 }, params: [] },
  ]);
  // Nothing else can be meant.
  expect(only(['lr=0.1'])).toEqual([{ hparams: { lr: 0.1 }, params: [] }]);
});

test('a slip of the finger is told with the key that was meant', () => {
  expect(() => plan(['train.lrr=1'], { params: PARAMS })).toThrow("did you mean 'train.lr'");
  expect(() => plan(['params.yaml:trian.lr=1'], { params: PARAMS })).toThrow("did you mean 'train'");
  expect(() => plan(['dept=3'], { hyperparameters: { depth: 2 } })).toThrow("did you mean 'depth'");
  expect(only(['+dept=3'], { hyperparameters: { depth: 2 } })).toEqual([
    { hparams: { depth: 2, dept: 3 }, params: [] },
  ]);
});

test('a sweep makes every variant, over files and hyperparameters', () => {
  const { isSweep, variants } = plan(['params.yaml:train.lr=0.1,0.2', 'depth=range(2)'], {
    params: PARAMS,
    hyperparameters: { depth: 9 },
  });
  expect(isSweep).toBe(true);
  expect(variants.map(({ hparams, params }) => [hparams, params[0]?.set])).toEqual([
    [{ depth: 0, train: { lr: 0.1 } }, ['train.lr=0.1']],
    [{ depth: 1, train: { lr: 0.1 } }, ['train.lr=0.1']],
    [{ depth: 0, train: { lr: 0.2 } }, ['train.lr=0.2']],
    [{ depth: 1, train: { lr: 0.2 } }, ['train.lr=0.2']],
  ]);
  expect(plan(['depth=3']).isSweep).toBe(false);
});

test('nothing reaches into an object itself', () => {
  expect(() => plan(['__proto__.x=1'])).toThrow('cannot be a name');
  expect(() => plan(['a.constructor.x=1'], { hyperparameters: { a: {} } })).toThrow('cannot be a name');
});

test('where files cannot be seen their names are believed', () => {
  expect(only(['params.yaml:train.lr=0.5', 'x=1'], { isBlind: true })).toEqual([
    { hparams: { x: 1, train: { lr: 0.5 } }, params: [{ file: 'params.yaml', set: ['train.lr=0.5'] }] },
  ]);
});
