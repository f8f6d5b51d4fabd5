import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ApiError } from '../../../../../renderer/api/problem.ts';
import {
  buildConfig,
  chosenPython,
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

test('several values and parameters of a file are left for the engine to read', () => {
  const hparams = 'lr=0.1,0.01\ndepth=4\nparams.yaml:train.seed=range(3)\nlayers=[1,2]\nnote="a,b"';
  expect(buildConfig({ ...form, hparams }, parse)).toEqual({
    entrypoint: 'python train.py',
    hyperparameters: { depth: 4, layers: [1, 2], note: 'a,b' },
    set_params: ['lr=0.1,0.01', 'params.yaml:train.seed=range(3)'],
  });
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

const environment = (path: string, isOfDirectory: boolean) => ({
  kind: isOfDirectory ? ('venv' as const) : ('conda' as const),
  name: path,
  path,
  pythonVersion: null,
  isOfDirectory,
  variables: { VIRTUAL_ENV: path, PATH: `${path}/bin:/usr/bin` },
});

test('the environment of the directory is taken unless another is chosen, and what was typed wins over it', () => {
  const own = environment('/work/.venv', true);
  const offered = [environment('/conda/torch', false), own];
  expect(chosenPython(form, offered)).toBe(own);
  expect(chosenPython({ ...form, python: '' }, offered)).toBeUndefined();
  expect(chosenPython({ ...form, python: '/conda/torch' }, offered)).toBe(offered[0]);
  expect(chosenPython({ ...form, runtime: 'docker' }, offered)).toBeUndefined();
  expect(buildConfig({ ...form, env: 'VIRTUAL_ENV=/mine' }, parse, own)).toEqual({
    entrypoint: 'python train.py',
    environment: { environment_variables: { VIRTUAL_ENV: '/mine', PATH: '/work/.venv/bin:/usr/bin' } },
  });
});

test('labels, restarts and the directory itself reach the engine; a number of restarts that is none is refused at its field', () => {
  expect(buildConfig({ ...form, links: ' data \n\n/mnt/sets:rw\n' }, parse)).toMatchObject({
    links: ['data', '/mnt/sets:rw'],
  });
  expect(buildConfig({ ...form, labels: ['baseline', 'v2'], restarts: 0 }, parse)).toEqual({
    entrypoint: 'python train.py',
    labels: ['baseline', 'v2'],
    max_restarts: 0,
  });
  expect(fieldOfPath(refusal(() => buildConfig({ ...form, restarts: '1.5' }, parse)))).toBe('restarts');
  expect(readSource(' /work ', true)).toEqual({ kind: 'in_place', path: '/work' });
  expect(readSource('/work')).toEqual({ kind: 'directory', path: '/work' });
});

test('a number of checkpoints to keep is a whole one, or none is said', () => {
  expect(buildConfig({ ...form, keep: 3 }, parse)).toEqual({
    entrypoint: 'python train.py',
    checkpoints: { keep_last: 3 },
  });
  for (const keep of ['0', '1.5', 'two'])
    expect(fieldOfPath(refusal(() => buildConfig({ ...form, keep }, parse)))).toBe('keep');
});
