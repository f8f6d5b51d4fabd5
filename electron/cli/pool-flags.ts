/** The flags of `pool create` and `pool set`. */
import type { Command } from 'commander';
import type { PoolSettings } from '../contract/pools.ts';
import { collect, oneOf } from './command-context.ts';
import { usageError } from './exit-codes.ts';
import { parseWholeNumber } from './values.ts';

export interface PoolFlags {
  readonly gpu: readonly string[];
  readonly policy?: string;
  readonly backfill?: string;
  readonly preemption?: string;
  readonly maxRunning?: string;
  readonly maxCpuTrials?: string;
  readonly hours?: string;
  readonly idleMinutes?: string;
  readonly foreignThreshold?: string;
}

export function addPoolFlags(command: Command): Command {
  return command
    .option('--gpu <index|uuid>', 'a GPU of this pool (repeatable; "none" gives all back)', collect, [])
    .option('--policy <name>', 'priority or fair-share')
    .option('--backfill <name>', 'reserve or greedy')
    .option('--preemption <on|off>', 'let urgent trials displace others')
    .option('--max-running <n>', 'at most this many trials at once, or none')
    .option('--max-cpu-trials <n>', 'at most this many trials without a GPU at once')
    .option('--hours <from-to>', 'start trials only in these hours, for example 20:00-08:00, or none')
    .option('--idle-minutes <n>', 'start only on GPUs nobody else used for this long, or none')
    .option('--foreign-threshold <mib>', "others' memory below this does not make a GPU busy");
}

const MANY = 1_000_000;
const POLICIES = ['priority', 'fair_share'] as const;
const BACKFILLS = ['reserve', 'greedy'] as const;

/** @returns only what was given */
export function readPoolSettings(flags: PoolFlags): Partial<PoolSettings> {
  return {
    ...(flags.policy === undefined ? {} : { policy: oneOf(flags.policy.replace('-', '_'), POLICIES, '--policy') }),
    ...(flags.backfill === undefined ? {} : { backfill: oneOf(flags.backfill, BACKFILLS, '--backfill') }),
    ...(flags.preemption === undefined
      ? {}
      : { preemption: oneOf(flags.preemption, ['on', 'off'], '--preemption') === 'on' }),
    ...(flags.maxRunning === undefined
      ? {}
      : { maxRunning: noneOr(flags.maxRunning, (text) => parseWholeNumber(text, '--max-running', 1, MANY)) }),
    ...(flags.maxCpuTrials === undefined
      ? {}
      : { maxCpuTrials: parseWholeNumber(flags.maxCpuTrials, '--max-cpu-trials', 0, MANY) }),
    ...(flags.hours === undefined ? {} : { hours: noneOr(flags.hours, parseHours) }),
    ...(flags.idleMinutes === undefined
      ? {}
      : { idleMinutes: noneOr(flags.idleMinutes, (text) => parseWholeNumber(text, '--idle-minutes', 1, MANY)) }),
    ...(flags.foreignThreshold === undefined
      ? {}
      : { foreignThresholdMiB: parseWholeNumber(flags.foreignThreshold, '--foreign-threshold', 0, MANY) }),
  };
}

/** @param text "20:00-08:00", local time; `from` after `to` spans midnight */
export function parseHours(text: string): { from: string; to: string } {
  const found = /^(\d{1,2}:\d{2})\s*(?:-|–|to)\s*(\d{1,2}:\d{2})$/.exec(text.trim());
  const [from, to] = [found?.[1]?.padStart(5, '0'), found?.[2]?.padStart(5, '0')];
  const isTime = (time: string | undefined): time is string =>
    time !== undefined && /^([01]\d|2[0-3]):[0-5]\d$/.test(time);
  if (!isTime(from) || !isTime(to))
    throw usageError(`--hours does not understand "${text}".`, 'Write 20:00-08:00, or none.');
  return { from, to };
}

function noneOr<T>(text: string, read: (text: string) => T): T | null {
  return text === 'none' ? null : read(text);
}
