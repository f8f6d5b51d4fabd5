/**
 * How long one planning pass takes with a long queue: the figure behind "under 10 ms at 100,000 queued trials and
 * 8 GPUs".
 */
import { performance } from 'node:perf_hooks';
import { REASONS_PER_POOL } from '../../electron/scheduler/plan-view.ts';
import { plan } from '../../electron/scheduler/plan/plan.ts';
import type { PlanInput, PlanTrial } from '../../electron/scheduler/plan/model.ts';
import type { PlanSlot } from '../../electron/gpus/plan-slot.ts';
import { splitQueue } from '../../electron/scheduler/plan/read-input.ts';
import { ms } from './measure.ts';
import type { BenchResult } from './report.ts';

const MOST_MS = 10;

export interface PlanBenchResult {
  readonly queued: number;
  readonly gpus: number;
  readonly runs: number;
  readonly medianMs: number;
  readonly worstMs: number;
}

const POOL = 'workstation';

function slot(index: number): PlanSlot {
  return {
    id: `GPU-${index}`,
    label: `GPU ${index}`,
    name: 'NVIDIA GeForce RTX 4090',
    poolId: POOL,
    blocked: null,
    totalMiB: 24_564,
    usableMiB: 24_000,
    shareableMiB: 24_000,
  };
}

function trial(id: number, change: Partial<PlanTrial> = {}): PlanTrial {
  return {
    id,
    poolId: POOL,
    experimentId: Math.floor(id / 50),
    slots: 1,
    minFreeMiB: 8_192,
    gpuName: null,
    shareMiB: null,
    priority: 42,
    rank: `a${String(id).padStart(8, '0')}`,
    submitOrder: id,
    weight: 1,
    maxSlots: null,
    preemptible: true,
    state: 'queued',
    lease: [],
    remainingMs: 1_800_000,
    estimateBasis: 'history',
    held: null,
    ...change,
  };
}

/** @param busyGpus GPUs with a running trial; one more is kept free for the head when fewer than all are busy */
export function benchInput(queued: number, gpus: number, busyGpus: number): PlanInput {
  return {
    nowMs: 1_700_000_000_000,
    pools: [
      {
        id: POOL,
        state: 'open',
        closedReason: null,
        opensAtMs: null,
        settings: { policy: 'priority', backfill: 'reserve', preemption: false, maxRunning: null, maxCpuTrials: 8 },
      },
    ],
    slots: Array.from({ length: gpus }, (_, index) => slot(index)),
    // A gang that does not fit at the head makes every later trial be checked against its reservation.
    queued: Array.from({ length: queued }, (_, index) => trial(1000 + index, index === 0 ? { slots: gpus } : {})),
    active: Array.from({ length: busyGpus }, (_, index) =>
      trial(index + 1, { state: 'active', lease: [`GPU-${index}`], remainingMs: 600_000 * (index + 1) }),
    ),
  };
}

/** Measures plan() on a full yard; median over `runs` after as many warm-up runs as it takes to be compiled. @param mostWaiting as plan() takes it */
export function measurePlan(
  queued = 100_000,
  gpus = 8,
  runs = 41,
  busyGpus = gpus,
  mostWaiting = Infinity,
): PlanBenchResult {
  const list = benchInput(queued, gpus, busyGpus);
  // As the engine hands them over: kept in their lines.
  const slotless = list.queued.filter(({ slots }) => slots === 0).length;
  const lines = new Map(
    [...splitQueue(list)].map(([id, line]) => [id, { length: line.length, at: line.at.bind(line), slotless }]),
  );
  const input = { ...list, queued: [], lines };
  for (let i = 0; i < 10; i++) plan(input, mostWaiting);
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const began = performance.now();
    plan(input, mostWaiting);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return { queued, gpus, runs, medianMs: times[Math.floor(runs / 2)] as number, worstMs: times[runs - 1] as number };
}

export function benchPlan(): BenchResult[] {
  const busy = measurePlan();
  const reserved = measurePlan(100_000, 8, 41, 7);
  const asAsked = measurePlan(100_000, 8, 41, 8, REASONS_PER_POOL);
  const worst = Math.max(busy.medianMs, reserved.medianMs);
  return [
    {
      promise: 'one pass of `plan` at 100,000 queued trials and 8 GPUs',
      figure:
        `${ms(busy.medianMs)} with all GPUs busy, ${ms(reserved.medianMs)} with one free but reserved (p50), ` +
        `every trial with its reason; at most ${ms(Math.max(busy.worstMs, reserved.worstMs))}; with the ` +
        `${REASONS_PER_POOL} reasons that the engine asks for ${ms(asAsked.medianMs)}`,
      target: `under ${MOST_MS} ms`,
      pass: worst < MOST_MS,
    },
  ];
}
