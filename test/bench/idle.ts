/** What the engine costs when nothing runs: with no window, and with one that listens. */
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchResult } from './report.ts';
import { withYard, type Yard } from './yard.ts';

const WATCH_MS = 30_000;
/** The first readings, the first garbage collection and the compiler are not idling. */
const SETTLE_MS = 5_000;
const MOST_CPU_PCT = 1;
const MOST_MIB = 200;
/** Kernel clock ticks per second in /proc (USER_HZ). */
const TICKS_PER_S = 100;

interface Cost {
  readonly cpuPct: number;
  readonly residentMiB: number;
}

/** Its own time and that of what it starts to look at the machine. */
function cpuSeconds(pid: number): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / TICKS_PER_S;
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function watch({ engine }: Yard): Promise<Cost> {
  await delay(SETTLE_MS);
  const before = cpuSeconds(engine.pid);
  const beganMs = performance.now();
  await delay(WATCH_MS);
  return {
    cpuPct: ((cpuSeconds(engine.pid) - before) / (performance.now() - beganMs)) * 100_000,
    residentMiB: residentMiB(engine.pid),
  };
}

export async function benchIdle(): Promise<BenchResult[]> {
  const [closed, open] = await Promise.all([
    withYard('idle', {}, watch),
    withYard('idle-open', {}, async (yard) => {
      await yard.engine.mirror();
      return await watch(yard);
    }),
  ]);
  const result = (what: string, { cpuPct, residentMiB }: Cost): BenchResult => ({
    promise: `idle, ${what}, over ${WATCH_MS / 1000} s`,
    figure: `${cpuPct.toFixed(2)} % of a core, ${residentMiB.toFixed(0)} MiB resident`,
    target: `under ${MOST_CPU_PCT} %, under ${MOST_MIB} MiB`,
    pass: cpuPct < MOST_CPU_PCT && residentMiB < MOST_MIB,
  });
  return [result('no window open', closed), result('with a window that listens', open)];
}
