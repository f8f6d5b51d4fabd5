/** Random but consistent yards for the property tests, and the laws every plan of one must keep. */
import fc from 'fast-check';
import { matchesName } from '../../../../electron/text/name-pattern.ts';
import type { PlanInput, PlanOutput, PlanPool, PlanTrial } from '../../../../electron/scheduler/plan/model.ts';
import type { PlanSlot } from '../../../../electron/gpus/plan-slot.ts';
import { active, GIB, input, pool, queued, slot } from './build.ts';

const MEMORY = [8, 24, 80];
const NAMES = ['NVIDIA GeForce RTX 4090', 'NVIDIA A100-SXM4-80GB'];

interface Wish {
  readonly slots: number;
  readonly shareMiB: number | null;
  readonly minFreeMiB: number | null;
  readonly gpuName: string | null;
  readonly priority: number;
  readonly rank: number | null;
  readonly experimentId: number;
  readonly weight: number;
  readonly preemptible: boolean;
  readonly remainingMs: number | null;
}

/** null three times out of four. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
const mostly = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 3, arbitrary });

const wish = (most: number): fc.Arbitrary<Wish> =>
  fc.record({
    slots: fc.integer({ min: 0, max: most }),
    shareMiB: sometimes(fc.constantFrom(2 * GIB, 6 * GIB, 20 * GIB)),
    minFreeMiB: sometimes(fc.constantFrom(4 * GIB, 20 * GIB, 60 * GIB)),
    gpuName: sometimes(fc.constantFrom('*4090', 'a100', 'T4')),
    priority: fc.constantFrom(10, 42, 42, 60),
    rank: mostly(fc.integer({ min: 0, max: 9 })),
    experimentId: fc.integer({ min: 1, max: 4 }),
    weight: fc.constantFrom(0, 1, 2.5),
    preemptible: fc.boolean(),
    remainingMs: mostly(fc.integer({ min: -10, max: 100_000 })),
  });

const card: fc.Arbitrary<Partial<PlanSlot>> = fc
  .record({
    memory: mostly(fc.constantFrom(...MEMORY)),
    name: fc.constantFrom(...NAMES),
    foreignMiB: fc.constantFrom(0, 0, 700),
    blocked: fc.constantFrom(null, null, null, null, {
      code: 'foreign' as const,
      text: '11 GiB used by jupyter (pid 4312)',
    }),
  })
  .map(({ memory, name, foreignMiB, blocked }) => {
    const totalMiB = memory === null ? null : memory * GIB;
    const usableMiB = totalMiB === null ? null : totalMiB - foreignMiB;
    return { name, blocked, totalMiB, usableMiB, shareableMiB: usableMiB };
  });

export interface Options {
  readonly settings?: Partial<PlanPool['settings']>;
  readonly state?: PlanPool['state'];
  /** Equal cards that nobody else uses and that suit every trial: more of what happens is about the order. */
  readonly plain?: boolean;
}

/** @returns yards in which every active trial sits where it may. */
export function yards(options: Options = {}): fc.Arbitrary<PlanInput> {
  const plain = options.plain === true;
  const ask = (most: number): fc.Arbitrary<Wish> =>
    plain ? wish(most).map((any) => ({ ...any, minFreeMiB: null, gpuName: null })) : wish(most);
  return fc
    .record({
      cards: fc.array(plain ? fc.constant({}) : card, { minLength: plain ? 2 : 0, maxLength: 6 }),
      running: fc.array(fc.tuple(ask(3), fc.boolean()), { maxLength: 7 }),
      waiting: fc.array(ask(4), { maxLength: 9 }),
      caps: fc.array(sometimes(fc.integer({ min: 1, max: 5 })), { minLength: 5, maxLength: 5 }),
      settings: fc.record({
        policy: fc.constantFrom('priority' as const, 'priority' as const, 'fair_share' as const),
        backfill: fc.constantFrom('reserve' as const, 'greedy' as const),
        preemption: fc.boolean(),
        maxRunning: sometimes(fc.integer({ min: 1, max: 6 })),
        maxCpuTrials: fc.integer({ min: 0, max: 3 }),
      }),
    })
    .map(({ cards, running, waiting, caps, settings }) => {
      const capOf = ({ experimentId }: Wish): { maxSlots: number | null } => ({ maxSlots: caps[experimentId] ?? null });
      const slots = cards.map((change, index) => slot(index, change));
      const actives: PlanTrial[] = [];
      running.forEach(([trial, releasing], index) => {
        const seats = seatsFor(slots, actives, trial);
        if (seats !== null)
          actives.push(
            active(index + 1, seats, {
              ...trial,
              ...capOf(trial),
              submitOrder: index,
              state: releasing ? 'releasing' : 'active',
            }),
          );
      });
      return input({
        pools: [pool({ ...settings, ...options.settings }, { state: options.state ?? 'open' })],
        slots: withShares(slots, actives),
        queued: waiting.map((trial, index) =>
          queued(100 + index, { ...trial, ...capOf(trial), submitOrder: 100 + index }),
        ),
        active: actives,
      });
    });
}

/** Memory left to share, as a reading would tell it. */
export function withShares(slots: readonly PlanSlot[], actives: readonly PlanTrial[]): PlanSlot[] {
  return slots.map((each) => {
    const taken = actives
      .filter((trial) => trial.lease.includes(each.id))
      .reduce((sum, trial) => sum + (trial.shareMiB ?? 0), 0);
    return { ...each, shareableMiB: each.usableMiB === null ? null : each.usableMiB - taken };
  });
}

function seatsFor(slots: readonly PlanSlot[], actives: readonly PlanTrial[], trial: Wish): number[] | null {
  const open = slots.flatMap((each, index) =>
    mayJoin(
      each,
      actives.filter((other) => other.lease.includes(each.id)),
      trial,
    )
      ? [index]
      : [],
  );
  return open.length < trial.slots ? null : open.slice(0, trial.slots);
}

/** Whether a trial may be put on a slot beside these: the law, in the plainest words. */
function mayJoin(
  each: PlanSlot,
  there: readonly Pick<PlanTrial, 'shareMiB'>[],
  trial: Pick<PlanTrial, 'shareMiB' | 'minFreeMiB' | 'gpuName'>,
): boolean {
  if (trial.gpuName !== null && !matchesName(trial.gpuName, each.name)) return false;
  if (trial.minFreeMiB !== null && each.usableMiB !== null && each.usableMiB < trial.minFreeMiB) return false;
  if (trial.shareMiB === null) return there.length === 0;
  if (there.some((other) => other.shareMiB === null)) return false;
  if (each.usableMiB === null) return there.length === 0;
  const left = each.usableMiB - there.reduce((sum, other) => sum + (other.shareMiB ?? 0), 0);
  return left >= Math.max(trial.shareMiB, trial.minFreeMiB ?? 0);
}

/** @returns what a plan does that it must not, in words; empty = lawful. */
export function violations(given: PlanInput, output: PlanOutput): string[] {
  const found: string[] = [];
  const queuedById = new Map(given.queued.map((trial) => [trial.id, trial]));
  const answered = [...output.start, ...output.waiting].map(({ id }) => id);
  if (answered.length !== given.queued.length || new Set(answered).size !== given.queued.length)
    found.push('not every queued trial is answered once');
  const settings = given.pools[0]?.settings;
  const onSlot = new Map(
    given.slots.map((each) => [each.id, given.active.filter((trial) => trial.lease.includes(each.id))]),
  );
  const running = [...given.active];
  for (const { id, slots } of output.start) {
    const trial = queuedById.get(id);
    if (trial === undefined) return [...found, `${id} was not queued`];
    if (slots.length !== trial.slots || new Set(slots).size !== trial.slots)
      found.push(`#${id} got ${slots.length} slots, asked for ${trial.slots}`);
    for (const slotId of slots) {
      const each = given.slots.find((candidate) => candidate.id === slotId);
      const there = onSlot.get(slotId) ?? [];
      if (each === undefined || each.blocked !== null || !mayJoin(each, there, trial))
        found.push(`#${id} must not be on ${slotId}`);
      there.push(trial);
    }
    running.push(trial);
    const held = running
      .filter((other) => other.experimentId === trial.experimentId)
      .reduce((sum, other) => sum + other.slots, 0);
    if (trial.slots > 0 && trial.maxSlots !== null && held > trial.maxSlots)
      found.push(`#${id} breaks the cap of its experiment`);
    if (settings?.maxRunning != null && running.length > settings.maxRunning) found.push('too many run');
    if (trial.slots === 0 && running.filter((other) => other.slots === 0).length > (settings?.maxCpuTrials ?? 0))
      found.push('too many without slots');
  }
  const victims = output.preempt.map(({ id }) => given.active.find((trial) => trial.id === id));
  if (new Set(output.preempt.map(({ id }) => id)).size !== victims.length) found.push('asked twice');
  for (const victim of victims)
    if (victim?.state !== 'active' || !victim.preemptible) found.push(`#${String(victim?.id)} must not be asked`);
  const mayPreempt =
    settings?.preemption === true || (settings?.policy === 'fair_share' && settings.backfill === 'greedy');
  if (victims.length > 0 && !mayPreempt) found.push('preemption is off');
  return found;
}
