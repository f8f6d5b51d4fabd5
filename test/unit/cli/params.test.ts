/** `switchyard params` and `preview-search`: what files mean, without an engine. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cli } from './fake-engine.ts';
import type { CliResult } from './fake-engine.ts';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-params-'));
  fs.writeFileSync(path.join(directory, 'params.yaml'), 'lr: 0.1 # slow\nseed: 1\n');
});
afterEach(() => fs.rmSync(directory, { recursive: true }));
const run = (...argv: string[]): Promise<CliResult> => cli(directory, ['params', ...argv], { cwd: directory });

it('prints the changed file byte for byte and writes nothing', async () => {
  expect(await run('-S', 'lr=0.2')).toMatchObject({ exitCode: 0, out: 'lr: 0.2 # slow\nseed: 1\n' });
  expect(fs.readFileSync(path.join(directory, 'params.yaml'), 'utf8')).toBe('lr: 0.1 # slow\nseed: 1\n');
});

it('lists the variants of a sweep, over files too; --json has the data', async () => {
  const argv = ['-S', 'lr=0.2,0.3', '-S', 'new.json:+a=range(2)'];
  expect((await run(...argv)).out).toBe(
    [
      '1  params.yaml:lr=0.2  new.json:+a=0',
      '2  params.yaml:lr=0.2  new.json:+a=1',
      '3  params.yaml:lr=0.3  new.json:+a=0',
      '4  params.yaml:lr=0.3  new.json:+a=1',
      '',
    ].join('\n'),
  );
  const { variants } = JSON.parse((await run('--json', ...argv)).out) as {
    variants: { files: Record<string, { data: unknown }> }[];
  };
  expect(variants[3]?.files).toMatchObject({
    'params.yaml': { data: { lr: 0.3, seed: 1 } },
    'new.json': { data: { a: 1 } },
  });
});

it('shows where a slip is, with the near key, and ends with 2', async () => {
  expect(await run('-S', 'sed=2')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining("did you mean 'seed'?") as string,
  });
  expect(await run('-S', 'lr=[1,2')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('  lr=[1,2\n         ^') as string,
  });
  expect(await run('missing.yaml', '-S', '+a=1')).toMatchObject({ exitCode: 3 });
  expect(await run()).toMatchObject({ exitCode: 2 });
});

it('ends with 2 for a file without end and for one that is nested too deep', async () => {
  fs.symlinkSync('/dev/zero', path.join(directory, 'endless.yaml'));
  expect(await run('endless.yaml', '-S', 'a=1')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('larger than') as string,
  });
  fs.writeFileSync(path.join(directory, 'deep.json'), '['.repeat(200_000) + ']'.repeat(200_000));
  expect(await run('deep.json', '-S', 'a=1')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('nested more than 200 deep') as string,
  });
});

it('previews a search: trials and how long they run; a slip is told with its place', async () => {
  const searcher = {
    name: 'adaptive_asha',
    metric: 'loss',
    max_rungs: 10,
    divisor: 3,
    time_metric: 'step',
    max_time: 900,
    max_trials: 10,
  };
  fs.writeFileSync(path.join(directory, 's.yaml'), JSON.stringify({ searcher }));
  expect((await cli(directory, ['preview-search', 's.yaml'], { cwd: directory })).out).toBe(
    [
      '10 trials. Where every rung keeps only as many as it must:',
      'TRIALS  RUN FOR',
      '     5      100',
      '     3      300',
      '     2      900',
      '',
    ].join('\n'),
  );
  fs.writeFileSync(path.join(directory, 's.yaml'), JSON.stringify({ searcher: { ...searcher, max_trails: 1 } }));
  expect(await cli(directory, ['preview-search', 's.yaml'], { cwd: directory })).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining(
      "s.yaml: searcher.max_trails: not known for adaptive_asha; did you mean 'max_trials'?",
    ) as string,
  });
});
