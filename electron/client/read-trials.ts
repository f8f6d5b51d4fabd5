/** The trials that fit a question, page by page. */
import { MAX_PAGE } from '../contract/paging.ts';
import type { Trial } from '../contract/trials.ts';
import type { EngineClient, Query } from './engine-client.ts';

interface TrialPage {
  readonly trials: Trial[];
  readonly total: number;
  /** Missing in answers of an engine before it. */
  readonly next?: string | null;
}

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
  for (let after: string | null = null; ;) {
    const page: TrialPage = await client.request<TrialPage>('GET', '/trials', undefined, {
      ...query,
      limit: Math.min(MAX_PAGE, most - found.size),
      ...(after === null ? {} : { after }),
    });
    for (const trial of page.trials) found.set(trial.id, trial);
    after = page.next ?? null;
    if (after === null || found.size >= most) return { trials: [...found.values()], total: page.total };
  }
}
