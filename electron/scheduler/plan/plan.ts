/**
 * What to start, whom to ask to stop, and why everybody else waits. Pure, total, deterministic.
 *
 * Slots belong to one pool each and pools are decided one by one; what they share is only the cap of an experiment
 * (it counts the slots its trials hold everywhere). A pass costs O(queue) with a small constant: the first
 * REASON_WINDOW trials of a queue are looked at one by one, later ones only while something can still be placed.
 */
import { planFairShare } from './fair-share-policy.ts';
import { planGreedy } from './greedy-backfill.ts';
import { admitUncapped, beginPass, countByExperiment } from './pass.ts';
import type { Pass, PlanMemory } from './pass.ts';
import { firstOf } from './lines.ts';
import { finiteOr, readActive, readInput, readPools, readSlots, splitQueue, textOrNull } from './read-input.ts';
import { plainReason, refusalReason, sayFarBehind, sayReason } from './reasons.ts';
import { planReserve } from './reserve-backfill.ts';
import type { PlanInput, PlanOutput, PlanTrial } from './model.ts';

/** So many places at the front of each queue get their own reason; the rest share one. */
const REASON_WINDOW = 256;

type Waiting = PlanOutput['waiting'][number];

const NO_POOL = plainReason('impossible', 'its pool does not exist any more; move it to another');

/**
 * @param input see model.ts; anything malformed in it is ignored or waits with a reason
 * @param mostWaiting about so many waiting trials of each pool are named, for callers that show no more than that
 * @returns trials to start with their slots; trials to ask to stop and for whom (their slots are not free yet; a trial
 * over the cap of its own experiment is named as its own beneficiary); every other queued trial with its reason, pool
 * by pool in queue order
 */
export function plan(input: PlanInput, mostWaiting = Infinity): PlanOutput {
  const starts: PlanOutput['start'][number][] = [];
  const preempts: PlanOutput['preempt'][number][] = [];
  const { passes, homeless } = runPasses(input, REASON_WINDOW);
  for (const pass of passes) {
    starts.push(...pass.starts);
    preempts.push(...pass.preempts);
  }
  // Made in its full length at once: growing a list of 100,000 costs more than everything else in the pass.
  const waiting: Waiting[] = [];
  waiting.length = passes.reduce((sum, pass) => sum + endOfList(pass, mostWaiting), homeless.length);
  let count = 0;
  for (const pass of passes) count = listWaiting(pass, waiting, count, mostWaiting);
  for (const trial of homeless) waiting[count++] = { id: trial.id, reason: NO_POOL };
  waiting.length = count;
  return { start: starts, preempt: preempts, waiting, shares: passes.flatMap((pass) => pass.shares) };
}

/** The decisions without the reasons. For the forecast, which plans many times over. */
export function decide(input: PlanInput): Pick<PlanOutput, 'start' | 'preempt' | 'shares'> {
  const { passes } = runPasses(input, 0);
  return {
    start: passes.flatMap((pass) => pass.starts),
    preempt: passes.flatMap((pass) => pass.preempts),
    shares: passes.flatMap((pass) => pass.shares),
  };
}

/** `homeless` are the trials of pools that do not exist. */
function runPasses(
  rawInput: PlanInput,
  reasonWindow: number,
): { readonly passes: readonly Pass[]; readonly homeless: readonly PlanTrial[] } {
  const input = readInput(rawInput);
  const nowMs = finiteOr(input.nowMs, 0);
  const slots = readSlots(input);
  const active = readActive(input);
  const queues = splitQueue(input);
  const memory: PlanMemory = {
    reasonWindow,
    heldByExperiment: countByExperiment(active),
    taken: new Set(active.map((trial) => trial.id)),
    slotsProblem: textOrNull(input.slotsProblem),
    credits: input.credits instanceof Map ? input.credits : null,
  };
  const passes = readPools(input).map((rules) => {
    const own = slots.filter((slot) => slot.poolId === rules.id);
    const pass = beginPass(nowMs, rules, own, queues.get(rules.id) ?? [], active, memory);
    if (rules.shut !== null) return pass;
    if (rules.policy === 'fair_share') planFairShare(pass);
    else if (rules.backfill === 'greedy') planGreedy(pass);
    else planReserve(pass);
    return pass;
  });
  const known = new Set(passes.map((pass) => pass.yard.rules.id));
  return { passes, homeless: [...queues].flatMap(([poolId, queue]) => (known.has(poolId) ? [] : firstOf(queue))) };
}

/** @returns the place in the queue behind which nobody needs to be named. */
function endOfList(pass: Pass, most: number): number {
  return Math.min(pass.queue.length, pass.started.size + most);
}

/** Writes the trials of the pass that wait into the list from `at` on. @returns the end of what it wrote */
function listWaiting(pass: Pass, waiting: Waiting[], at: number, most: number): number {
  const { queue, started } = pass;
  const end = endOfList(pass, most);
  let next = at;
  const window = Math.min(end, pass.reasonWindow);
  let farId: PlanTrial['id'] | null = null;
  for (let i = 0; i < window; i++) {
    if (started.has(i)) continue;
    const trial = queue.at(i) as PlanTrial;
    const reason =
      pass.yard.rules.shut === null
        ? sayReason(pass, trial, pass.verdicts[i] ?? { kind: 'busy' })
        : reasonWhenShut(pass, trial);
    waiting[next++] = { id: trial.id, reason };
    if (refusalReason(pass, trial, pass.verdicts[i] ?? { kind: 'busy' }) !== null) continue;
    farId ??= trial.id;
  }
  if (window === end) return next;
  const rest =
    pass.yard.rules.shut === null
      ? sayFarBehind(farId)
      : plainReason(pass.yard.rules.shut.code, pass.yard.rules.shut.text);
  for (let i = window; i < end; i++) {
    if (started.size > 0 && started.has(i)) continue;
    waiting[next++] = { id: (queue.at(i) as PlanTrial).id, reason: rest };
  }
  return next;
}

/** In a pool that starts nothing, a trial that could not start anyhow says so; all others say that the pool is shut. */
function reasonWhenShut(pass: Pass, trial: PlanTrial): Waiting['reason'] {
  const want = admitUncapped(pass, trial);
  const { shut } = pass.yard.rules;
  return (
    ('kind' in want ? refusalReason(pass, trial, want) : null) ??
    plainReason(shut?.code ?? 'pool_paused', shut?.text ?? '')
  );
}
