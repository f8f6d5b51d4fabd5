/** What rented machines cost, and what budgets say to that. Pure. What is not known is null and adds nothing; nobody shows it as 0. */
import type { AwsTarget } from '../contract/targets.ts';
import type { Quote } from '../ports/provider.ts';
import { worstCaseUsd } from './catalogue.ts';
import type { Offload } from './offload.ts';

const HOUR_MS = 3_600_000;

/** A machine's time that is billed, as far as it is known. @param untilMs now, or before */
export function billedMs(offload: Pick<Offload, 'billedFromMs' | 'goneAtMs'>, fromMs: number, untilMs: number): number {
  if (offload.billedFromMs === null) return 0;
  return Math.max(0, Math.min(offload.goneAtMs ?? untilMs, untilMs) - Math.max(offload.billedFromMs, fromMs));
}

/** @returns US dollars; null = the price is not known */
export function costUsd(offload: Offload, untilMs: number, fromMs = 0): number | null {
  const ms = billedMs(offload, fromMs, untilMs);
  if (ms === 0) return 0;
  if (offload.quote === null || (offload.quote.perHourUsd === null && !offload.quote.free)) return null;
  return (((offload.quote.perHourUsd ?? 0) + (offload.quote.diskPerHourUsd ?? 0)) * ms) / HOUR_MS;
}

/** @returns what is known of the sum, and whether something in it is not */
export function sumUsd(
  offloads: readonly Offload[],
  untilMs: number,
  fromMs = 0,
): { readonly usd: number; readonly isWhole: boolean } {
  let usd = 0;
  let isWhole = true;
  for (const offload of offloads) {
    const cost = costUsd(offload, untilMs, fromMs);
    usd += cost ?? 0;
    isWhole &&= cost !== null;
  }
  return { usd, isWhole };
}

export interface DayOfMoney {
  /** YYYY-MM-DD, in UTC as bills are. */
  readonly day: string;
  readonly poolId: string;
  /** null = nothing of it is known. */
  readonly usd: number | null;
  readonly machineSeconds: number;
}

const DAY_MS = 86_400_000;

/** Days with money in them, the newest first. */
export function moneyByDay(offloads: readonly Offload[], nowMs: number, days: number): DayOfMoney[] {
  const rows: DayOfMoney[] = [];
  const today = Math.floor(nowMs / DAY_MS);
  const pools = [...new Set(offloads.map(({ poolId }) => poolId))].toSorted();
  for (let day = today; day > today - days; day -= 1) {
    const [from, until] = [day * DAY_MS, Math.min(nowMs, (day + 1) * DAY_MS)];
    for (const poolId of pools) {
      const there = offloads.filter((one) => one.poolId === poolId && billedMs(one, from, until) > 0);
      if (there.length === 0) continue;
      const costs = there.map((one) => costUsd(one, until, from));
      const known = costs.filter((one) => one !== null);
      rows.push({
        day: new Date(from).toISOString().slice(0, 10),
        poolId,
        usd: known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0),
        machineSeconds: Math.round(there.reduce((sum, one) => sum + billedMs(one, from, until), 0) / 1000),
      });
    }
  }
  return rows;
}

/** The first of the month, in UTC as bills are. */
export function monthStartMs(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
}

export type Budgets = Pick<AwsTarget, 'budgetPerTrialUsd' | 'budgetPerMonthUsd'>;

export interface Spent {
  /** All machines of the trial, and of the pool. */
  readonly ofTrial: readonly Offload[];
  readonly ofPool: readonly Offload[];
}

const usd = (amount: number): string => `$${amount.toFixed(2)}`;

/**
 * Before a machine starts: what was spent, and the most that this one can cost. An unknown price blocks nothing.
 * @param hours to the end of its time limit
 * @returns why it may not start; null = it may
 */
export function refuseStart(budgets: Budgets, spent: Spent, quote: Quote, hours: number, nowMs: number): string | null {
  const most = worstCaseUsd(quote, hours)?.usd ?? 0;
  const check = (budget: number | null, already: number, of: string): string | null =>
    budget === null || already + most <= budget
      ? null
      : `The budget of ${usd(budget)} ${of} would not last: ${usd(already)} are spent, and this machine can cost ${usd(most)} until its time limit.`;
  return (
    check(budgets.budgetPerTrialUsd, sumUsd(spent.ofTrial, nowMs).usd, 'for a trial') ??
    check(budgets.budgetPerMonthUsd, sumUsd(spent.ofPool, nowMs, monthStartMs(nowMs)).usd, 'for this month')
  );
}

/** While it runs. @returns why it has to stop; null = it may go on */
export function overBudget(budgets: Budgets, spent: Spent, nowMs: number): string | null {
  const check = (budget: number | null, already: number, of: string): string | null =>
    budget === null || already < budget ? null : `The budget of ${usd(budget)} ${of} is used up.`;
  return (
    check(budgets.budgetPerTrialUsd, sumUsd(spent.ofTrial, nowMs).usd, 'for a trial') ??
    check(budgets.budgetPerMonthUsd, sumUsd(spent.ofPool, nowMs, monthStartMs(nowMs)).usd, 'for this month')
  );
}
