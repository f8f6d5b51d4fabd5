/** How long a short question waits while one long request after the other is answered, with 200,000 trials in the database. */
import { setTimeout as delay } from 'node:timers/promises';
import { startAsker } from './health-asker.ts';
import { seedQueue } from './seed.ts';
import { ms } from './measure.ts';
import type { BenchResult } from './report.ts';
import { makeDirectory, withYard, type Yard } from './yard.ts';

const TRIALS = 200_000;
/** No request, of any size or number, delays another by more. */
const MOST_MS = 50;
/** How many of them at once, where requests are many. */
const AT_ONCE = 16;

type Call = Yard['engine']['api']['call'];

async function nextPages(call: Call, path: string, count: number): Promise<void> {
  let page = (await call('GET', path)) as { readonly next: string | null };
  for (let i = 0; i < count && page.next !== null; i++)
    page = (await call('GET', `${path}&after=${page.next}`)) as typeof page;
}

/** What is asked meanwhile: the name, and the requests. */
function attacks(
  { call, raw }: Yard['engine']['api'],
  lastId: number,
): readonly (readonly [string, () => Promise<unknown>])[] {
  const read = async (path: string): Promise<void> => {
    await (await raw(path)).body?.pipeTo(new WritableStream());
  };
  const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => lastId - index);
  const quiet = (work: Promise<unknown>): Promise<unknown> => work.catch(() => null);
  const act = (action: string, count: number): Promise<unknown> =>
    quiet(call('POST', '/trials/actions', { action, trialIds: ids(count) }));
  const unknown = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`key_${index}`, 1]));
  const many = (work: () => Promise<unknown>): Promise<unknown> => Promise.all(Array.from({ length: AT_ONCE }, work));
  return [
    // What the machine itself makes them wait.
    ['nothing else', () => delay(1_000)],
    ['the largest page', () => read('/trials?archived=all&limit=1000')],
    ['the next page, three times', () => nextPages(call, '/trials?archived=all&limit=1000', 3)],
    ['a search that finds nothing', () => read('/trials?archived=all&search=zzzz')],
    ['a search for a parameter of everything', () => read('/trials?archived=all&search=lr%3E0.003&limit=1000')],
    ['sorting everything by name', () => read('/trials?archived=all&sort=name&limit=1000')],
    [`${AT_ONCE} searches at once`, () => many(() => read('/trials?archived=all&search=zzzz'))],
    [`${AT_ONCE} pages at once`, () => many(() => read('/trials?limit=1000'))],
    ['the snapshot of everything', () => read('/state')],
    [
      'moving 500 to the top',
      () => quiet(call('POST', '/trials/actions', { action: 'move', trialIds: ids(500), to: { place: 'top' } })),
    ],
    [
      'what moving 100 would bring',
      () => quiet(call('POST', '/trials/move-preview', { trialIds: ids(100), to: { place: 'bottom' } })),
    ],
    ['pausing 500', () => act('pause', 500)],
    ['canceling 20,000', () => act('cancel', 20_000)],
    ['archiving 20,000', () => act('archive', 20_000)],
    ['deleting 500', () => act('delete', 500)],
    ['200,000 unknown keys', () => quiet(call('POST', '/experiments', { config: unknown, source: { kind: 'none' } }))],
    [`${AT_ONCE} requests of 200,000 ids`, () => many(() => act('rename', 100_000))],
  ];
}

export async function benchTurns(): Promise<BenchResult[]> {
  const dataDir = makeDirectory('turns');
  const lastId = seedQueue(dataDir, 0, TRIALS);
  return await withYard('turns', { dataDir }, async ({ engine }) => {
    const { call } = engine.api;
    await call('POST', '/pools/workstation/actions', { action: 'pause' });
    const asker = await startAsker(engine.socket);
    const figures: { readonly name: string; readonly waitedMs: number; readonly tookMs: number }[] = [];
    for (const [name, attack] of attacks(engine.api, lastId)) {
      asker.begin();
      const beganMs = performance.now();
      await attack();
      const tookMs = performance.now() - beganMs;
      figures.push({ name, waitedMs: await asker.end(), tookMs });
    }
    await asker.close();
    return figures.map(({ name, waitedMs, tookMs }) => ({
      promise: `a short question during ${name}`,
      figure: `waited ${ms(waitedMs)} at most (of ${ms(tookMs)})`,
      target: `under ${MOST_MS} ms, at 200,000 trials`,
      pass: waitedMs < MOST_MS,
      peer: '',
    }));
  });
}
