/** A missing program is told at submit, with what is there instead. */
import { describe, expect, it } from 'vitest';
import { noteProgram } from '../../../electron/experiments/program.ts';

const nothing = (nearby: string | null) => () => ({ path: null, nearby, searched: '/bin' }) as const;
const refusal = (name: string, nearby: string | null, env: Record<string, string> = { PATH: '/bin' }): unknown => {
  try {
    return noteProgram([name], 'process', env, nothing(nearby));
  } catch (error) {
    return error;
  }
};

describe('the program of a trial', () => {
  it('is named when it is found', () => {
    expect(noteProgram(['python', 'a.py'], 'process', {}, () => ({ path: '/v/bin/python' }))).toEqual([
      'Uses /v/bin/python.',
    ]);
  });
  it('is refused with a remedy when it is not', () => {
    expect(refusal('python', 'python3')).toMatchObject({
      code: 'command_missing',
      message: 'There is no program "python" on the PATH.',
      remedy: expect.stringContaining('python3 is there') as string,
    });
    expect(refusal('train.py', null)).toMatchObject({ remedy: expect.stringContaining('python3 train.py') as string });
    expect(refusal('x', null, {})).toMatchObject({
      message: expect.stringContaining('of the engine') as string,
      remedy: expect.stringContaining('/bin') as string,
    });
  });
  it('is looked for in a line for the shell too', () => {
    expect(() => noteProgram('pyhton a.py --lr 0.1', 'process', { PATH: '/bin' }, nothing('python3'))).toThrow(
      'There is no program "pyhton"',
    );
  });
  it.each([
    ['python a.py || true', 'process'],
    ['cd src && python a.py', 'process'],
    [['./run.sh'], 'process'],
    [['python'], 'docker'],
  ] as const)('%j in %s is not judged', (entrypoint, runtime) => {
    expect(noteProgram(entrypoint, runtime, {}, nothing(null))).toEqual([]);
  });
});
