/** What an experiment is called when nobody named it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateName, nameAfter } from '../../../../electron/experiments/config/names.ts';

describe('the name of an experiment nobody named', () => {
  it.each([
    [['python', 'train.py', '--config', 'b.yaml'], 'proj', 'proj: train.py'],
    [['/venv/bin/python', '-u', 'src/train.py'], 'proj', 'proj: train.py'],
    ['python train.py | tee log', null, 'train.py'],
    [['torchrun', '--nproc-per-node', '2', 'main.py'], 'x', 'x: main.py'],
    [['python', '-m', 'pkg.train', '--lr', '1'], 'x', 'x: pkg.train'],
    [['python', '-m', 'torch.distributed.run', 'a.py'], null, 'a.py'],
    ['CUDA_LAUNCH_BLOCKING=1 ./run.sh', 'x', 'x: run.sh'],
    [['sleep', '60'], null, 'sleep'],
    ['exec nice sleep 60', null, 'sleep'],
    [['python', '-c', 'print(1)'], 'x', 'x: python'],
    [['./a.out'], '', 'a.out'],
    ['$(cat cmd)', 'proj', 'proj: cat'],
    ['$X', 'proj', 'proj'],
    ['$X', null, null],
    [['a\u001B[2Jb.py'], null, 'a [2Jb.py'],
  ])('%j in %j is %j', (entrypoint, directory, name) => {
    expect(nameAfter(entrypoint, directory)).toBe(name);
  });
  it('is never empty, too long or unreadable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.string())), fc.option(fc.string()), (entrypoint, directory) => {
        const name = nameAfter(entrypoint, directory);
        expect(
          name === null || (name.trim() === name && name.length > 0 && name.length <= 80 && !/\p{Cc}/u.test(name)),
        ).toBe(true);
      }),
    );
    expect(generateName(() => 0)).toMatch(/^[a-z]+-[a-z]+-\d\d$/);
  });
});
