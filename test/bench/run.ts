/**
 * `npm run bench`: the promises of the product with this machine's figures, each against its peer where one is installed.
 *
 *   npm run bench                       all of them, about five minutes
 *   npm run bench -- --only submit,plan
 *   npm run bench -- --json             one JSON document on stdout instead of the table
 *
 * Exit code 1 when a promise is not kept, 2 for a wrong call. All load stays on this machine and ends with the run.
 */
import os from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { benchContainer } from './container.ts';
import { benchDrain } from './drain.ts';
import { benchIdle } from './idle.ts';
import { benchLog } from './log.ts';
import { benchForecast } from './forecast-bench.ts';
import { describeMachine } from './machine.ts';
import { benchMove } from './move.ts';
import { benchPlan } from './plan-bench.ts';
import { formatTable, type BenchResult } from './report.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchSubmit } from './submit.ts';
import { benchTable } from './table.ts';
import { benchTurns } from './turns.ts';
import { benchVerbs } from './verbs.ts';
import { makeDirectory } from './yard.ts';
import { removeDirectory } from '../support/engine-process.ts';

/** In this order. Idling first: nothing that ran before can still be cooling down. */
const TOPICS: Readonly<Record<string, () => BenchResult[] | Promise<BenchResult[]>>> = {
  idle: benchIdle,
  submit: benchSubmit,
  snapshot: benchSnapshot,
  verbs: benchVerbs,
  plan: benchPlan,
  forecast: benchForecast,
  move: benchMove,
  turns: benchTurns,
  table: benchTable,
  drain: benchDrain,
  container: benchContainer,
  log: benchLog,
};

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function readOptions(): { readonly topics: readonly string[]; readonly json: boolean } {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean', default: false } } });
    const all = Object.keys(TOPICS);
    const only = values.only?.split(',').map((topic) => topic.trim()) ?? all;
    const unknown = only.filter((topic) => !all.includes(topic));
    if (unknown.length > 0) fail(`No benchmark is called ${unknown.join(', ')}. There are ${all.join(', ')}.`);
    return { topics: all.filter((topic) => only.includes(topic)), json: values.json };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { topics, json } = readOptions();
const beganMs = performance.now();
const probeDir = makeDirectory('machine');
const machine = describeMachine(probeDir);
removeDirectory(probeDir);
if (!json) process.stdout.write(`${machine.join('\n')}\n\n`);

const results: BenchResult[] = [];
const broken: { readonly topic: string; readonly error: string }[] = [];
for (const topic of topics) {
  process.stderr.write(`measuring ${topic} …\n`);
  try {
    results.push(...((await TOPICS[topic]?.()) ?? []));
  } catch (error) {
    broken.push({ topic, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

if (json) process.stdout.write(`${JSON.stringify({ machine, results, broken }, null, 2)}\n`);
else {
  process.stdout.write(`${formatTable(results).join('\n')}\n\n`);
  for (const { topic, error } of broken) process.stdout.write(`${topic} could not be measured: ${error}\n`);
  const kept = results.filter(({ pass }) => pass === true).length;
  const missed = results.filter(({ pass }) => pass === false).length;
  process.stdout.write(
    `${kept} kept, ${missed} missed, ${results.length - kept - missed} not measured, ` +
      `${Math.round((performance.now() - beganMs) / 1000)} s, load ${os.loadavg()[0]?.toFixed(2) ?? '?'} ` +
      `at the end\n`,
  );
}
process.exit(broken.length > 0 || results.some(({ pass }) => pass === false) ? 1 : 0);
