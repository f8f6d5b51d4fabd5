/**
 * How far off are the forecasts? A day is replayed on four GPUs with the same planner, estimates and forecast the engine
 * uses: sweeps of a few programs whose run times vary, some reporting progress, some not, arriving in bursts. Whenever a
 * trial is submitted and once an hour while it waits, its forecast start is written down, and compared with when it really
 * started, in percent of the wait that was left. Nothing is measured in real time: the same figures on every machine.
 */
import { expectFromRuns, type PastRun } from '../../electron/scheduler/forecast/compare-runs.ts';
import { estimateQueued, estimateRunning } from '../../electron/scheduler/forecast/estimates.ts';
import { forecast } from '../../electron/scheduler/forecast/forecast.ts';
import { plan } from '../../electron/scheduler/plan/plan.ts';
import type { PlanInput, PlanTrial } from '../../electron/scheduler/plan/model.ts';
import { makeTrialRow } from '../fakes/rows.ts';
import type { BenchResult } from './report.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GPUS = 4;
const POOL = 'workstation';
/** Waits shorter than this are no news, and any error is many percent of them. */
const LEAST_WAIT_MS = 5 * MINUTE;

/** Programs of the day: minutes of a run, how far one may be off, whether it reports progress, GPUs. */
const PROGRAMS = [
  { minutes: 20, spread: 0.15, reports: true, slots: 1 },
  { minutes: 55, spread: 0.3, reports: true, slots: 1 },
  { minutes: 35, spread: 0.25, reports: false, slots: 1 },
  { minutes: 90, spread: 0.2, reports: true, slots: 2 },
] as const;

interface Job {
  readonly id: number;
  readonly program: number;
  readonly submitAtMs: number;
  readonly lengthMs: number;
  startedAtMs: number | null;
}

interface Promised {
  readonly id: number;
  readonly madeAtMs: number;
  readonly startAtMs: number | null;
}

/** Small and the same everywhere (mulberry32). @returns numbers from 0 to 1 */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function makeDay(seed: number): Job[] {
  const random = randomFrom(seed);
  const jobs: Job[] = [];
  for (let hour = 0; hour < 20; hour += 2) {
    const program = Math.floor(random() * PROGRAMS.length);
    const { minutes, spread } = PROGRAMS[program] as (typeof PROGRAMS)[number];
    const count = 4 + Math.floor(random() * 8);
    for (let i = 0; i < count; i++) {
      const lengthMs = minutes * MINUTE * (1 + spread * (2 * random() - 1));
      jobs.push({ id: jobs.length + 1, program, submitAtMs: hour * HOUR, lengthMs, startedAtMs: null });
    }
  }
  return jobs;
}

function replay(jobs: readonly Job[]): Promised[] {
  const history = new Map<number, PastRun[]>();
  const promises: Promised[] = [];
  let running: { readonly job: Job; readonly lease: readonly string[] }[] = [];
  const endOf = (job: Job): number => (job.startedAtMs ?? Infinity) + job.lengthMs;
  const slots = Array.from({ length: GPUS }, (_, index) => ({
    id: `g${index}`,
    label: `GPU ${index}`,
    name: 'GPU',
    poolId: POOL,
    blocked: null,
    totalMiB: null,
    usableMiB: null,
    shareableMiB: null,
  }));
  const settings = {
    policy: 'priority',
    backfill: 'reserve',
    preemption: false,
    maxRunning: null,
    maxCpuTrials: 1,
  } as const;
  const toTrial = (job: Job, nowMs: number, lease: readonly string[] | null): PlanTrial => {
    const likeMs = expectFromRuns(history.get(job.program) ?? [], {});
    const { slots: count, reports } = PROGRAMS[job.program] as (typeof PROGRAMS)[number];
    const workedMs = nowMs - (job.startedAtMs ?? nowMs);
    const row = makeTrialRow({
      state: lease === null ? 'queued' : 'running',
      startedAtMs: job.startedAtMs,
      // Reported once a minute.
      progress: reports && lease !== null ? (Math.floor(workedMs / MINUTE) * MINUTE) / job.lengthMs : null,
      progressWorkedMs: reports && lease !== null ? Math.floor(workedMs / MINUTE) * MINUTE : null,
    });
    const spec = { progress: null, estimatedMs: null, timeLimitS: null };
    const estimate = lease === null ? estimateQueued(spec, likeMs) : estimateRunning(row, nowMs, 0, likeMs);
    return {
      id: job.id,
      poolId: POOL,
      experimentId: job.program,
      slots: count,
      minFreeMiB: null,
      gpuName: null,
      shareMiB: null,
      priority: 42,
      rank: job.id,
      submitOrder: job.id,
      weight: 1,
      maxSlots: null,
      preemptible: false,
      state: lease === null ? 'queued' : 'active',
      lease: lease ?? [],
      remainingMs: estimate.remainingMs,
      estimateBasis: estimate.basis,
      held: null,
    };
  };
  const world = (nowMs: number): PlanInput => ({
    nowMs,
    pools: [{ id: POOL, state: 'open', closedReason: null, opensAtMs: null, settings }],
    slots,
    queued: jobs
      .filter((job) => job.submitAtMs <= nowMs && job.startedAtMs === null)
      .map((job) => toTrial(job, nowMs, null)),
    active: running.map(({ job, lease }) => toTrial(job, nowMs, lease)),
  });
  const times = [...new Set(jobs.map(({ submitAtMs }) => submitAtMs))];
  for (let nowMs = 0; jobs.some((job) => job.startedAtMs === null) && nowMs < 5 * DAY;) {
    for (const { job } of running.filter((each) => endOf(each.job) <= nowMs))
      history.set(job.program, [{ params: {}, workedMs: job.lengthMs }, ...(history.get(job.program) ?? [])]);
    running = running.filter(({ job }) => endOf(job) > nowMs);
    for (const { id, slots: lease } of plan(world(nowMs)).start) {
      const job = jobs.find((each) => each.id === id) as Job;
      job.startedAtMs = nowMs;
      running.push({ job, lease });
    }
    if (times.includes(nowMs) || nowMs % HOUR === 0)
      for (const { trialId, startAtMs } of forecast(world(nowMs), 7 * DAY, 300).entries)
        promises.push({ id: trialId, madeAtMs: nowMs, startAtMs });
    const next = [...running.map(({ job }) => endOf(job)), ...times, (Math.floor(nowMs / HOUR) + 1) * HOUR];
    nowMs = Math.min(...next.filter((atMs) => atMs > nowMs));
  }
  return promises;
}

export interface ForecastErrors {
  readonly promises: number;
  /** Waits nothing was said about, for want of any run like those ahead. */
  readonly silent: number;
  /** In percent of the wait. */
  readonly medianPct: number;
  readonly worstPct: number;
}

/** @param seed another day for each */
export function measureForecast(seed = 1): ForecastErrors {
  const jobs = makeDay(seed);
  const promises = replay(jobs);
  const errors: number[] = [];
  let silent = 0;
  for (const { id, madeAtMs, startAtMs } of promises) {
    const startedAtMs = jobs[id - 1]?.startedAtMs ?? null;
    if (startedAtMs === null || startedAtMs - madeAtMs < LEAST_WAIT_MS) continue;
    if (startAtMs === null) silent++;
    else errors.push((100 * Math.abs(startAtMs - startedAtMs)) / (startedAtMs - madeAtMs));
  }
  errors.sort((a, b) => a - b);
  return {
    promises: errors.length,
    silent,
    medianPct: errors[Math.floor(errors.length / 2)] ?? Number.NaN,
    worstPct: errors.at(-1) ?? Number.NaN,
  };
}

export function benchForecast(): BenchResult[] {
  const days = [1, 2, 3].map(measureForecast);
  const [day] = days as [ForecastErrors];
  const worstMedian = Math.max(...days.map(({ medianPct }) => medianPct));
  return [
    {
      promise: 'how far forecast starts were off over a replayed day, in percent of the wait',
      figure: [
        `${Math.round(day.medianPct)} % (median), ${Math.round(day.worstPct)} % at worst, over ${day.promises} forecasts`,
        `${day.silent} waits without one`,
      ].join('; '),
      target: 'median under 20 %',
      pass: worstMedian < 20,
    },
  ];
}
