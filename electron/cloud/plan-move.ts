/** What stands in the way of trials in a pool, and the most that they can cost there. Pure: quotes, machines and spending come in. */
import type { MoveCost, MoveHindrance } from '../contract/move-plan.ts';
import type { AwsTarget, PoolTarget } from '../contract/targets.ts';
import type { Quote } from '../ports/provider.ts';
import { matchesName } from '../text/name-pattern.ts';
import { sayGpus, sayMemory } from '../text/say.ts';
import { worstCaseUsd } from './catalogue.ts';

export interface MovingTrial {
  readonly id: number;
  readonly slots: number;
  readonly gpuName: string | null;
  readonly minFreeMiB: number | null;
  /** It works in the user's own directory, not in a copy. */
  readonly inPlace: boolean;
  /** Directories of this workstation that it was given. */
  readonly mounts: readonly string[];
  readonly canRestart: boolean;
}

/** Where they would go. */
export interface MovePlace {
  readonly name: string;
  readonly target: PoolTarget | null;
  readonly state: 'open' | 'paused' | 'draining';
  /** GPUs of the pool, or of one machine of it; null = they are not known, and hinder nobody. */
  readonly gpus: readonly { readonly name: string; readonly totalMiB: number | null }[] | null;
}

/** @returns what cannot be, then what is to be known; sentences that name the trials */
export function hindrancesOf(trials: readonly MovingTrial[], place: MovePlace): MoveHindrance[] {
  const found: MoveHindrance[] = [];
  const { gpus, target } = place;
  const note = (level: MoveHindrance['level'], which: readonly MovingTrial[], text: string): void => {
    if (which.length > 0) found.push({ level, text: `${nameThem(which)}: ${text}` });
  };
  if (gpus !== null) {
    const tooMany = trials.filter(({ slots }) => slots > gpus.length);
    const most = Math.max(0, ...tooMany.map(({ slots }) => slots));
    const has = target?.provider === 'aws' ? `a ${target.machineType} has` : `${place.name} has`;
    note('error', tooMany, `up to ${sayGpus(most)} asked for; ${has} ${gpus.length === 0 ? 'none' : gpus.length}.`);
    const fitting = trials.filter(({ slots }) => slots > 0 && slots <= gpus.length);
    const short = (trial: MovingTrial): boolean =>
      gpus.filter(({ name }) => trial.gpuName === null || matchesName(trial.gpuName, name)).length < trial.slots;
    note('warning', fitting.filter(short), `asked for another GPU than the ${nameGpus(gpus)} there. They would wait.`);
    const small = fitting.filter(
      (trial) =>
        !short(trial) &&
        gpus.filter(({ totalMiB }) => totalMiB === null || totalMiB >= (trial.minFreeMiB ?? 0)).length < trial.slots,
    );
    const need = Math.max(0, ...small.map(({ minFreeMiB }) => minFreeMiB ?? 0));
    note('warning', small, `up to ${sayMemory(need)} of GPU memory asked for, more than there is. They would wait.`);
  }
  if (target !== null) {
    note(
      'error',
      trials.filter(({ inPlace }) => inPlace),
      'works in your own directory, which is only here. Submit it without --in-place, so that it gets a copy.',
    );
    const mounted = trials.filter(({ mounts, inPlace }) => mounts.length > 0 && !inPlace);
    const paths = [...new Set(mounted.flatMap(({ mounts }) => mounts))];
    const list = paths.slice(0, 3).join(', ') + (paths.length > 3 ? ` and ${paths.length - 3} more` : '');
    if (target.provider === 'aws') note('error', mounted, `reads ${list}, which is not on a new machine.`);
    else note('warning', mounted, `reads ${list}, which has to be on ${target.host}, too.`);
  }
  if (place.state !== 'open')
    found.push({ level: 'warning', text: `The pool is ${place.state}: nothing starts there until it is resumed.` });
  return found.toSorted((a, b) => Number(b.level === 'error') - Number(a.level === 'error'));
}

/**
 * @param quotes of every region the pool may take, the preferred one first; at the pool's own terms, and on demand
 * @returns with null wherever a price is not known
 */
export function costOfMove(
  trials: readonly MovingTrial[],
  target: AwsTarget,
  quotes: readonly { readonly asked: Quote; readonly onDemand: Quote }[],
): MoveCost {
  const hours = target.timeLimitHours;
  // A spot machine costs its maximum price at most, and without one that on demand.
  const ceilings = quotes.map(({ onDemand }) =>
    worstCaseUsd(
      target.spot && target.maxPricePerHourUsd !== null
        ? { ...onDemand, perHourUsd: target.maxPricePerHourUsd }
        : onDemand,
      hours,
    ),
  );
  const known = ceilings.filter((one) => one !== null);
  const asked = quotes[0]?.asked;
  const perHourUsd = asked?.perHourUsd ?? null;
  return {
    perHourUsd: perHourUsd === null ? null : perHourUsd + (asked?.diskPerHourUsd ?? 0),
    hours,
    mostUsd:
      known.length < ceilings.length || known.length === 0
        ? null
        : Math.max(...known.map(({ usd }) => usd)) * trials.length,
    withoutDisk: known.some(({ withoutDisk }) => withoutDisk),
    again: !target.spot && trials.every(({ canRestart }) => !canRestart) ? null : sayAgain(target),
    source: asked?.source ?? null,
  };
}

/** @param refusals why a trial may not start, as the budgets say it; null = it may */
export function budgetHindrances(
  trials: readonly MovingTrial[],
  target: AwsTarget,
  cost: MoveCost,
  spentThisMonthUsd: number,
  refusals: readonly (string | null)[],
): MoveHindrance[] {
  const refused = refusals.find((one) => one !== null);
  if (refused !== undefined && refused !== null) return [{ level: 'error', text: refused }];
  const { budgetPerMonthUsd: budget } = target;
  if (budget === null && target.budgetPerTrialUsd === null) return [];
  if (cost.mostUsd === null)
    return [{ level: 'warning', text: 'The price is not known, so that budgets cannot be held against it.' }];
  if (budget === null || trials.length < 2 || spentThisMonthUsd + cost.mostUsd <= budget) return [];
  const each = cost.mostUsd / trials.length;
  const fits = Math.floor((budget - spentThisMonthUsd) / each);
  return [
    {
      level: 'warning',
      text: `The budget of $${budget.toFixed(2)} for this month is sure to last for ${fits} of the ${trials.length} trials.`,
    },
  ];
}

function sayAgain(target: AwsTarget): string {
  const when = target.spot ? 'A restart, as after a loss of the spot machine, takes' : 'A restart takes';
  const budget = target.budgetPerTrialUsd;
  return `${when} another machine, which comes on top${budget === null ? '.' : `; the budget of $${budget.toFixed(2)} for a trial holds for all of them.`}`;
}

function nameGpus(gpus: readonly { readonly name: string }[]): string {
  return [...new Set(gpus.map(({ name }) => name))].join(', ');
}

function nameThem(trials: readonly MovingTrial[]): string {
  const shown = trials.slice(0, 4).map(({ id }) => `#${id}`);
  return trials.length > shown.length
    ? `${shown.join(', ')} and ${trials.length - shown.length} more`
    : shown.join(', ');
}
