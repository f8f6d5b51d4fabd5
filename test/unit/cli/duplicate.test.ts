/** A copy of a trial with other values: of the hyperparameters it had, unless one is said to be new. */
import { afterEach, expect, it } from 'vitest';
import { cli, startFakeEngine } from './fake-engine.ts';
import type { FakeEngine } from './fake-engine.ts';

let engine: FakeEngine | null = null;
afterEach(async () => {
  await engine?.close();
  engine = null;
});

async function start(): Promise<FakeEngine> {
  engine = await startFakeEngine({
    'GET /trials/14': {
      json: {
        config: { entrypoint: 'python train.py', hyperparameters: { lr: 0.1, model: { depth: 4 }, name: null } },
      },
    },
    'POST /trials/14/duplicate': { status: 201, json: { experimentId: 1, trialIds: [15], notes: [] } },
  });
  return engine;
}
const sent = (at: FakeEngine): unknown =>
  (at.seen.find(({ method }) => method === 'POST')?.body as { config?: unknown } | undefined)?.config ?? null;

it.each([
  ['lrr=0.2', 'Did you mean lr?', '-S +lrr=VALUE adds it.'],
  ['lrr=0.2,0.3', 'Did you mean lr?', '-S +lrr=VALUE adds it.'],
  ['model.dept=5', 'Did you mean model.depth?', '-S +model.dept=VALUE adds it.'],
  ['seed=1', 'has no hyperparameter of that name.', '-S +seed=VALUE adds it.'],
])('refuses -S %s, which the trial does not have', async (text, ...words) => {
  const at = await start();
  const refused = await cli(at.home, ['duplicate', '14', '-S', text]);
  expect(refused.exitCode).toBe(2);
  for (const word of words) expect(refused.err).toContain(word);
  expect(sent(at)).toBeNull();
});

it.each([
  ['lr=0.2', { hyperparameters: { lr: 0.2 } }],
  ['model.depth=5', { hyperparameters: { model: { depth: 5 } } }],
  ['name=x', { hyperparameters: { name: 'x' } }],
  ['+seed=1', { set_params: ['+seed=1'] }],
  ['~lr', { set_params: ['~lr'] }],
  ['params.yaml:seed=1', { set_params: ['params.yaml:seed=1'] }],
])('takes -S %s', async (text, expected) => {
  const at = await start();
  expect(await cli(at.home, ['duplicate', '14', '-S', text])).toMatchObject({ exitCode: 0, err: '' });
  expect(sent(at)).toMatchObject(expected);
});

it('takes a new one that the new command names', async () => {
  const at = await start();
  const argv = ['duplicate', '14', '-S', 'seed=1', '--', 'python', 'train.py', '{seed}'];
  expect(await cli(at.home, argv)).toMatchObject({ exitCode: 0 });
  expect(sent(at)).toMatchObject({ hyperparameters: { seed: 1 } });
});
