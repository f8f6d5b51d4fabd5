/** Stopping what has not saved: a person is asked, a script is told, and nothing is asked where nothing is lost. */
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

const HOUR_MS = 3_600_000;
const running = (id: number, workedMs: number, fields: Partial<Trial> = {}): Trial =>
  makeTrial({
    id,
    name: 'resnet',
    state: 'running',
    attempt: 1,
    unsaved: { sinceMs: Date.now() - workedMs, untilMs: null, asksForStop: false },
    ...fields,
  });

async function start(...trials: Trial[]): Promise<FakeEngine> {
  engine = await startFakeEngine({
    'GET /trials': (_request, query) => {
      const found = trials.filter(({ state }) => state === query.get('state'));
      return { json: { trials: found, total: found.length } };
    },
    'POST /trials/actions': { json: { trialIds: [14], undoId: null, message: 'Done.' } },
  });
  return engine;
}
const acted = ({ seen }: FakeEngine): boolean =>
  seen.some(({ method, body }) => method === 'POST' && (body as { dryRun?: boolean }).dryRun !== true);

describe('a stop that loses work', () => {
  it.each([['pause'], ['cancel'], ['kill'], ['pool', 'move']])(
    '%s asks, and changes nothing without a yes',
    async (...verb) => {
      const at = await start(running(14, 10 * HOUR_MS));
      const argv = [...verb, '14', ...(verb.length > 1 ? ['night'] : [])];
      const refused = await cli(at.home, argv, { stdin: 'n\n', stdinIsTTY: true });
      expect(refused.exitCode).toBe(1);
      expect(refused.err).toContain('#14 resnet loses 10 h of work: it has never saved.');
      expect(refused.err).toContain('Nothing was changed.');
      expect(acted(at)).toBe(false);
      expect((await cli(at.home, argv, { stdin: 'y\n', stdinIsTTY: true })).exitCode).toBe(0);
      expect(acted(at)).toBe(true);
    },
  );
  it.each([['pause'], ['cancel'], ['kill'], ['pool', 'move']])(
    '%s tells of no loss, and asks nothing, where the engine refuses anyhow',
    async (...verb) => {
      engine = await startFakeEngine({
        'GET /trials': { json: { trials: [running(14, HOUR_MS)], total: 1 } },
        'POST /trials/actions': {
          status: 409,
          json: { status: 409, code: 'batch_refused', title: 'batch refused', detail: 'Nothing was changed: 1 of 2.' },
        },
      });
      const argv = [...verb, '13', '14', ...(verb.length > 1 ? ['night'] : [])];
      const refused = await cli(engine.home, argv, { stdin: 'y\n', stdinIsTTY: true });
      expect(refused.err).toContain('Nothing was changed: 1 of 2.');
      expect(refused.err).not.toContain('loses');
      expect(refused.out).not.toContain('all the same?');
      expect(acted(engine)).toBe(false);
    },
  );
  it('says that the directory is kept where the trial comes back', async () => {
    const { home } = await start(running(14, HOUR_MS));
    expect((await cli(home, ['pause', '14'], { stdin: 'n\n', stdinIsTTY: true })).err).toContain('directory is kept');
    expect((await cli(home, ['kill', '14'], { stdin: 'n\n', stdinIsTTY: true })).err).not.toContain(
      'directory is kept',
    );
  });
  it('tells a script and goes on; --yes says that it is meant', async () => {
    const at = await start(running(14, HOUR_MS));
    const script = await cli(at.home, ['pause', '14'], { stdin: '' });
    expect(script).toMatchObject({ exitCode: 0, out: 'Done.\n' });
    expect(script.err).toContain('#14 resnet loses 1 h of work: it has never saved.');
    const json = await cli(at.home, ['pause', '14', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ trialIds: [14] });
    expect(await cli(at.home, ['pause', '14', '--yes'])).toEqual({ exitCode: 0, out: 'Done.\n', err: '' });
  });
  it('asks nothing of others, of little, and of a program that saves when it is asked to stop', async () => {
    const asks = { sinceMs: Date.now() - HOUR_MS, untilMs: null, asksForStop: true };
    const at = await start(running(13, HOUR_MS), running(14, 20_000), running(15, 0, { unsaved: asks }));
    expect(await cli(at.home, ['pause', '14', '15'])).toEqual({ exitCode: 0, out: 'Done.\n', err: '' });
    expect((await cli(at.home, ['kill', '15'], { stdin: 'n\n', stdinIsTTY: true })).exitCode).toBe(1);
  });
  it('asks before a kill takes the rest of its grace period from a trial that saves', async () => {
    const at = await start(running(14, HOUR_MS, { state: 'stopping' }));
    expect((await cli(at.home, ['kill', '14'], { stdin: 'n\n', stdinIsTTY: true })).exitCode).toBe(1);
    expect((await cli(at.home, ['cancel', '14'])).exitCode).toBe(0);
  });
});
