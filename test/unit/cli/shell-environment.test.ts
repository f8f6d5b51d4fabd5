/** A command runs as if it had been typed in the shell it was submitted from. */
import { describe, expect, it } from 'vitest';
import { addShellEnvironment, takeShellEnvironment } from '../../../electron/cli/shell-environment.ts';

const shell = {
  PATH: '/home/me/venv/bin:/p/node_modules/.bin:/n/node-gyp-bin:tools:/usr/bin',
  VIRTUAL_ENV: '/home/me/venv',
  PYTHONPATH: 'lib:/opt/lib',
  CUDA_HOME: '',
  HOME: '/home/me',
  SECRET_TOKEN: 's',
};
const variablesOf = (config: Record<string, unknown>): unknown => {
  addShellEnvironment(config, shell, '/w');
  return (config['environment'] as { environment_variables?: unknown } | undefined)?.environment_variables;
};

describe('the environment of the shell', () => {
  it('is its PATH and what an activated environment sets, nothing of npm and no secrets', () => {
    expect(takeShellEnvironment(shell, '/w')).toEqual({
      PATH: '/home/me/venv/bin:/w/tools:/usr/bin',
      VIRTUAL_ENV: '/home/me/venv',
      PYTHONPATH: '/w/lib:/opt/lib',
    });
  });
  it('gives way to what the configuration sets', () => {
    expect(variablesOf({ environment: { environment_variables: { PATH: '/mine', A: '1' } } })).toEqual({
      PATH: '/mine',
      VIRTUAL_ENV: '/home/me/venv',
      PYTHONPATH: '/w/lib:/opt/lib',
      A: '1',
    });
  });
  it.each([
    [{ environment: { image: 'python:3' } }, undefined],
    [{ runtime: 'docker' }, undefined],
    [{ environment: 'wrong' }, undefined],
    [{ runtime: 'process', environment: { image: 'x' } }, expect.objectContaining({ VIRTUAL_ENV: '/home/me/venv' })],
  ])('%j', (config, expected) => {
    expect(variablesOf(config)).toEqual(expected);
  });
});
