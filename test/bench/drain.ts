/** How fast a queue drains (process runtime): from a free slot to the next start, and how many trials a second through 2 slots. */
import fs from 'node:fs';
import path from 'node:path';
import { waitUntil } from '../support/processes.ts';
import { median, ms, quantile } from './measure.ts';
import { withPueue, type Pueue } from './pueue.ts';
import type { BenchResult } from './report.ts';
import { withTaskSpooler, type TaskSpooler } from './task-spooler.ts';
import { actOnPool, setSlots, trialOf, withYard, type Yard } from './yard.ts';

const SLOTS = 2;
/** Ours and the peer's take turns, so that what else the machine does hits both alike. */
const ROUNDS = 4;
const TRIALS = 200;
const PUEUE_TRIALS = 20;
/** Compiled by then; not counted. */
const WARM_UP = 200;
const MOST_HANDOVER_MS = 50;
const LEAST_PER_SECOND = 250;
/** One slot, programs that run a little: each waits for the one before. */
const HANDOVERS = 40;

interface Times {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Queues the trials while the pool is shut, opens it, waits for the last. @returns when each attempt ran, in the order they ran */
async function drain(
  yard: Yard,
  slots: number,
  count: number,
  argv: readonly string[],
): Promise<{ readonly tookMs: number; readonly attempts: readonly Times[] }> {
  await actOnPool(yard, 'pause');
  await setSlots(yard, slots);
  let firstId = 0;
  for (let i = 0; i < count; i++) {
    const { trialIds } = await yard.engine.api.submit(trialOf(argv));
    if (i === 0) firstId = trialIds[0] ?? 0;
  }
  const openedAtMs = Date.now();
  await actOnPool(yard, 'resume');
  await waitUntil(
    'the queue is empty',
    () => yard.query<{ n: number }>("SELECT COUNT(*) AS n FROM trial WHERE state <> 'done'")[0]?.n === 0,
    120_000,
  );
  const attempts = yard.query<Times>(
    'SELECT started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs FROM attempt WHERE trial_id >= ? ORDER BY started_at_ms, trial_id',
    firstId,
  );
  const failed =
    yard.query<{ n: number }>("SELECT COUNT(*) AS n FROM trial WHERE json_extract(outcome, '$.kind') <> 'completed'")[0]
      ?.n ?? 0;
  if (failed > 0 || attempts.length !== count)
    throw new Error(`${failed} of the drained trials failed, ${attempts.length} of ${count} attempts ran`);
  // From the opening to the last end as it was recorded; the wait above looks only now and then.
  return { tookMs: Math.max(...attempts.map(({ endedAtMs }) => endedAtMs)) - openedAtMs, attempts };
}

interface PueueStatus {
  /** A finished task's status is `{ Done: { end } }`. */
  readonly tasks: Readonly<Record<string, { readonly status: { readonly Done?: { readonly end: string } } | string }>>;
}

/** Fewer than of ours, because it starts them at a pace of its own. @returns trials a second, by its own stamps */
async function drainPueue({ pueue }: Pueue): Promise<number> {
  await pueue('parallel', String(SLOTS));
  await pueue('pause');
  for (let i = 0; i < PUEUE_TRIALS; i++) await pueue('add', '--', 'true');
  const beganAtMs = Date.now();
  await pueue('start');
  for (;;) {
    const { tasks } = JSON.parse(await pueue('status', '--json')) as PueueStatus;
    const ends = Object.values(tasks).map(({ status }) => (typeof status === 'string' ? undefined : status.Done?.end));
    if (!ends.includes(undefined))
      return (ends.length / (Math.max(...ends.map((end) => Date.parse(end ?? ''))) - beganAtMs)) * 1000;
  }
}

/** @returns trials a second */
async function drainTaskSpooler({ tsp, dir }: TaskSpooler, round: number): Promise<number> {
  const go = path.join(dir, `go-${round}`);
  for (let i = 0; i < SLOTS; i++) await tsp('sh', '-c', `while [ ! -e ${go} ]; do sleep 0.01; done`);
  let last = '';
  for (let i = 0; i < TRIALS; i++) last = (await tsp('true')).trim();
  const beganMs = performance.now();
  fs.writeFileSync(go, '');
  await tsp('-w', last);
  return (TRIALS / (performance.now() - beganMs)) * 1000;
}

interface Measured {
  readonly rates: readonly number[];
  readonly peerRates: readonly number[];
  readonly handovers: readonly number[];
  readonly version: string | null;
}

async function measure(yard: Yard, spooler: TaskSpooler | null): Promise<Measured> {
  await drain(yard, SLOTS, WARM_UP, ['true']);
  const rates: number[] = [];
  const peerRates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rates.push((TRIALS / (await drain(yard, SLOTS, TRIALS, ['true'])).tookMs) * 1000);
    if (spooler !== null) peerRates.push(await drainTaskSpooler(spooler, round));
  }
  const line = (await drain(yard, 1, HANDOVERS, ['sleep', '0.1'])).attempts;
  const handovers = line.slice(1).map(({ startedAtMs }, index) => startedAtMs - (line[index] as Times).endedAtMs);
  return { rates, peerRates, handovers, version: spooler?.version ?? null };
}

export async function benchDrain(): Promise<BenchResult[]> {
  const { rates, peerRates, handovers, version } = await withYard(
    'drain',
    {},
    async (yard) => (await withTaskSpooler(SLOTS, (spooler) => measure(yard, spooler))) ?? (await measure(yard, null)),
  );
  const perSecond = median(rates);
  const other = await withPueue(
    async (pueue) => `pueue ${pueue.version}: ${(await drainPueue(pueue)).toFixed(0)} a second`,
  );
  const peer =
    version === null ? 'tsp: not installed' : `tsp ${version} -S ${SLOTS}: ${median(peerRates).toFixed(0)} a second`;
  return [
    {
      promise: 'a free slot to the start of the next trial (process runtime)',
      figure: `${ms(median(handovers))} p50, ${ms(quantile(handovers, 0.9))} p90 of ${handovers.length}`,
      target: `under ${MOST_HANDOVER_MS} ms`,
      pass: median(handovers) < MOST_HANDOVER_MS,
    },
    {
      promise: `trials a second through ${SLOTS} slots with \`true\``,
      figure: `${perSecond.toFixed(0)} a second (p50 of ${ROUNDS} rounds of ${TRIALS}, best ${Math.max(...rates).toFixed(0)}), every change durable`,
      target: `more than ${LEAST_PER_SECOND}`,
      pass: perSecond > LEAST_PER_SECOND,
      peer: [peer, other ?? 'pueue: not installed'].join('; '),
    },
  ];
}
