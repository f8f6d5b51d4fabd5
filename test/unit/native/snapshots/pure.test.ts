import { expect, it } from 'vitest';
import { forEachBounded } from '../../../../native/snapshots/bounded.ts';
import { judgePath, ROOT_RULES } from '../../../../native/snapshots/ignore-rules.ts';
import { findLargest } from '../../../../native/snapshots/largest-paths.ts';

it('sums what is too large by directory, as deep as it says something', () => {
  const files = [
    ...Array.from({ length: 30 }, (_, index) => ({ path: `data/raw/part-${index}`, bytes: 100 })),
    { path: 'data/readme', bytes: 1 },
    { path: 'a.bin', bytes: 500 },
    { path: 'src/a.py', bytes: 2 },
    { path: 'src/b.py', bytes: 2 },
  ];
  expect(findLargest(files, 3)).toEqual([
    { path: 'data/raw/', bytes: 3000, files: 30 },
    { path: 'a.bin', bytes: 500, files: null },
    { path: 'src/', bytes: 4, files: 2 },
  ]);
});

it('forEachBounded keeps to its bound and passes the first error on', async () => {
  let now = 0;
  let most = 0;
  await forEachBounded(Array.from({ length: 50 }), 4, async () => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now--;
  });
  expect(most).toBe(4);
  await expect(
    forEachBounded([1, 2, 3], 2, (n) => (n === 2 ? Promise.reject(new Error('two')) : Promise.resolve())),
  ).rejects.toThrow('two');
});

it('our own rules speak of every name they are written for', () => {
  const left = ['__pycache__/', 'a.pyc', 'a.pyo', 'a$py.class', '.mypy_cache/', '.pytest_cache/', '.ruff_cache/'];
  const more = ['.ipynb_checkpoints/', '.idea/', '.vscode/', '.DS_Store', 'node_modules/', 'wandb/', 'mlruns/'];
  for (const name of [...left, ...more])
    expect([name, judgePath(ROOT_RULES, name.replace('/', ''), name.endsWith('/')).kind]).toEqual([name, 'left out']);
  for (const name of ['a.py', 'wandb.py', 'node_modules', 'sub/mlruns/', 'a.pycx', 'idea/'])
    expect([name, judgePath(ROOT_RULES, name.replace(/[/]$/, ''), name.endsWith('/')).kind]).toEqual([name, 'kept']);
});
