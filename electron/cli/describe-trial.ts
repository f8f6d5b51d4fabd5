/** One trial in a few words: what it is doing, how far it is, when it will end, or why it ended. Pure. */
import { sayAbout, sayDuration, sayTime } from '../text/say.ts';
import type { ForecastEntry, WaitingReason } from '../contract/feed.ts';
import type { Trial } from '../contract/trials.ts';
import type { Colour } from './terminal.ts';

export interface PlanFacts {
  readonly reason?: WaitingReason;
  readonly forecast?: ForecastEntry;
  /** slot UUID -> label, for example "GPU 0" */
  readonly slotLabels?: ReadonlyMap<string, string>;
}

/** @returns the word for the state: an outcome once the trial is done */
export function stateWord(trial: Trial): string {
  if (trial.state === 'done') return trial.outcome?.kind ?? 'done';
  return trial.frozen ? 'frozen' : trial.state;
}

export function stateColour(trial: Trial): Colour | null {
  switch (trial.state) {
    case 'running':
    case 'starting':
      return trial.frozen ? 'blue' : 'green';
    case 'stopping':
    case 'queued':
      return 'yellow';
    case 'paused':
      return 'blue';
    case 'done':
      return trial.outcome?.kind === 'failed' ? 'red' : 'dim';
  }
}

/** @param nowMs for times of day and remaining times */
export function describeTrial(trial: Trial, nowMs: number, facts: PlanFacts = {}): string {
  switch (trial.state) {
    case 'queued':
      return describeQueued(trial, nowMs, facts);
    case 'starting':
      return trial.activity ?? 'starting';
    case 'running':
      return describeRunning(trial, nowMs, facts);
    case 'stopping':
      return describeStopping(trial, nowMs);
    case 'paused':
      return ['paused', describeCheckpoint(trial)].filter(Boolean).join(', ');
    case 'done':
      return describeDone(trial, nowMs);
  }
}

function describeQueued(trial: Trial, nowMs: number, { reason, forecast }: PlanFacts): string {
  const startAtMs = forecast?.startAtMs ?? null;
  const when =
    startAtMs === null ? null : startAtMs <= nowMs + 1000 ? 'starts now' : `starts about ${sayTime(startAtMs, nowMs)}`;
  const again = trial.attempt > 0 ? `attempt ${trial.attempt + 1}` : null;
  const said = [when, again, reason?.text ?? null, reason?.remedy?.text ?? null].filter((part) => part !== null);
  return said.length === 0 ? 'queued' : said.join('; ');
}

function describeRunning(trial: Trial, nowMs: number, { slotLabels, forecast }: PlanFacts): string {
  const parts: string[] = [];
  if (trial.activity !== null) parts.push(trial.activity);
  if (trial.frozen) parts.push('frozen, keeps its GPU memory');
  if (trial.progress !== null) parts.push(`${Math.floor(trial.progress * 100)} %`);
  if (trial.step !== null) parts.push(`step ${trial.step}`);
  // The forecast where there is one: the same moment that those who wait are told.
  const endAtMs = forecast?.endAtMs ?? null;
  const leftMs = forecast === undefined ? trial.remainingMs : endAtMs === null ? null : Math.max(0, endAtMs - nowMs);
  if (leftMs !== null && !trial.frozen) parts.push(`${sayAbout(leftMs)} left`);
  else if (trial.startedAtMs !== null) parts.push(`for ${sayDuration(nowMs - trial.startedAtMs)}`);
  if (trial.leaseSlots.length > 0)
    parts.push(`on ${trial.leaseSlots.map((uuid) => slotLabels?.get(uuid) ?? uuid).join(', ')}`);
  if (trial.attempt > 1) parts.push(`attempt ${trial.attempt}`);
  return parts.length === 0 ? 'running' : parts.join(', ');
}

function describeStopping(trial: Trial, nowMs: number): string {
  if (trial.stop === null) return 'stopping';
  const kind = {
    pause: 'to pause',
    cancel: 'to be canceled',
    kill: 'at once',
    preempt: 'to make room',
    move: 'to move',
    time_limit: 'at its time limit',
    search: 'for its search',
    retry: 'to start again',
  }[trial.stop.kind];
  const left =
    trial.stop.killAtMs === null ? '' : `, killed in ${sayDuration(trial.stop.killAtMs - nowMs)} if it has not ended`;
  return `stopping ${kind}${left}`;
}

function describeCheckpoint(trial: Trial): string | null {
  if (trial.checkpoint === null) return trial.attempt > 0 ? 'no checkpoint' : null;
  return trial.checkpoint.step === null ? 'checkpoint saved' : `saved at step ${trial.checkpoint.step}`;
}

function describeDone(trial: Trial, nowMs: number): string {
  const ran =
    trial.startedAtMs !== null && trial.endedAtMs !== null
      ? `after ${sayDuration(trial.endedAtMs - trial.startedAtMs)}`
      : null;
  const at = trial.endedAtMs === null ? null : `at ${sayTime(trial.endedAtMs, nowMs)}`;
  const kind = trial.outcome?.kind ?? 'done';
  const why = kind === 'completed' && trial.outcome?.code !== 'search' ? null : (trial.outcome?.message ?? null);
  return [[kind, ran, at].filter((part) => part !== null).join(' '), why].filter((part) => part !== null).join('; ');
}
