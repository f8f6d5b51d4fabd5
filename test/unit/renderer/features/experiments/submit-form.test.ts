import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ApiError } from '../../../../../renderer/api/problem.ts';
import {
  buildConfig,
  describeRefusal,
  EMPTY_FORM,
  fieldOfPath,
  readSource,
} from '../../../../../renderer/features/experiments/submit-form.ts';

const form = { ...EMPTY_FORM, command: 'python train.py' };
const refusal = (call: () => unknown): ApiError => {
  try {
    call();
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  throw new Error('it was not refused');
};

test('hyperparameters are read line by line, as YAML reads values, with dots for groups', () => {
  const hparams = 'lr=3e-4\n\nmodel.depth = 4\nmodel.name=vit=base\nfast=true\nlayers=[1, 2]\nnote="0.1"';
  expect(buildConfig({ ...form, hparams }, parse)).toEqual({
    entrypoint: 'python train.py',
    hyperparameters: { lr: 0.0003, model: { depth: 4, name: 'vit=base' }, fast: true, layers: [1, 2], note: '0.1' },
  });
  for (const bad of ['lr', '=1', 'a..b=1', 'a.=1', 'lr=[1'])
    expect(fieldOfPath(refusal(() => buildConfig({ ...form, hparams: bad }, parse)))).toBe('hparams');
});

test('a refusal names the field by its label, once', () => {
  const say = (path: string | undefined, detail: string): string =>
    describeRefusal(
      new ApiError({ status: 400, code: 'invalid_config', detail, ...(path === undefined ? {} : { path }) }),
    );
  expect(say('resources.min_gpu_memory', 'resources.min_gpu_memory: "20 bananas" is not an amount of memory.')).toBe(
    'Least GPU memory: "20 bananas" is not an amount of memory.',
  );
  expect(say('resources.slots', 'The trial asks for 9 GPUs.')).toBe('Slots: The trial asks for 9 GPUs.');
  expect(say('environment.environment_variables.A B', 'A name has no spaces.')).toBe(
    'Environment: A name has no spaces.',
  );
  expect(say(undefined, 'The disk is full.')).toBe('The disk is full.');
});

test('a home that only a shell knows is refused with what to write instead', () => {
  expect(refusal(() => readSource('~/project')).remedy).toContain('/home/you/project');
  expect(readSource(' /data/project ')).toEqual({ kind: 'directory', path: '/data/project' });
  expect(readSource(' ')).toEqual({ kind: 'none' });
});
