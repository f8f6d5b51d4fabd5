/** What a move costs, in words. What is not known is said to be, and never shown as nothing. Pure. */
import type { MoveOption } from '../../../electron/contract/move-plan.ts';
import { nameTrials } from '../../ui/format.ts';

/** Rounded up to the cent, as what is at most must be. The slack takes away what adding floats puts on top. */
export function sayCeiling(usd: number): string {
  return `$${(Math.ceil(usd * 100 - 1e-6) / 100).toFixed(2)}`;
}

/** The button that moves: it names the most that this can cost. */
export function moveWords({ trialIds, cost }: Pick<MoveOption, 'trialIds' | 'cost'>): string {
  const what = `Move ${nameTrials(trialIds)}`;
  if (cost === null) return what;
  if (cost.mostUsd === null) return `${what}: price not known, ${cost.hours} h at most`;
  return `${what}: at most ${sayCeiling(cost.mostUsd)}${cost.withoutDisk ? ' and the disk' : ''}`;
}

/** What the sum is made of. */
export function sumWords({ trialIds, cost }: Pick<MoveOption, 'trialIds' | 'cost'>): string | null {
  if (cost === null) return null;
  const machines = trialIds.length === 1 ? 'One machine' : `${trialIds.length} machines, one for each trial,`;
  const disk = cost.withoutDisk ? 'without its disk, whose price is not known' : 'with its disk';
  return [
    `${machines} for ${cost.hours} h at most, ${disk}; traffic and storage are not in it.`,
    ...(cost.again === null ? [] : [cost.again]),
  ].join(' ');
}

/** Whether the button may be pressed. */
export function canMove(option: MoveOption | undefined): option is MoveOption {
  return (
    option !== undefined && option.trialIds.length > 0 && option.hindrances.every(({ level }) => level !== 'error')
  );
}
