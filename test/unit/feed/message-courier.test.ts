/** Messages that wait: queued with the end of a trial, sent in order for each channel, at least once, and never in anybody's way. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChannelBody } from '../../../electron/contract/messages.ts';
import {
  createMessageService,
  showTarget,
  type MessageService,
} from '../../../electron/api/services/message-service.ts';
import { createCourier, type Courier } from '../../../electron/feed/message-courier.ts';
import { DeliveryError, type Message } from '../../../electron/ports/messenger.ts';
import type { ChannelTarget } from '../../../electron/contract/messages.ts';
import { ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { rankBehind } from '../../../electron/queue/rank.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { MAX_WAITING, queueMessages } from '../../../electron/store/messages.ts';
import { getTrialRow, insertTrial } from '../../../electron/store/trials.ts';
import { openKeyFileBox } from '../../../native/secrets/key-file.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

let dir: string;
let store: Store;
let courier: Courier;
let service: MessageService;
let nowMs: number;
let raised: string[];
let sent: { readonly to: string; readonly message: Message }[];
/** What the other side does; by the address of the webhook. */
let answers: Record<string, () => Promise<void> | void>;

function open(): void {
  const secrets = openKeyFileBox(path.join(dir, 'secret.key'));
  courier = createCourier({
    store,
    secrets,
    clock: { nowMs: () => nowMs },
    engineId: 'e1',
    notices: { raise: ({ id }) => raised.push(id), lower: () => {} },
    onError: (text, error) => raised.push(`${text}: ${String(error)}`),
    messenger: {
      async deliver(target: ChannelTarget, message) {
        const to = target.kind === 'webhook' ? target.url : target.kind;
        await answers[to]?.();
        sent.push({ to, message });
      },
    },
  });
  service = createMessageService({ store, secrets, courier });
}
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-courier-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => nowMs });
  nowMs = 1_000_000;
  raised = [];
  sent = [];
  answers = {};
  ensureWorkstationPool(store, 8);
  open();
});
afterEach(() => {
  courier.close();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function addTrial(): number {
  return store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: null,
      createdAtMs: 0,
      idempotencyKey: null,
    });
    return insertTrial(tx.db, { ...makeTrialRow({ experimentId, name: 'vit' }), rank: rankBehind(null) });
  });
}
function end(id: number, kind: 'completed' | 'failed' | 'canceled' = 'failed', ranMs = 60_000): void {
  const row = getTrialRow(store.db, id);
  if (row === null) throw new Error('no such trial');
  const outcome = { kind, exitCode: kind === 'failed' ? 1 : 0, code: 'exit', message: 'exit code 1', remedy: null };
  store.transact('end', (tx) => {
    queueMessages(tx.db, { ...row, state: 'done', outcome, startedAtMs: nowMs - ranMs, endedAtMs: nowMs }, nowMs);
  });
  courier.nudge();
}
const hook = (name: string, more: Partial<ChannelBody> = {}): void => {
  service.putChannel(name, {
    target: { kind: 'webhook', url: `https://${name}/SECRET` },
    events: 'done',
    leastRanS: 0,
    ...more,
  });
};
const at = (name: string): string => `https://${name}/SECRET`;
const arrived = (count: number): Promise<void> =>
  vi.waitFor(() => {
    expect(sent).toHaveLength(count);
  }, 5_000);
const waiting = (): number => service.channels().reduce((sum, { waiting: n }) => sum + n, 0);

it('tells the channels that want it, with why and how long, and strikes it off', async () => {
  hook('all');
  hook('failures', { events: 'failed' });
  hook('long', { leastRanS: 120 });
  hook('asked', { events: 'asked' });
  const id = addTrial();
  end(id);
  await arrived(2);
  expect(sent.map(({ to }) => to).toSorted()).toEqual([at('all'), at('failures')]);
  expect(sent[0]?.message).toMatchObject({
    event: 'failed',
    trialId: id,
    title: `#${id} vit failed`,
    text: 'Failed after 1 min: exit code 1',
    id: expect.stringMatching(/^e1-\d+$/) as string,
  });
  await vi.waitFor(() => {
    expect(waiting()).toBe(0);
  });
  end(addTrial(), 'canceled');
  end(addTrial(), 'completed');
  await arrived(3);
  expect(sent[2]).toMatchObject({ to: at('all'), message: { text: 'Completed after 1 min.' } });
});

it('a trial names its own channels, or none', async () => {
  hook('all');
  hook('asked', { events: 'asked', leastRanS: 9_999 });
  const [named, quiet] = [addTrial(), addTrial()];
  expect(service.setTrialMessages(named, { channels: ['asked', 'asked'] })).toEqual({ channels: ['asked'] });
  service.setTrialMessages(quiet, { channels: [] });
  expect(service.trialMessages(named)).toEqual({ channels: ['asked'] });
  end(quiet);
  end(named);
  await arrived(1);
  expect(sent[0]?.to).toBe(at('asked'));
  expect(() => service.setTrialMessages(named, { channels: ['askd'] })).toThrow('Did you mean "asked"?');
  expect(() => service.setTrialMessages(999, { channels: null })).toThrow('There is no trial #999');
});

it('one that hangs holds up no other; what was not taken is sent by the next engine, with the same id', async () => {
  hook('hangs');
  hook('works');
  let tried = 0;
  answers[at('hangs')] = () => {
    tried++;
    return new Promise<void>(() => {});
  };
  const id = addTrial();
  end(id);
  await arrived(1);
  end(addTrial());
  await arrived(2);
  expect(tried).toBe(1);
  courier.close();
  answers = {};
  open();
  courier.nudge();
  await arrived(4);
  const again = sent.slice(2).map(({ to, message }) => [to, message.trialId]);
  expect(again).toEqual([
    [at('hangs'), id],
    [at('hangs'), id + 1],
  ]);
  await vi.waitFor(() => {
    expect(waiting()).toBe(0);
  });
});

it('tries again later, keeps the order, gives up at last and says so', async () => {
  hook('away');
  let tried = 0;
  answers[at('away')] = () => {
    tried++;
    throw new DeliveryError('The webhook could not be reached (ECONNREFUSED).', true);
  };
  end(addTrial());
  end(addTrial());
  for (const [count, pauseMs] of [
    [1, 10_000],
    [2, 60_000],
    [3, 300_000],
    [4, 1_800_000],
  ] as const) {
    await vi.waitFor(() => {
      expect(tried).toBe(count);
    });
    await vi.waitFor(() => {
      expect(service.channels()[0]?.lastError?.atMs).toBe(nowMs);
    });
    nowMs += pauseMs - 1;
    courier.nudge();
    await expect(
      vi.waitFor(() => {
        expect(tried).toBeGreaterThan(count);
      }, 150),
    ).rejects.toThrow();
    nowMs += 1;
    courier.nudge();
  }
  await vi.waitFor(() => {
    expect(raised).toEqual(['message_away']);
  });
  expect(service.channels()[0]).toMatchObject({
    waiting: 1,
    lastError: { message: expect.stringContaining('ECONNREFUSED') as string },
  });
});

it('a test says whether it was taken; when it was, what waits goes too', async () => {
  hook('phone');
  answers[at('phone')] = () => {
    throw new DeliveryError('The webhook refused the message (403).', false, 'Check its token.');
  };
  expect(await service.testChannel('phone')).toEqual({
    ok: false,
    detail: 'The webhook refused the message (403).',
    remedy: 'Check its token.',
  });
  answers = {};
  expect(await service.testChannel('phone')).toMatchObject({ ok: true });
  expect(sent[0]?.message.event).toBe('test');
  await expect(service.testChannel('phon')).rejects.toMatchObject({ code: 'not_found' });
  service.deleteChannel('phone');
  expect(service.channels()).toEqual([]);
  expect(() => {
    service.deleteChannel('phone');
  }).toThrow('There is no channel "phone".');
});

it('at most a thousand wait: the oldest go, and the channel says so', () => {
  hook('all');
  courier.close();
  const id = addTrial();
  for (let n = 0; n < MAX_WAITING + 5; n++) end(id);
  expect(service.channels()[0]).toMatchObject({
    waiting: MAX_WAITING,
    lastError: { message: expect.stringContaining('oldest were dropped') as string },
  });
});

it('addresses and tokens are in no answer and not in the database', () => {
  const targets: ChannelTarget[] = [
    { kind: 'webhook', url: 'https://chat.example/services/SECRET?token=SECRET' },
    { kind: 'ntfy', url: 'https://ntfy.example/SECRET', token: 'SECRET' },
    { kind: 'command', command: 'curl -H "Authorization: SECRET" https://x.example' },
  ];
  for (const [n, target] of targets.entries()) service.putChannel(`c${n}`, { target, events: 'done', leastRanS: 0 });
  expect(JSON.stringify(service.channels())).not.toContain('SECRET');
  expect(service.channels().map(({ shown }) => shown)).toEqual([
    'https://chat.example/…',
    'https://ntfy.example/…',
    'curl …',
  ]);
  expect(showTarget({ kind: 'command', command: '$(x) SECRET' })).toBe('…');
  store.db.pragma('wal_checkpoint(TRUNCATE)');
  expect(readFileSync(path.join(dir, 'switchyard.db')).includes('SECRET')).toBe(false);
});
