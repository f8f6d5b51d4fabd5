import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { chooseEnvironment } from '../../../electron/cloud/choose-environment.ts';

const choose = (...files: string[]): ReturnType<typeof chooseEnvironment> =>
  chooseEnvironment({ files: new Set(files), active: null });

describe('which commands bring the environment of a project along', () => {
  it.each([
    [['uv.lock', 'pyproject.toml', 'requirements.txt'], 'uv.lock', 'sync --frozen'],
    [['pylock.toml', 'pyproject.toml'], 'pylock.toml', '-r pylock.toml'],
    [
      ['requirements.txt', 'pyproject.toml', 'environment.yml'],
      'requirements.txt',
      'pip install --disable-pip-version-check -r requirements.txt',
    ],
    [['environment.yaml', 'setup.py'], 'environment.yaml', 'conda env create'],
    [['pyproject.toml', 'setup.py'], 'pyproject.toml', 'pip install --disable-pip-version-check .'],
    [['setup.py'], 'setup.py', 'pip install --disable-pip-version-check .'],
  ])('of %j it follows %s', (files, from, part) => {
    const chosen = choose(...files);
    expect(chosen.from).toBe(from);
    expect(chosen.script).toContain(part);
    // A shell takes it, and it is made once for all that share it.
    execFileSync('sh', ['-n'], { input: chosen.script ?? '' });
    expect(chosen.script).toContain('if [ ! -e "$SWITCHYARD_ENV/.ready" ]');
  });

  it('says what it could not find, and what it does not bring', () => {
    expect(choose('train.py')).toMatchObject({
      script: null,
      notes: [expect.stringContaining('Nothing says what the project needs')],
    });
    expect(choose('poetry.lock', 'pyproject.toml').notes).toEqual([expect.stringContaining('poetry.lock is not read')]);
    expect(choose('environment.yml').notes).toEqual(['It needs conda on that machine.']);
    // A lock without the project it belongs to says nothing.
    expect(choose('uv.lock').script).toBeNull();
  });

  it('takes the versions of the active environment where the project says nothing, and no word that is more than one', () => {
    const chosen = chooseEnvironment({
      files: new Set(['train.py']),
      active: ['numpy==2.1.0', 'mine @ file:///home/me/mine', 'evil==1; rm -rf ~', 'torch==2.5.1+cu124'],
    });
    expect(chosen.script).toContain('numpy==2.1.0 torch==2.5.1+cu124');
    expect(chosen.script).not.toContain('rm -rf');
    expect(chosen.notes).toHaveLength(2);
  });
});
