import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { insertAttempt } from '../../../../electron/store/attempts.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { getTrialRow, insertTrial, type TrialRow } from '../../../../electron/store/trials.ts';
import {
  createTrialChanges,
  type ChangeTrials,
  type TrialChanges,
} from '../../../../electron/trials/life/change-trials.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let dir: string;
let store: Store;
let changes: TrialChanges;
let happened: string[];
let faults: unknown[];

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-changes-'));
  happened = [];
  faults = [];
  store = openStore(path.join(dir, 'switchyard.db'), {
    nowMs: () => 1000,
    onListenerError: (error) => {
      faults.push(error);
    },
  });
  ensureWorkstationPool(store, 8);
  changes = createTrialChanges(store, (_text, error) => {
    faults.push(error);
  });
  changes.performWith((effects) => {
    for (const { trialId, effect } of effects) happened.push(`${effect} #${trialId}`);
  });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(): number {
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
    return insertTrial(tx.db, { ...makeTrialRow({ experimentId }), rank: 'a0' });
  });
}
const row = (id: number): TrialRow => getTrialRow(store.db, id) as TrialRow;

function start(id: number): void {
  changes.changeTrials('start', ({ tx, fire }) => {
    const fired = fire(row(id), { type: 'start' });
    if ('refused' in fired) throw new Error(fired.refused);
    insertAttempt(tx.db, {
      trialId: id,
      number: fired.trial.attempt,
      key: `t${id}-a${fired.trial.attempt}`,
      runtime: 'process',
      slots: [],
      tokenHash: '',
      createdAtMs: 0,
      progressAtStart: 0,
    });
  });
}

test('what follows is performed after the commit and its listeners: listeners, own steps, effects', () => {
  const id = add();
  store.onCommit(() => {
    happened.push(`heard ${row(id).state}`);
  });
  const answer = changes.changeTrials('start', ({ fire, afterCommit }) => {
    afterCommit(() => {
      happened.push(`step, ${store.db.inTransaction ? 'too early' : row(id).state}`);
    });
    fire(row(id), { type: 'start' });
    happened.push('work done');
    return 'answer';
  });
  expect(answer).toBe('answer');
  expect(happened).toEqual(['work done', 'heard starting', 'step, starting', `launch #${id}`]);
});

test('work that throws leaves nothing, and nothing follows', () => {
  const id = add();
  expect(() =>
    changes.changeTrials('start', ({ fire, afterCommit }) => {
      afterCommit(() => {
        happened.push('step');
      });
      fire(row(id), { type: 'start' });
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(row(id).state).toBe('queued');
  expect(happened).toEqual([]);
});

test('an event that is illegal now says why and writes nothing', () => {
  const id = add();
  const before = row(id);
  expect(changes.changeTrials('unfreeze', ({ fire }) => fire(row(id), { type: 'unfreeze' }))).toMatchObject({
    refused: expect.any(String),
  });
  expect(row(id)).toEqual(before);
  expect(happened).toEqual([]);
});

test('a listener that throws after the commit drops no launch', () => {
  const id = add();
  const broken = new Error('the feed is broken');
  store.onCommit(() => {
    throw broken;
  });
  start(id);
  expect(row(id).state).toBe('starting');
  expect(happened).toEqual([`launch #${id}`]);
  expect(faults).toEqual([broken]);
});

test('a step or an effect that throws is reported; the rest follows and the caller goes on', () => {
  const [a, b] = [add(), add()];
  const broken = new Error('no such trial in memory');
  changes.changeTrials('start', ({ fire, afterCommit }) => {
    afterCommit(() => {
      throw broken;
    });
    fire(row(a), { type: 'start' });
  });
  expect(happened).toEqual([`launch #${a}`]);
  changes.performWith(() => {
    throw broken;
  });
  start(b);
  expect(row(b).state).toBe('starting');
  expect(faults).toEqual([broken, broken]);
});

test('before somebody performs effects no change is taken: none could be forgotten', () => {
  const id = add();
  const early = createTrialChanges(store, () => undefined);
  expect(() => early.changeTrials('start', ({ fire }) => fire(row(id), { type: 'start' }))).toThrow(/performs effects/);
  expect(row(id).state).toBe('queued');
});

test('on a full disk what happened and what people ask is saved from the reserve, and followed once; what takes more is refused', () => {
  const id = add();
  store.close();
  let rooms = 1;
  let pages = 0;
  store = openStore(path.join(dir, 'switchyard.db'), {
    nowMs: () => 1000,
    makeRoom: () => {
      rooms -= 1;
      if (rooms >= 0) store.db.pragma(`max_page_count = ${pages + 100}`);
      return rooms >= 0;
    },
  });
  changes = createTrialChanges(store, (_text, error) => {
    faults.push(error);
  });
  changes.performWith((effects) => {
    for (const { effect } of effects) happened.push(effect);
  });
  store.db.pragma('wal_checkpoint(TRUNCATE)');
  pages = store.db.pragma('page_count', { simple: true }) as number;
  store.db.pragma(`max_page_count = ${pages}`);
  const start = (): void => {
    const change: Parameters<ChangeTrials>[1] = ({ tx, fire, afterCommit }) => {
      const row = getTrialRow(tx.db, id) as TrialRow;
      fire(row, { type: 'start' });
      afterCommit(() => happened.push('step'));
      tx.emit({ type: 'test', trialId: id, text: 'x'.repeat(50_000) });
    };
    changes.changeTrials('must', change);
  };
  expect(() =>
    changes.startSoon('may', ({ tx }) => {
      tx.emit({ type: 'test', trialId: id, text: 'x'.repeat(50_000) });
    }),
  ).toThrow(/full/);
  expect([rooms, happened]).toEqual([1, []]);
  start();
  expect(rooms).toBe(0);
  expect(happened).toEqual(['step', 'launch']);
  expect(getTrialRow(store.db, id)?.state).toBe('starting');
});
