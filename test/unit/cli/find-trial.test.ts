/** Names wherever numbers go: one that fits is taken, several are listed, none is guessed. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Trial } from '../../../electron/contract/trials.ts';
import { makeTrial } from '../../fakes/trial.ts';
import { cli, startFakeEngine } from './fake-engine.ts';
import type { FakeEngine } from './fake-engine.ts';

let engine: FakeEngine | null = null;
afterEach(async () => {
  await engine?.close();
  engine = null;
});

const TRIALS: readonly Trial[] = [
  makeTrial({ id: 2, name: 'version' }),
  makeTrial({ id: 3, name: 'urgent' }),
  makeTrial({ id: 4, name: 'urgent', state: 'done' }),
  makeTrial({ id: 5, name: 'bert base' }),
  makeTrial({ id: 6, name: 'bert large' }),
  makeTrial({ id: 7, name: 'bert', state: 'done' }),
];

async function start(): Promise<FakeEngine> {
  engine = await startFakeEngine({
    'GET /trials': (_request, query) => {
      const word = /^name:"(.*)"$/.exec(query.get('search') ?? '')?.[1]?.toLowerCase() ?? '';
      const trials = query.get('state') === null ? TRIALS.filter(({ name }) => name.includes(word)) : [];
      return { json: { trials, total: trials.length, next: null } };
    },
    'POST /experiments': { status: 201, json: { experimentId: 1, trialIds: [8], notes: [] } },
    'GET /trials/2': { json: { config: {} } },
    'POST /trials/2/duplicate': { status: 201, json: { experimentId: 1, trialIds: [8], notes: [] } },
    'POST /trials/actions': { json: { trialIds: [1], undoId: null, message: 'Done.' } },
  });
  return engine;
}
const bodyOf = (at: FakeEngine): unknown => at.seen.findLast(({ method }) => method === 'POST')?.body;

describe('names', () => {
  it.each([
    [['resume', 'ver'], { action: 'resume', trialIds: [2] }],
    [['pause', 'ver', '9'], { action: 'pause', trialIds: [2, 9] }],
    [['mv', 'urgent', 'top'], { action: 'move', trialIds: [3], to: { place: 'top' } }],
    [['mv', '9', 'ahead', 'urgent'], { action: 'move', trialIds: [9], to: { place: 'ahead', anchorId: 3 } }],
    [['retry', 'urgent'], { action: 'retry', trialIds: [4], mode: 'attempt' }],
    [['archive', 'bert'], { action: 'archive', trialIds: [7] }],
    [['priority', 'ver', '7'], { action: 'priority', trialIds: [2], priority: 7 }],
    [['label', 'ver', '+a'], { action: 'label', trialIds: [2], add: ['a'], remove: [] }],
    [['rename', 'ver', 'other'], { action: 'rename', trialIds: [2], name: 'other' }],
    [['pool', 'move', 'ver', 'night'], { action: 'pool', trialIds: [2], poolId: 'night' }],
    [['release', 'ver'], { action: 'release', trialIds: [2] }],
  ])('%j', async (argv, body) => {
    const at = await start();
    expect(await cli(at.home, argv)).toMatchObject({ exitCode: 0, err: '' });
    expect(bodyOf(at)).toEqual(body);
  });
  it('lists several and does nothing', async () => {
    const at = await start();
    const result = await cli(at.home, ['cancel', 'bert ']);
    expect(result.exitCode).toBe(2);
    expect(result.err).toBe(
      '2 trials are called "bert ":\n  #5 bert base, queued\n  #6 bert large, queued\nWrite the number of the one you mean.\n',
    );
    expect(bodyOf(at)).toBeUndefined();
  });
  it('says what nothing is called', async () => {
    const { home } = await start();
    expect(await cli(home, ['pause', 'zzz'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('No trial is called "zzz"') as string,
    });
    expect((await cli(home, ['label', '2', 'zzz', '+a'])).err).toContain('write +zzz');
    expect(await cli(home, ['pause', '1.5'])).toMatchObject({ exitCode: 2 });
  });
  it('names those that a new trial starts after', async () => {
    const at = await start();
    const argv = ['submit', '--no-snapshot', '--after', '9,11', '--after', 'ver', '--after-any', '3', '--', 'true'];
    expect((await cli(at.home, argv)).exitCode).toBe(0);
    const after = [9, 11, 2].map((trialId) => ({ trialId, wants: 'completed' }));
    expect(bodyOf(at)).toMatchObject({ after: [...after, { trialId: 3, wants: 'ended' }] });
    await cli(at.home, ['duplicate', 'ver', '--after', '9']);
    expect(bodyOf(at)).toMatchObject({ after: [{ trialId: 9, wants: 'completed' }] });
  });
});
