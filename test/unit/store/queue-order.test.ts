/** The line as SQLite sorts it is the line as everybody else sorts it. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { generateKeyBetween } from 'fractional-indexing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareInLine } from '../../../electron/contract/queue-order.ts';
import { ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { endOfLine, insertTrial, readLiveTrials, neighbourInLine, readLine } from '../../../electron/store/trials.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-order-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Ranks as moves make them: digits, then capitals, then small letters, which no dictionary sorts so. */
const movedRanks = fc.array(fc.nat(), { minLength: 1, maxLength: 30 }).map((cuts) => {
  const known: string[] = [];
  for (const cut of cuts) {
    const at = cut % (known.length + 1);
    known.splice(at, 0, generateKeyBetween(known[at - 1] ?? null, known[at] ?? null));
  }
  return known;
});
/** Several of each, so that the order of submission has to decide. */
const equalRanks = fc.array(fc.constantFrom('Zz', 'a0', 'a0V', 'a0v'), { minLength: 1, maxLength: 30 });

test('the database and the comparator agree on every line', () => {
  fc.assert(
    fc.property(
      fc.oneof(movedRanks, equalRanks),
      fc.array(fc.constantFrom(1, 2, 10, 42, 42, 99), { minLength: 31, maxLength: 31 }),
      fc.array(fc.constantFrom('queued' as const, 'paused' as const), { minLength: 31, maxLength: 31 }),
      (lineRanks, priorities, states) => {
        const { db } = store;
        db.exec('DELETE FROM trial; DELETE FROM experiment;');
        const experimentId = insertExperiment(db, {
          name: 'e',
          config: {} as never,
          sealedEnv: null,
          sourceDir: null,
          snapshot: null,
          inPlace: false,
          createdAtMs: 0,
          idempotencyKey: null,
        });
        const places = lineRanks.map((rank, index) => {
          const row = makeTrialRow({
            experimentId,
            poolId: 'workstation',
            rank,
            priority: priorities[index] as number,
          });
          return { id: insertTrial(db, { ...row, state: states[index] as 'queued' }), priority: row.priority, rank };
        });
        const line = places.toSorted(compareInLine);
        const ids = line.map(({ id }) => id);
        expect(readLine(db, 'workstation', 0, 100).map(({ id }) => id)).toEqual(ids);
        expect([...readLiveTrials(db)].flat().map(({ id }) => id)).toEqual(ids);
        const none = new Set<number>();
        expect(endOfLine(db, 'workstation', 'first', none)?.id).toBe(ids[0]);
        expect(endOfLine(db, 'workstation', 'last', none)?.id).toBe(ids.at(-1));
        line.forEach((place, index) => {
          expect(neighbourInLine(db, 'workstation', place, 'ahead', none)?.id).toBe(ids[index - 1]);
          expect(neighbourInLine(db, 'workstation', place, 'behind', none)?.id).toBe(ids[index + 1]);
        });
      },
    ),
    { numRuns: 60 },
  );
});
