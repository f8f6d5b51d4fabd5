import { describe, expect, it } from 'vitest';
import { chooseRuntime, createRuntimeChooser } from '../../../electron/queue/choose-runtime.ts';

describe('chooseRuntime', () => {
  it.each([
    [null, null, 'process'],
    [null, 'python:3', 'docker'],
    ['process', null, 'process'],
    ['process', 'python:3', 'process'],
    ['docker', 'python:3', 'docker'],
    ['docker', null, 'docker'],
  ] as const)('on a workstation: asked for %j with image %j, it is %s', (runtime, image, chosen) => {
    expect(chooseRuntime({ kind: 'local' }, { runtime, image })).toBe(chosen);
  });

  it('looks a pool up once, and one that is not there every time', () => {
    const looked: string[] = [];
    const choose = createRuntimeChooser((poolId) => {
      looked.push(poolId);
      return poolId === 'gone' ? null : { kind: 'local' };
    });
    const spec = { runtime: null, image: null };
    for (const poolId of ['here', 'here', 'gone', 'gone']) expect(choose({ poolId, spec })).toBe('process');
    expect(looked).toEqual(['here', 'gone', 'gone']);
  });
});
