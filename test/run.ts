/**
 * `npm test`: sets up what the tests need, runs every stage, prints a line for each, and as the very last line
 * `N passed, N failed, N skipped`. Exit code 1 on any failure. With CI=true a missing component is a failure, not a skip.
 *
 *   npm test -- --only unit,lint      some stages
 *   npm test -- --rounds 200          more kills in the recovery suite (default 50)
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { provideComponents } from './runner/components.ts';
import { listStages } from './runner/stages.ts';
import type { StageResult } from './runner/stages.ts';

const DEFAULT_ROUNDS = 50;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function readOptions(): { only: string[] | null; rounds: number } {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, rounds: { type: 'string' } } });
    const rounds = Number(values.rounds ?? process.env['SWITCHYARD_RECOVERY_ROUNDS'] ?? DEFAULT_ROUNDS);
    if (!Number.isInteger(rounds) || rounds < 1) fail('--rounds takes a whole number of at least 1.');
    return { only: values.only?.split(',').map((name) => name.trim()) ?? null, rounds };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { only, rounds } = readOptions();
const all = listStages(rounds);
const unknown = only?.filter((name) => !all.some((stage) => stage.name === name)) ?? [];
if (unknown.length > 0)
  fail(`No stage is called ${unknown.join(', ')}. There are ${all.map((stage) => stage.name).join(', ')}.`);
const stages = all.filter((stage) => only === null || only.includes(stage.name));

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const ci = process.env['CI'] === 'true';
const total = { passed: 0, failed: 0, skipped: 0 };
const add = (counts: { passed: number; failed: number; skipped: number }): void => {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
};

if (stages.some((stage) => ['unit', 'conformance', 'recovery', 'e2e'].includes(stage.name))) {
  for (const component of await provideComponents((line) => say(`        ${line}`))) {
    say(
      `${ci ? 'FAIL  ' : 'missing'} ${component.name} (${component.packages.join(' ')}): needed for ${component.neededFor}`,
    );
    if (ci) add({ passed: 0, failed: 1, skipped: 0 });
  }
}

for (const stage of stages) {
  const startedAt = performance.now();
  let result: StageResult;
  try {
    result = await stage.run();
  } catch (error) {
    result = {
      passed: 0,
      failed: 1,
      skipped: 0,
      notes: [],
      output: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  add(result);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (result.failed > 0) say(result.output.trimEnd().replaceAll(/^/gm, '    | '));
  const counts = [
    `${result.passed} passed`,
    ...(result.failed > 0 ? [`${result.failed} failed`] : []),
    ...(result.skipped > 0 ? [`${result.skipped} skipped`] : []),
  ];
  say(
    `${result.failed > 0 ? 'FAIL' : 'ok  '} ${stage.name.padEnd(12)} ${`${seconds} s`.padStart(8)}  ${counts.join(', ')}`,
  );
  for (const note of result.notes) say(`       ${note}`);
}

process.exitCode = total.failed > 0 ? 1 : 0;
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
