/**
 * `switchyard plan FILE`: one scheduling situation written down by hand, planned without touching anything.
 *
 * Format (JSON): policy, preemption, backfill (default reserve), slots (a number, or a list of cards), maxCpuTrials,
 * maxRunning, trials. A trial: id, slots, experiment, submitOrder, running, preemptible, priority, rank, weight,
 * maxSlots, minFreeMiB, gpuName, shareMiB, remainingMinutes; `occupiesSlots: false` records it as running without
 * slots, `releasing: true` as asked to stop already. Running trials get the first slots in the order they are written.
 */
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { SwitchyardError } from '../contract/errors.ts';
import { DEFAULT_PRIORITY } from '../contract/queue-order.ts';
import { plan } from './plan/plan.ts';
import type { WaitingReason } from '../contract/feed.ts';
import type { PlanInput, PlanTrial } from './plan/model.ts';
import type { PlanSlot } from '../gpus/plan-slot.ts';

const POOL_ID = 'scenario';
const MINUTE_MS = 60_000;
/** Keys of a case file that say what somebody expects; read by people and tests, not by the planner. */
const REMARKS = ['name', 'note', 'about', 'source', 'expect', 'expectHere', 'derived'] as const;
const remark = z.unknown().optional();

const ScenarioSlot = z
  .object({
    label: z.string().max(120).optional(),
    name: z.string().max(200).default('GPU'),
    totalMiB: z.number().positive().optional(),
    /** What somebody else uses. */
    foreignMiB: z.number().min(0).default(0),
    blocked: z.string().min(1).max(500).optional(),
  })
  .strict();

const ScenarioTrial = z
  .object({
    id: z.union([z.string().min(1).max(200), z.number().int()]),
    slots: z.number().int('slots must be a whole number').min(0, 'slots must be 0 or more').max(1024).default(1),
    experiment: z.union([z.string().max(200), z.number()]).optional(),
    submitOrder: z.number().optional(),
    running: z.boolean().default(false),
    releasing: z.boolean().default(false),
    occupiesSlots: z.boolean().default(true),
    preemptible: z.boolean().default(true),
    priority: z
      .number()
      .int()
      .min(1, 'priority must be between 1 and 99')
      .max(99, 'priority must be between 1 and 99')
      .default(DEFAULT_PRIORITY),
    rank: z.union([z.number(), z.string().max(1000)]).nullish(),
    weight: z.number().min(0, 'weight must be 0 or more').default(1),
    maxSlots: z.number().int().min(1).nullish(),
    minFreeMiB: z.number().positive().nullish(),
    gpuName: z.string().max(120).nullish(),
    shareMiB: z.number().positive().nullish(),
    remainingMinutes: z.number().min(0).nullish(),
    note: remark,
  })
  .strict();

const Scenario = z
  .object({
    policy: z.enum(['priority', 'fair_share']).default('priority'),
    preemption: z.boolean().default(false),
    backfill: z.enum(['reserve', 'greedy']).default('reserve'),
    slots: z.union([
      z.number().int('slots must be a whole number').min(0, 'slots must be 0 or more').max(1024),
      z.array(ScenarioSlot).max(1024),
    ]),
    maxCpuTrials: z.number().int().min(0).default(0),
    maxRunning: z.number().int().min(1).nullish(),
    trials: z.array(ScenarioTrial).max(200_000),
    ...(Object.fromEntries(REMARKS.map((key) => [key, remark])) as Record<(typeof REMARKS)[number], typeof remark>),
  })
  .strict();
type Scenario = z.infer<typeof Scenario>;
type ScenarioTrial = z.infer<typeof ScenarioTrial>;

export interface ScenarioPlan {
  readonly start: readonly string[];
  readonly preempt: readonly string[];
  /** `reason` is the stable code, `text` the sentence. */
  readonly waiting: readonly { readonly id: string; readonly reason: WaitingReason['code']; readonly text: string }[];
}

/**
 * @param scenario parsed JSON
 * @throws SwitchyardError unknown_key or invalid_request, with the path of the fault
 */
export function planScenario(scenario: unknown): ScenarioPlan {
  const read = readScenario(scenario);
  const output = plan(toPlanInput(read));
  return {
    start: output.start.map(({ id }) => String(id)),
    preempt: output.preempt.map(({ id }) => String(id)),
    waiting: output.waiting.map(({ id, reason }) => ({ id: String(id), reason: reason.code, text: reason.text })),
  };
}

function readScenario(scenario: unknown): Scenario {
  if (typeof scenario === 'object' && scenario !== null && 'cases' in scenario) {
    throw new SwitchyardError('invalid_request', 'This file holds a list of cases; a scenario is one of them.', {
      path: 'cases',
      remedy: 'Pass a single case, for example: jq ".cases[0]" FILE | switchyard plan -',
    });
  }
  const result = Scenario.safeParse(scenario);
  if (!result.success) throw toError(result.error.issues[0]);
  const seen = new Map<string, number>();
  result.data.trials.forEach((trial, index) => {
    const key = String(trial.id);
    const before = seen.get(key);
    if (before !== undefined) {
      throw new SwitchyardError(
        'invalid_request',
        `trials.${index}.id: ${key} is the id of trials.${before} already.`,
        { path: `trials.${index}.id`, remedy: 'Give every trial its own id.' },
      );
    }
    seen.set(key, index);
  });
  return result.data;
}

function toError(issue: z.core.$ZodIssue | undefined): SwitchyardError {
  const path = issue?.path.join('.') ?? '';
  const at = path === '' ? '' : `${path}: `;
  if (issue?.code !== 'unrecognized_keys') {
    return new SwitchyardError('invalid_request', `${at}${issue?.message ?? 'This is not a scenario.'}`, { path });
  }
  const key = issue.keys[0] ?? '';
  const near = closest(key, knownKeys(issue.path));
  return new SwitchyardError('unknown_key', `${at}unknown key “${key}”.`, {
    path: path === '' ? key : `${path}.${key}`,
    remedy: `Did you mean “${near}”?`,
  });
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  if (path[0] === 'trials') return Object.keys(ScenarioTrial.shape);
  return Object.keys(path[0] === 'slots' ? ScenarioSlot.shape : Scenario.shape);
}

function toPlanInput(scenario: Scenario): PlanInput {
  const slots = toSlots(scenario.slots);
  const trials = scenario.trials.map((trial, index) => toTrial(trial, index));
  const active: PlanTrial[] = [];
  const memory = new Map(slots.map((slot) => [slot.id, slot.shareableMiB]));
  for (const [index, trial] of trials.entries()) {
    const given = scenario.trials[index];
    if (given === undefined || !(given.running || given.releasing)) continue;
    active.push({
      ...trial,
      state: given.releasing ? 'releasing' : 'active',
      lease: given.occupiesSlots ? seatRunning(trial, slots, active, memory) : [],
    });
  }
  return {
    nowMs: 0,
    pools: [
      {
        id: POOL_ID,
        state: 'open',
        closedReason: null,
        opensAtMs: null,
        settings: {
          policy: scenario.policy,
          backfill: scenario.backfill,
          preemption: scenario.preemption,
          maxRunning: scenario.maxRunning ?? null,
          maxCpuTrials: scenario.maxCpuTrials,
        },
      },
    ],
    slots: slots.map((slot) => ({ ...slot, shareableMiB: memory.get(slot.id) ?? null })),
    queued: trials.filter(
      (_, index) => scenario.trials[index]?.running !== true && scenario.trials[index]?.releasing !== true,
    ),
    active,
  };
}

function toSlots(slots: Scenario['slots']): PlanSlot[] {
  const list = typeof slots === 'number' ? Array.from({ length: slots }, () => ScenarioSlot.parse({})) : slots;
  return list.map((slot, index) => {
    const usableMiB = slot.totalMiB === undefined ? null : Math.max(0, slot.totalMiB - slot.foreignMiB);
    return {
      id: `slot-${index}`,
      label: slot.label ?? `GPU ${index}`,
      name: slot.name,
      poolId: POOL_ID,
      blocked: slot.blocked === undefined ? null : { code: 'foreign', text: slot.blocked },
      totalMiB: slot.totalMiB ?? null,
      usableMiB,
      shareableMiB: usableMiB,
    };
  });
}

/** Puts a running trial on the first slots with room for it; too few slots are shared out as they come. */
function seatRunning(
  trial: PlanTrial,
  slots: readonly PlanSlot[],
  active: readonly PlanTrial[],
  memory: Map<string, number | null>,
): string[] {
  const lease: string[] = [];
  for (const slot of slots) {
    if (lease.length === trial.slots) break;
    const others = active.filter((other) => other.lease.includes(slot.id));
    const left = memory.get(slot.id) ?? null;
    const hasRoom =
      others.length === 0 ||
      (trial.shareMiB !== null &&
        others.every((other) => other.shareMiB !== null) &&
        left !== null &&
        left >= trial.shareMiB);
    if (!hasRoom) continue;
    lease.push(slot.id);
    if (trial.shareMiB !== null && left !== null) memory.set(slot.id, left - trial.shareMiB);
  }
  return lease;
}

function toTrial(trial: ScenarioTrial, index: number): PlanTrial {
  return {
    id: trial.id,
    poolId: POOL_ID,
    experimentId: trial.experiment ?? `trial ${trial.id}`,
    slots: trial.slots,
    minFreeMiB: trial.minFreeMiB ?? null,
    gpuName: trial.gpuName ?? null,
    shareMiB: trial.shareMiB ?? null,
    priority: trial.priority,
    rank: trial.rank ?? null,
    submitOrder: trial.submitOrder ?? index,
    weight: trial.weight,
    maxSlots: trial.maxSlots ?? null,
    preemptible: trial.preemptible,
    state: 'queued',
    lease: [],
    remainingMs: trial.remainingMinutes == null ? null : trial.remainingMinutes * MINUTE_MS,
    estimateBasis: 'user',
    held: null,
  };
}
