/** The stages of `npm test`, in order. Each says how many tests passed, failed and were skipped. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { findChromium } from './components.ts';
import { countPlaywright, countVitest } from './count-results.ts';
import type { Counts } from './count-results.ts';
import { ROOT, runCommand } from './run-command.ts';

export interface StageResult extends Counts {
  /** Shown when the stage failed. */
  readonly output: string;
  /** One line each: why something was skipped. */
  readonly notes: readonly string[];
}

export interface Stage {
  readonly name: string;
  run(): Promise<StageResult>;
}

/** Machine-readable reports and screenshots of the latest run. */
export const RESULTS_DIR = path.join(ROOT, 'test-results');

const tool = (...parts: string[]): string => path.join(ROOT, 'node_modules', ...parts);
const MINUTE = 60_000;

/** A stage that is one program and counts as one test. */
function checkStage(name: string, command: readonly string[], timeLimitMs: number): Stage {
  return {
    name,
    run: async () => {
      const result = await runCommand(command, { timeLimitMs, env: { NO_COLOR: '1' } });
      const ok = result.exitCode === 0;
      return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, output: result.output, notes: [] };
    },
  };
}

function vitestStage(name: string, timeLimitMs: number, env: NodeJS.ProcessEnv = {}): Stage {
  return {
    name,
    run: async () => {
      const report = path.join(RESULTS_DIR, `${name}.json`);
      rmSync(report, { force: true });
      const command = [
        process.execPath,
        tool('vitest', 'vitest.mjs'),
        'run',
        '--project',
        name,
        '--passWithNoTests',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ];
      const result = await runCommand(command, { timeLimitMs, env: { NO_COLOR: '1', ...env } });
      return finish(
        result.output,
        result.exitCode,
        existsSync(report) ? countVitest(readFileSync(report, 'utf8')) : null,
      );
    },
  };
}

/** A runner that failed without a failed test (crash, time-out, unhandled error) is one failure. */
function finish(
  output: string,
  exitCode: number | null,
  counted: (Counts & { readonly notes: readonly string[] }) | null,
): StageResult {
  const counts = counted ?? { passed: 0, failed: 0, skipped: 0, notes: [] };
  const broken = (exitCode !== 0 || counted === null) && counts.failed === 0;
  return { ...counts, failed: counts.failed + (broken ? 1 : 0), output };
}

const e2eStage: Stage = {
  name: 'e2e',
  run: async () => {
    const config = path.join(ROOT, 'test', 'e2e', 'playwright.config.ts');
    const report = path.join(RESULTS_DIR, 'e2e.json');
    rmSync(report, { force: true });
    const chromium = findChromium();
    const playwright = [process.execPath, tool('@playwright', 'test', 'cli.js'), 'test', '-c', config];
    const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: report, PLAYWRIGHT_JSON_OUTPUT_FILE: report, FORCE_COLOR: '0' };
    if (chromium === null && process.env['E2E_SHELL'] !== 'electron') {
      const list = await runCommand([...playwright, '--list', '--reporter=json'], { timeLimitMs: MINUTE, env });
      const count = existsSync(report) ? countPlaywright(readFileSync(report, 'utf8')).total : 1;
      const why = 'no Chromium on this machine: install it, or name one in SWITCHYARD_CHROMIUM';
      if (process.env['CI'] === 'true')
        return { passed: 0, failed: count, skipped: 0, output: `${why}\n${list.output}`, notes: [] };
      return { passed: 0, failed: 0, skipped: count, output: '', notes: [why] };
    }
    const shell = chromium === null ? {} : { SWITCHYARD_CHROMIUM: chromium };
    const result = await runCommand([...playwright, '--reporter=list,json'], {
      timeLimitMs: 25 * MINUTE,
      env: { ...env, ...shell },
    });
    return finish(
      result.output,
      result.exitCode,
      existsSync(report) ? countPlaywright(readFileSync(report, 'utf8')) : null,
    );
  },
};

/** @param rounds how often the recovery suite kills an engine */
export function listStages(rounds: number): Stage[] {
  mkdirSync(RESULTS_DIR, { recursive: true });
  const tsc = [process.execPath, tool('typescript', 'bin', 'tsc')];
  return [
    checkStage('build', [process.execPath, tool('electron-vite', 'bin', 'electron-vite.js'), 'build'], 3 * MINUTE),
    checkStage(
      'build-node',
      [process.execPath, path.join(ROOT, 'resources', 'packaging', 'build-programs.ts'), 'cli', 'engine'],
      2 * MINUTE,
    ),
    checkStage('types', [...tsc, '-p', 'tsconfig.json'], 3 * MINUTE),
    checkStage('types-web', [...tsc, '-p', 'tsconfig.web.json'], 3 * MINUTE),
    checkStage(
      'lint',
      [process.execPath, tool('oxlint', 'bin', 'oxlint'), '--type-aware', 'electron', 'native', 'renderer', 'test'],
      2 * MINUTE,
    ),
    checkStage('format', [process.execPath, tool('prettier', 'bin', 'prettier.cjs'), '--check', '.'], 2 * MINUTE),
    vitestStage('rules', 2 * MINUTE),
    vitestStage('unit', 12 * MINUTE),
    vitestStage('conformance', 20 * MINUTE),
    vitestStage('recovery', Math.max(25, rounds / 4) * MINUTE, { SWITCHYARD_RECOVERY_ROUNDS: String(rounds) }),
    e2eStage,
  ];
}
