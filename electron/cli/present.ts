/** What the feed says of the present: waiting reasons, forecast and slots, without fetching every trial. */
import type { FeedFrames, PlanView } from '../contract/feed.ts';
import type { GpuStatus } from '../contract/gpus.ts';
import type { PlanFacts } from './describe-trial.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { readEvents } from '../client/event-stream.ts';

export interface Present {
  readonly plan: PlanView | null;
  readonly gpus: GpuStatus | null;
}

/** The frames come at once on every connect; an engine that is busy just gives fewer words. */
const PATIENCE_MS = 1_500;

/** Never rejects: a list without reasons is better than none. */
export async function readPresent(client: EngineClient): Promise<Present> {
  let plan: PlanView | null = null;
  let gpus: GpuStatus | null = null;
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), PATIENCE_MS);
  try {
    const stream = await client.open('/events', {}, enough.signal, { accept: 'text/event-stream' });
    for await (const { event, data } of readEvents(stream)) {
      if (event === 'plan') plan = JSON.parse(data) as FeedFrames['plan'];
      if (event === 'gpus') gpus = JSON.parse(data) as FeedFrames['gpus'];
      if (plan !== null && gpus !== null) break;
    }
  } catch {
    // Aborted or broken: what was read counts.
  } finally {
    clearTimeout(timer);
    enough.abort();
  }
  return { plan, gpus };
}

/** @returns trial id -> its part of the plan */
export function indexPlan({ plan, gpus }: Present): (trialId: number) => PlanFacts {
  const reasons = new Map(plan?.waiting.map((entry) => [entry.trialId, entry.reason]));
  const forecasts = new Map(plan?.forecast.map((entry) => [entry.trialId, entry]));
  const slotLabels = new Map(gpus?.slots.map((slot) => [slot.uuid, slot.label]));
  return (trialId) => {
    const reason = reasons.get(trialId);
    const forecast = forecasts.get(trialId);
    return { slotLabels, ...(reason === undefined ? {} : { reason }), ...(forecast === undefined ? {} : { forecast }) };
  };
}
