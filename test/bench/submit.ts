/** How long a submit takes until it is durably queued, with an empty queue and with 100,000 trials in it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { withBusyYard } from './busy-machine.ts';
import { median, ms, quantile, timeEach } from './measure.ts';
import { withPueue } from './pueue.ts';
import type { BenchResult } from './report.ts';
import { withTaskSpooler } from './task-spooler.ts';
import { trialOf, type Yard } from './yard.ts';

const LONG_QUEUE = 100_000;
const SUBMITS = 500;
/** Not counted: the engine's code is compiled while it runs. */
const WARM_UP = 200;
const CLI_SUBMITS = 15;
const TSP_SUBMITS = 200;
const PUEUE_SUBMITS = 200;
const MOST_TIMES = 1.5;

const run = promisify(execFile);
const CLI = path.join(import.meta.dirname, '..', '..', 'electron', 'switchyard.cjs');

interface Submits {
  readonly api: number[];
  readonly cli: number[];
}

async function submitOnce({ engine }: Yard): Promise<void> {
  await engine.api.submit(trialOf(['true'], { resources: { slots: 1 } }));
}

async function submitByCommand({ dataDir }: Yard): Promise<void> {
  await run(process.execPath, [CLI, 'submit', '--slots', '1', '--runtime', 'process', '--', 'true'], {
    env: { ...process.env, SWITCHYARD_HOME: dataDir },
  });
}

/** The yards take turns, so that what else the machine does hits both alike. @returns what each of them took, in the order given */
async function measureSubmits(yards: readonly Yard[]): Promise<Submits[]> {
  const results = yards.map((): Submits => ({ api: [], cli: [] }));
  const inTurns = async (
    times: number,
    kind: 'api' | 'cli' | null,
    submit: (yard: Yard) => Promise<void>,
  ): Promise<void> => {
    for (let i = 0; i < times; i++) {
      for (const [index, yard] of yards.entries()) {
        const [tookMs = Number.NaN] = await timeEach(1, () => submit(yard));
        if (kind !== null) results[index]?.[kind].push(tookMs);
      }
    }
  };
  await inTurns(WARM_UP, null, submitOnce);
  await inTurns(SUBMITS, 'api', submitOnce);
  await inTurns(CLI_SUBMITS, 'cli', submitByCommand);
  return results;
}

const both = (values: readonly number[]): string => `${ms(median(values))} p50, ${ms(quantile(values, 0.99))} p99`;

export async function benchSubmit(): Promise<BenchResult[]> {
  const [empty, long] = await withBusyYard('submit-empty', 0, (one) =>
    withBusyYard('submit-long', LONG_QUEUE, (other) => measureSubmits([one, other])),
  );
  if (empty === undefined || long === undefined) throw new Error('both yards are measured');
  const bare = await timeEach(CLI_SUBMITS, () => run(process.execPath, ['-e', '0']));
  const peer = await withTaskSpooler(1, async ({ tsp, version }) => {
    await tsp('sleep', '3600');
    const took = await timeEach(TSP_SUBMITS, () => tsp('true'));
    const running = (await tsp('-p', '0')).trim();
    process.kill(Number(running), 'SIGKILL');
    return (
      `tsp ${version}: ${ms(median(took.slice(0, 50)))} p50 at 0 to 50, ${ms(median(took.slice(-50)))} at ` +
      '150 to 200 (not durable; at most about 1,000 fit)'
    );
  });
  const other = await withPueue(async ({ pueue, version }) => {
    await pueue('pause');
    const took = await timeEach(PUEUE_SUBMITS, () => pueue('add', '--', 'true'));
    return `pueue ${version}: ${ms(median(took.slice(0, 50)))} p50 at 0 to 50, ${ms(median(took.slice(-50)))} at the end of ${PUEUE_SUBMITS}`;
  });
  const p50 = median(long.api) / median(empty.api);
  const p99 = quantile(long.api, 0.99) / quantile(empty.api, 0.99);
  return [
    {
      promise: 'submit through the API, at 0 and at 100,000 queued',
      figure: `${p50.toFixed(2)} times at p50, ${p99.toFixed(2)} at p99: ${both(empty.api)} at 0; ${both(long.api)} at 100,000`,
      target: `within ${MOST_TIMES} times`,
      pass: p50 <= MOST_TIMES,
    },
    {
      promise: 'submit through the command line',
      figure: `${ms(median(empty.cli))} at 0, ${ms(median(long.cli))} at 100,000 (p50); ${ms(median(bare))} of it is the start of Node`,
      target: `within ${MOST_TIMES} times`,
      pass: median(long.cli) / median(empty.cli) <= MOST_TIMES,
      peer: [peer ?? 'tsp: not installed', other ?? 'pueue: not installed'].join('; '),
    },
  ];
}
