/** The trials that fit a question, page by page. */
import { MAX_PAGE } from '../contract/paging.ts';
import type { Trial } from '../contract/trials.ts';
import type { EngineClient, Query } from './engine-client.ts';

/**
 * @param most how many are wanted at most
 * @returns each trial once, also when the line moved between two pages; total: how many fit
 */
export async function readTrials(
  client: Pick<EngineClient, 'request'>,
  query: Query,
  most: number = Number.POSITIVE_INFINITY,
): Promise<{ readonly trials: Trial[]; readonly total: number }> {
  const found = new Map<number, Trial>();
  for (let offset = 0; ;) {
    const limit = Math.min(MAX_PAGE, most - offset);
    const page = await client.request<{ trials: Trial[]; total: number }>('GET', '/trials', undefined, {
      ...query,
      limit,
      ...(offset === 0 ? {} : { offset }),
    });
    for (const trial of page.trials) found.set(trial.id, trial);
    offset += page.trials.length;
    if (page.trials.length === 0 || offset >= Math.min(most, page.total))
      return { trials: [...found.values()], total: page.total };
  }
}
