import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { checkProgramInCopy } from '../../../electron/experiments/program-in-copy.ts';

it('refuses a program that was left out of the snapshot', () => {
  const sourceDir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-program-'));
  try {
    for (const file of ['run.sh', 'venv/bin/python']) {
      mkdirSync(path.dirname(path.join(sourceDir, file)), { recursive: true });
      writeFileSync(path.join(sourceDir, file), 'x');
    }
    const isInCopy = (at: string): boolean => path.posix.normalize(at) === 'run.sh';
    expect(() => {
      checkProgramInCopy(['venv/bin/python', 'a.py'], 'process', sourceDir, isInCopy);
    }).toThrow('venv/bin/python is not part of the snapshot');
    for (const entrypoint of [['./run.sh'], ['bin/never-there'], ['python'], 'venv/bin/python a.py'])
      checkProgramInCopy(entrypoint, 'process', sourceDir, isInCopy);
    checkProgramInCopy(['venv/bin/python'], 'docker', sourceDir, isInCopy);
  } finally {
    rmSync(sourceDir, { recursive: true, force: true });
  }
});
