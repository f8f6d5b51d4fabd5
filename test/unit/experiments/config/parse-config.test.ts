import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../../../electron/contract/errors.ts';
import { DEFAULT_MAX_RESTARTS } from '../../../../electron/contract/states.ts';
import { parseMemoryMiB } from '../../../../electron/text/memory-text.ts';
import { suggest } from '../../../../electron/text/nearest.ts';
import {
  dumpConfigYaml,
  parseConfigYaml,
  validateConfig,
} from '../../../../electron/experiments/config/parse-config.ts';

function errorOf(run: () => unknown): SwitchyardError {
  try {
    run();
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
const refusal = (yaml: string): SwitchyardError => errorOf(() => parseConfigYaml(yaml));

describe('parseConfigYaml', () => {
  it('fills in the defaults', () => {
    const { config } = parseConfigYaml('entrypoint: python train.py\nresources:\n');
    expect(config).toMatchObject({
      entrypoint: 'python train.py',
      max_restarts: DEFAULT_MAX_RESTARTS,
      grace_period_s: 60,
      labels: [],
      mounts: [],
      resources: { weight: 1, preemptible: true },
    });
  });

  it.each([
    ['resources:\n  sltos: 2', 'slots', 2],
    ['resources:\n  slots_per_trial: 2', 'slots', 2],
    ['gpus: 2', 'resources.slots', 1],
    ['slots: 2', 'resources.slots', 1],
    ['bind_mounts: []', 'mounts', 1],
    ['mounts:\n - host_path: /a\n   container_paht: /b', 'container_path', 3],
    ['environment:\n  env: {}', 'environment_variables', 2],
    ['max-restarts: 2', 'max_restarts', 1],
  ])('%j names the key that was meant and its line', (yaml, meant, line) => {
    const error = refusal(`${yaml}\nentrypoint: x`);
    expect(error.code).toBe('unknown_key');
    expect(error.message).toContain(`Line ${line}: unknown key`);
    expect(error.message).toContain(`Did you mean "${meant}"?`);
  });

  it('lists the known keys when nothing is near', () => {
    const error = refusal('entrypoint: x\nresources:\n  bananas: 1');
    expect(error.message).toBe('Line 3: unknown key "bananas" in resources.');
    expect(error.remedy).toContain('slots, min_gpu_memory');
  });

  it('tells the wrong key before what is missing because of it', () => {
    expect(refusal('command: python train.py').message).toBe(
      'Line 1: unknown key "command". Did you mean "entrypoint"? Also: entrypoint: is missing: the trial has no command to run.',
    );
  });

  it.each([
    ['resources: {priority: 100}', 'invalid_priority', 'resources.priority'],
    ['resources: {priority: high}', 'invalid_priority', 'resources.priority'],
    ['resources: {slots: -1}', 'invalid_slots', 'resources.slots'],
    ['resources: {slots: 1.5}', 'invalid_slots', 'resources.slots'],
    ['resources: {slots: two}', 'invalid_slots', 'resources.slots'],
    ['resources: {shm_size: 8 gigs}', 'invalid_config', 'resources.shm_size'],
    ['resources: {min_gpu_memory: 20}', 'invalid_config', 'resources.min_gpu_memory'],
    ['resources: {memory: "0"}', 'invalid_config', 'resources.memory'],
    ['runtime: podman', 'invalid_config', 'runtime'],
    ['environment: {environment_variables: {A: 1}}', 'invalid_config', 'environment.environment_variables.A'],
    [
      'environment: {environment_variables: {SWITCHYARD_API: x}}',
      'invalid_config',
      'environment.environment_variables.SWITCHYARD_API',
    ],
    ['mounts: [{host_path: a, container_path: /b}]', 'invalid_config', 'mounts.0.host_path'],
    [
      'mounts: [{host_path: /a, container_path: /b}, {host_path: /c, container_path: /b/}]',
      'invalid_config',
      'mounts.1.container_path',
    ],
    ['mounts: [{host_path: /a, container_path: /}]', 'invalid_config', 'mounts.0.container_path'],
    ['hyperparameters: {lr: .nan}', 'invalid_config', 'hyperparameters.lr'],
  ])('%j is refused as %s at %s', (yaml, code, path) => {
    const error = refusal(`entrypoint: x\n${yaml}`);
    expect(error).toMatchObject({ code, path });
    expect(error.message).toContain('Line 2, ');
  });

  it('does not repeat the value of an environment variable', () => {
    for (const value of [123456, { x: '123456' }, ['123456']]) {
      const error = errorOf(() =>
        validateConfig({ entrypoint: 'x', environment: { environment_variables: { TOKEN: value } } }),
      );
      expect(JSON.stringify(error.toProblem())).not.toContain('123456');
    }
  });

  it('says to quote a number in a command', () => {
    expect(refusal('entrypoint: [python, train.py, --epochs, 3]')).toMatchObject({
      path: 'entrypoint.3',
      remedy: 'Put it in quotes: "3".',
      message: 'Line 1, entrypoint[3]: 3 must be text.',
    });
  });

  it.each(['', 'entrypoint: ""', 'entrypoint: "  "', 'entrypoint: []', 'entrypoint:'])('%j has no command', (yaml) => {
    expect(refusal(yaml).code).toBe('command_missing');
  });

  it('points into broken YAML, and refuses alias bombs and lists', () => {
    expect(refusal('entrypoint: x\nresources: {slots: 1').message).toMatch(
      /^Line 2, column \d+: the YAML cannot be read: /,
    );
    expect(refusal('a: 1\na: 2').message).toContain('Line 2');
    expect(refusal('- a').message).toContain('mapping');
    const bomb = [
      'a0: &a0 [x, x, x, x, x, x, x, x, x]',
      ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
    ].join('\n');
    expect(refusal(bomb).code).toBe('invalid_config');
  });

  it('reads back what it wrote', () => {
    const { config } = parseConfigYaml(
      'name: "a: b"\nentrypoint: |\n  set -e\n  python train.py\nhyperparameters: {lr: 1e-3, nested: {list: [1, "2", true, null]}}\nresources: {shm_size: 1g}',
    );
    expect(parseConfigYaml(dumpConfigYaml(config)).config).toEqual(config);
  });
});

it('validateConfig never fails with anything but a SwitchyardError', () => {
  fc.assert(
    fc.property(
      fc.object({
        maxDepth: 4,
        key: fc.constantFrom('entrypoint', 'resources', 'slots', 'mounts', 'environment', 'x', 'labels', '__proto__'),
      }),
      (input) => {
        let thrown: unknown = null;
        try {
          validateConfig(input);
        } catch (error) {
          thrown = error;
        }
        expect(thrown === null || thrown instanceof SwitchyardError).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

describe('parseMemoryMiB', () => {
  it.each([
    ['20 GiB', 20_480],
    ['8g', 8192],
    ['512m', 512],
    ['512MB', 512],
    ['1.5 GiB', 1536],
    ['.5g', 512],
    ['1048577', 2],
    ['2097152b', 2],
    ['1T', 1_048_576],
    ['2048 kib', 2],
  ])('%s', (text, mib) => {
    expect(parseMemoryMiB(text)).toBe(mib);
  });
  it.each(['', 'much', '-1g', '1,5g', '1 Gigabyte', 'Infinity', '8gg', '0', '1k', '2 PiB'])('%j is refused', (text) => {
    expect(errorOf(() => parseMemoryMiB(text, 'resources.memory'))).toMatchObject({
      code: 'invalid_config',
      path: 'resources.memory',
    });
  });
  it('explains a forgotten unit', () => {
    expect(errorOf(() => parseMemoryMiB('20')).message).toContain('has no unit');
  });
});

describe('many unknown keys', () => {
  const unknown = (count: number): Record<string, unknown> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`entrypoint${index}`, 1]));

  it('are counted, and the first are explained', () => {
    const { message } = errorOf(() => validateConfig(unknown(5_000)));
    expect(message).toContain('Did you mean "entrypoint"?');
    expect(message).toMatch(/And 4996 more\.$/);
  });

  it('are not even looked at where they are more than a configuration can have', () => {
    expect(errorOf(() => validateConfig(unknown(200_000)))).toMatchObject({ code: 'invalid_config' });
    expect(
      errorOf(() => validateConfig({ entrypoint: 'x', hyperparameters: { a: Array(10_001).fill(1) } })),
    ).toMatchObject({
      message: expect.stringContaining('more than 10000 values'),
    });
  });
});

it('suggest finds near words only', () => {
  expect(suggest('entripoint', ['environment', 'entrypoint'])).toBe('entrypoint');
  expect(suggest('Max-Restarts', ['max_restarts'])).toBe('max_restarts');
  expect(suggest('banana', ['slots', 'pool'])).toBeNull();
});
