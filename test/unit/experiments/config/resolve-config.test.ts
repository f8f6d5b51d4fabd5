import { describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../../../electron/contract/errors.ts';
import type { MachineFacts } from '../../../../electron/experiments/config/resolve-config.ts';
import { resolveTrial } from '../../../../electron/experiments/config/resolve-config.ts';
import { parseConfigYaml } from '../../../../electron/experiments/config/parse-config.ts';

const gpu = (index: number, totalMiB = 24_576) => ({ label: `GPU ${index}`, name: 'NVIDIA RTX A5000', totalMiB });
const facts: MachineFacts = {
  pools: [
    { id: 'workstation', kind: 'local', slots: [gpu(0), gpu(1)] },
    { id: 'night', kind: 'local', slots: [] },
  ],
  defaultPoolId: 'workstation',
  gpusKnown: true,
  dockerAvailable: true,
  dockerProblem: null,
  random: () => 0,
};
const noGpus: MachineFacts = { ...facts, pools: [{ id: 'workstation', kind: 'local', slots: [] }] };
const resolve = (yaml: string, machine = facts) =>
  resolveTrial(parseConfigYaml(`entrypoint: python train.py\n${yaml}`).config, machine);
const codeOf = (yaml: string, machine = facts): string => {
  try {
    resolve(yaml, machine);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    expect(error.message.length).toBeGreaterThan(20);
    expect(error.remedy).toBeTruthy();
    return error.code;
  }
};

describe('resolveTrial', () => {
  it('runs a string through a sh that lets its program end first, and keeps a list as it is', () => {
    expect(resolve('').spec.argv).toEqual(['sh', '-c', "trap 'exit 143' TERM\npython train.py"]);
    const { spec } = resolveTrial(parseConfigYaml("entrypoint: [python, train.py, 'a b', \"it's\"]").config, facts);
    expect(spec.argv).toEqual(['python', 'train.py', 'a b', "it's"]);
    expect(spec.command).toBe("python train.py 'a b' 'it'\\''s'");
  });

  it('says of a pool elsewhere what happens there, whether or not there is Docker here', () => {
    const lab: MachineFacts = {
      ...facts,
      pools: [...facts.pools, { id: 'lab', kind: 'ssh', slots: [] }],
      dockerAvailable: false,
    };
    const notes = (yaml: string) => resolve(`resources: {pool: lab}\n${yaml}`, lab).notes.join(' ');
    expect(notes('')).toContain('a machine of pool lab');
    expect(notes('')).not.toContain('this machine');
    expect(notes('environment: {image: x}')).not.toContain('not used');
    expect(codeOf('resources: {pool: lab}\nruntime: docker', lab)).toBe('invalid_config');
  });

  it("keeps the image's own where that is asked for, and its command where there is none", () => {
    const of = (yaml: string) => resolveTrial(parseConfigYaml(yaml).config, facts).spec;
    expect(resolve('environment: {image: x}').spec).not.toHaveProperty('ofImage');
    expect(resolve('environment: {image: x, user: image, workdir: image}').spec.ofImage).toEqual(['user', 'workdir']);
    expect(of('entrypoint: [--epochs, "3"]\nenvironment: {image: x, entrypoint: image}')).toMatchObject({
      ofImage: ['entrypoint'],
      argv: ['--epochs', '3'],
      command: '--epochs 3',
    });
    expect(of('entrypoint: []\nenvironment: {image: team/x, entrypoint: image}')).toMatchObject({
      argv: [],
      command: 'team/x',
    });
    expect(() => of('entrypoint: []\nenvironment: {image: x}')).toThrow('is empty');
    expect(() => of('entrypoint: []\nruntime: process\nenvironment: {image: x, entrypoint: image}')).toThrow(
      'There is no command to run',
    );
    expect(() => resolve('environment: {image: x, user: root}')).toThrow('is not one of image');
  });

  it('takes one GPU where there are GPUs and none where there are none, and says so', () => {
    expect(resolve('').spec.ask.slots).toBe(1);
    const without = resolve('', noGpus);
    expect(without.spec.ask.slots).toBe(0);
    expect(without.notes.join(' ')).toContain('without a GPU');
    expect(resolve('resources: {pool: night}').spec.ask.slots).toBe(0);
  });

  it('refuses more GPUs than the pool has, with what it has', () => {
    expect(() => resolve('resources: {slots: 3}')).toThrow(
      'asks for 3 GPUs, but pool workstation has 2: GPU 0 (NVIDIA RTX A5000), GPU 1 (NVIDIA RTX A5000).',
    );
    expect(codeOf('resources: {slots: 1}', noGpus)).toBe('too_many_slots');
    expect(codeOf('resources: {slots: 1}', { ...noGpus, gpusKnown: false })).toBe('accepted');
    expect(codeOf('resources: {slots: 2, max_slots: 1}')).toBe('invalid_slots');
    expect(codeOf('resources: {slots: 0, min_gpu_memory: 4g}')).toBe('invalid_slots');
    expect(codeOf('resources: {pool: worksation}')).toBe('invalid_config');
  });

  it('waits for a GPU where the GPUs cannot be read, and says so, instead of going to the CPU', () => {
    const blind = resolve('', { ...noGpus, gpusKnown: false });
    expect(blind.spec.ask.slots).toBe(1);
    expect(blind.notes.join(' ')).toContain('cannot be read now');
    expect(resolve('resources: {slots: 0}', { ...noGpus, gpusKnown: false }).spec.ask.slots).toBe(0);
    expect(resolve('', noGpus).spec.ask.slots).toBe(0);
  });

  it('takes docker for an image and the process runtime without one', () => {
    expect(resolve('')).toMatchObject({ runtime: 'process', spec: { runtime: null, image: null } });
    expect(resolve('environment: {image: " python:3-slim "}')).toMatchObject({
      runtime: 'docker',
      spec: { runtime: null, image: 'python:3-slim' },
      notes: [],
    });
    expect(codeOf('runtime: docker')).toBe('invalid_config');
    expect(codeOf('environment: {image: x}', { ...facts, dockerAvailable: false })).toBe('runtime_unavailable');
    const plain = resolve(
      'environment: {image: x}\nruntime: process\nmounts: [{host_path: /a, container_path: /b}]\nresources: {memory: 4g}',
    );
    expect(plain).toMatchObject({ runtime: 'process', spec: { runtime: 'process', image: 'x' } });
    expect(plain.notes).toHaveLength(3);
  });

  it('caps shared memory by memory', () => {
    const limits = (yaml: string) => resolve(yaml).spec.limits;
    expect(limits('').shmMiB).toBe(8192);
    expect(limits('resources: {memory: 2g}')).toMatchObject({ memoryMiB: 2048, shmMiB: 2048 });
    expect(limits('resources: {memory: 2g, shm_size: 1g}').shmMiB).toBe(1024);
  });

  it('notes a hyperparameter that the command names and nobody set', () => {
    const notes = (yaml: string): string => resolveTrial(parseConfigYaml(yaml).config, facts).notes.join(' ');
    expect(notes('entrypoint: python train.py --lr {lr}')).toContain('no hyperparameter lr, so {lr} stays');
    expect(notes('entrypoint: python train.py --lr {lr}\nhyperparameters: {lr: 0.1}')).not.toContain(
      'no hyperparameter',
    );
  });
  it('notes what only a larger or another GPU could meet', () => {
    const large = { id: 'large', kind: 'local' as const, slots: [{ ...gpu(2), totalMiB: 81_920 }] };
    expect(
      resolve('resources: {min_gpu_memory: 40g}', { ...facts, pools: [...facts.pools, large] }).notes.join(' '),
    ).toContain('Only 0 of 2 GPUs of pool workstation have 40 GiB');
    expect(resolve('resources: {gpu_name: "*H100*"}').notes.join(' ')).toContain('match "*H100*"');
    expect(resolve('resources: {gpu_name: "nvidia rtx a?000"}').notes.join(' ')).not.toContain('match');
  });

  it('refuses more memory than any GPU has, unless there may be one', () => {
    const asks = (yaml: string): string => `resources: {${yaml}}`;
    expect(() => resolve(asks('min_gpu_memory: 200g'))).toThrow(
      /asks for a GPU with 200 GiB, which no pool has: the largest is GPU 0 \(NVIDIA RTX A5000\) with 2\d.* GiB\.$/,
    );
    expect(() => resolve(asks('slots: 2, share: 200g'))).toThrow(/asks for 2 GPUs with 200 GiB each/);
    expect(codeOf(asks('min_gpu_memory: 200g'))).toBe('too_many_slots');
    const totals = (...totalMiB: (number | null)[]): MachineFacts => ({
      ...facts,
      pools: [{ id: 'workstation', kind: 'local', slots: totalMiB.map((each, n) => ({ ...gpu(n), totalMiB: each })) }],
    });
    // What a card of 24 GiB says of itself.
    expect(() => resolve(asks('min_gpu_memory: 24g'), totals(24_564))).toThrow(/with 24,576 MiB.* with 24,564 MiB/);
    expect(codeOf(asks('slots: 2, min_gpu_memory: 40g'), totals(48_000, 24_000))).toBe('too_many_slots');
    for (const [yaml, machine] of [
      ['slots: 1, min_gpu_memory: 40g', totals(48_000, 24_000)],
      ['slots: 2, min_gpu_memory: 40g', totals(48_000, null)],
      ['min_gpu_memory: 200g', { ...facts, gpusKnown: false }],
      ['min_gpu_memory: 200g', { ...facts, pools: [...facts.pools, { id: 'far', kind: 'cloud', slots: [] }] }],
      ['slots: 0, memory: 200g', facts],
    ] as const)
      expect(codeOf(asks(yaml), machine)).toBe('accepted');
  });

  it('tells of a name what the scheduler will do with it', () => {
    // A part of the name finds the card there, so here nothing may be said of waiting.
    const slots = [0, 1].map((index) => ({ ...gpu(index), name: 'NVIDIA GeForce RTX 4090' }));
    const machine: MachineFacts = { ...facts, pools: [{ id: 'workstation', kind: 'local', slots }] };
    expect(resolve('resources: {gpu_name: "4090"}', machine).notes.join(' ')).not.toContain('match');
    expect(resolve('resources: {gpu_name: "3090"}', machine).notes.join(' ')).toContain('Only 0 of 2 GPUs');
  });

  it('names it after the command and the directory, and makes up a name where they say nothing', () => {
    expect(resolve('').name).toBe('train.py');
    const nothing = parseConfigYaml('entrypoint: $X').config;
    expect(resolveTrial(nothing, facts, '/home/me/proj/').name).toBe('proj');
    expect(resolveTrial(nothing, { ...facts, random: () => 0.999_999 }).name).toMatch(/^[a-z]+-[a-z]+-99$/);
  });
});
