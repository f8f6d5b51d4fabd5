import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExperimentConfig } from '../../../electron/contract/config.ts';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { resolveTrial } from '../../../electron/experiments/config/resolve-config.ts';
import { chooseExampleRuntime, listExamples, loadExample } from '../../../electron/experiments/examples.ts';
import { keysKnownAt } from '../../../electron/experiments/config/config-keys.ts';
import { parseConfigYaml, validateConfig } from '../../../electron/experiments/config/parse-config.ts';
import { pickLatestCheckpoint } from '../../../electron/trials/files/checkpoints.ts';
import { parseReportLine } from '../../../electron/trials/reports/report-lines.ts';
import { EXAMPLES_DIR, HELPER_DIR, pythonVersion } from '../resources/python.ts';

const run = promisify(execFile);

describe('examples', () => {
  it('lists the bundled example, which every machine can run', async () => {
    const [digits, ...others] = await listExamples(EXAMPLES_DIR);
    expect(others).toEqual([]);
    expect(digits).toMatchObject({ id: 'digits', title: 'Handwritten digits' });
    const facts = {
      pools: [{ id: 'workstation', kind: 'local' as const, slots: [] }],
      defaultPoolId: 'workstation',
      gpusKnown: true,
      dockerProblem: null,
      random: () => 0,
    };
    if (digits === undefined) throw new Error('no example');
    const resolved = (dockerAvailable: boolean) =>
      resolveTrial(validateConfig(chooseExampleRuntime(digits, dockerAvailable)).config, {
        ...facts,
        dockerAvailable,
      });
    expect(resolved(false)).toMatchObject({
      runtime: 'process',
      spec: { ask: { slots: 0 }, argv: ['python3', 'train.py'] },
    });
    expect(resolved(true)).toMatchObject({ runtime: 'docker', spec: { image: 'python:3-slim' }, notes: [] });
  });

  it('a configuration with every field is there to start from, valid with and without those that are off', () => {
    const text = readFileSync(path.join(EXAMPLES_DIR, 'switchyard.yaml'), 'utf8');
    const allOn = text
      .replace('mounts: []\n', '')
      .replaceAll(/^(\s*)#(?! )(.*)$/gm, '$1$2')
      .replaceAll(/^#( {2,}(?:- )?\w+: .*)$/gm, '$1');
    const { config } = parseConfigYaml(text);
    expect(config).toMatchObject({
      max_restarts: 0,
      grace_period_s: 60,
      resources: { priority: 42, weight: 1, preemptible: true },
    });
    const full = parseConfigYaml(allOn).config;
    expect(Object.keys(full).toSorted()).toEqual(Object.keys(ExperimentConfig.shape).toSorted());
    expect(Object.keys(full.resources).toSorted()).toEqual(keysKnownAt(['resources']).toSorted());
    expect(Object.keys(full.environment).toSorted()).toEqual(keysKnownAt(['environment']).toSorted());
    expect(Object.keys(full.mounts[0] ?? {}).toSorted()).toEqual(keysKnownAt(['mounts']).toSorted());
  });

  it.each(['..', '../digits', 'digits/', 'nope', '', 'a\0b', 'DIGITS'])('%j is no example', async (id) => {
    await expect(loadExample(EXAMPLES_DIR, id)).rejects.toThrow(SwitchyardError);
  });

  it('ships the data it says it ships, with its licence', () => {
    const rows = gunzipSync(readFileSync(path.join(EXAMPLES_DIR, 'digits/digits.csv.gz')))
      .toString()
      .trim()
      .split('\n')
      .map((row) => row.split(',').map(Number));
    expect(rows).toHaveLength(1797);
    expect(
      rows.every(
        (row) =>
          row.length === 65 && row.slice(0, 64).every((pixel) => pixel >= 0 && pixel <= 16) && (row[64] ?? 99) <= 9,
      ),
    ).toBe(true);
    expect(readFileSync(path.join(EXAMPLES_DIR, 'digits/README.md'), 'utf8')).toMatch(
      /CC BY 4\.0[^]*10\.24432\/C50P49|10\.24432\/C50P49[^]*CC BY 4\.0/,
    );
  });
});

describe.skipIf(pythonVersion === null)('the digits example (needs python3)', () => {
  let dir: string;
  let env: Record<string, string>;
  beforeEach(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-digits-'));
    cpSync(path.join(EXAMPLES_DIR, 'digits'), path.join(dir, 'work'), { recursive: true });
    writeFileSync(path.join(dir, 'hparams.json'), '{"epochs": 2, "hidden": 32, "lr": 0.03, "seed": 1}');
    env = {
      PATH: process.env['PATH'] ?? '',
      PYTHONPATH: HELPER_DIR,
      PYTHONDONTWRITEBYTECODE: '1',
      SWITCHYARD_TRIAL_ID: '1',
      SWITCHYARD_HPARAMS: path.join(dir, 'hparams.json'),
    };
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const trial = (name: string): Record<string, string> => {
    const base = path.join(dir, name);
    mkdirSync(path.join(base, 'checkpoints'), { recursive: true });
    return {
      ...env,
      SWITCHYARD_CHECKPOINT_DIR: path.join(base, 'checkpoints'),
      SWITCHYARD_OUTPUT_DIR: base,
      SWITCHYARD_REPORT_FILE: path.join(base, 'reports.jsonl'),
      SWITCHYARD_STOP_FILE: path.join(base, 'stop'),
    };
  };
  const options = (environment: Record<string, string>) => ({ cwd: path.join(dir, 'work'), env: environment });
  const resultOf = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(path.join(dir, name, 'result.json')))
      .digest('hex');

  // It really learns, three times: how long that takes is a question of what else the machine does.
  it('learns, and a run that was stopped and resumed ends with exactly the same result', async () => {
    await run('python3', ['train.py'], options(trial('whole')));
    const result = JSON.parse(readFileSync(path.join(dir, 'whole/result.json'), 'utf8')) as { accuracy: number };
    expect(result.accuracy).toBeGreaterThan(0.9);
    const records = readFileSync(path.join(dir, 'whole/reports.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map(parseReportLine);
    expect(new Set(records.flatMap((record) => (record?.t === 'metrics' ? Object.keys(record.values) : [])))).toEqual(
      new Set(['train/loss', 'val/loss', 'val/accuracy', 'epoch']),
    );
    expect(records.at(-1)).toMatchObject({ t: 'progress', value: 1 });

    const paused = trial('paused');
    const child = spawn('python3', ['train.py'], options(paused));
    let output = '';
    for await (const piece of child.stdout) {
      output += String(piece);
      if (output.includes('epoch  1 of 2')) child.kill('SIGTERM');
    }
    expect(output).toContain('stopped as asked');
    const latest = await pickLatestCheckpoint(path.join(dir, 'paused/checkpoints'));
    expect(latest?.step).toBeGreaterThanOrEqual(1437);
    const { stdout } = await run(
      'python3',
      ['train.py'],
      options({ ...paused, SWITCHYARD_LATEST_CHECKPOINT: latest?.path ?? '' }),
    );
    expect(stdout).toContain(`going on at step ${latest?.step}`);
    expect(resultOf('paused')).toBe(resultOf('whole'));
  }, 120_000);
});
