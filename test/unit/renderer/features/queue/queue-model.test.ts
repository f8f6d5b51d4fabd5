import { describe, expect, test } from 'vitest';
import {
  buildQueue,
  gapAt,
  gapTop,
  landingAt,
  openSweepKey,
  ROW_PX,
  SECTION_PX,
  withFolded,
} from '../../../../../renderer/features/queue/queue-model.ts';
import { makeTrial } from '../../../../fakes/trial.ts';

const NONE: ReadonlySet<string> = new Set();

/** #1 and #2 of priority 10, #3 to #5 of 42, #4 paused, #9 running. */
const yard = () => [
  makeTrial({ id: 9, state: 'running', startedAtMs: 1 }),
  makeTrial({ id: 5, rank: 'a4' }),
  makeTrial({ id: 4, rank: 'a3', state: 'paused' }),
  makeTrial({ id: 3, rank: 'a2' }),
  makeTrial({ id: 2, rank: 'a1', priority: 10 }),
  makeTrial({ id: 1, rank: 'a0', priority: 10 }),
  makeTrial({ id: 7, poolId: 'night' }),
];
const pick = (model: ReturnType<typeof buildQueue>, ...ids: number[]) =>
  model.line.filter((trial) => ids.includes(trial.id));

describe('the list of a pool', () => {
  test('has running, queued and paused trials in order, and places that count paused ones', () => {
    const model = buildQueue(yard(), 'workstation', NONE, false);
    expect(model.items.map((item) => (item.kind === 'section' ? item.section : item.id))).toEqual([
      'running',
      9,
      'queued',
      1,
      2,
      3,
      5,
      'paused',
      4,
    ]);
    expect(model.placeOf.get(5)).toBe(5);
    expect(model.placeOf.get(4)).toBe(4);
  });

  test('keeps the heading of a folded section and leaves archived trials out', () => {
    const trials = [
      ...yard(),
      makeTrial({ id: 11, state: 'done', archived: true }),
      makeTrial({ id: 12, state: 'done' }),
    ];
    const model = buildQueue(trials, 'workstation', new Set(['queued']), false);
    expect(model.items.map((item) => (item.kind === 'section' ? item.section : item.id))).toEqual([
      'running',
      9,
      'queued',
      'paused',
      4,
      'finished',
      12,
    ]);
    expect(buildQueue(trials, 'workstation', NONE, true).finished.map((trial) => trial.id)).toEqual([12, 11]);
  });

  test('a gap found at a height lies at that height', () => {
    const model = buildQueue(yard(), 'workstation', NONE, false);
    const queuedTop = 2 * SECTION_PX + ROW_PX;
    for (let index = 0; index <= 4; index += 1) {
      const gap = gapAt(model, queuedTop + index * ROW_PX + 5, false);
      expect(gap).toEqual({ section: 'queued', index });
      expect(gapTop(model, gap!)).toBe(queuedTop + index * ROW_PX);
    }
  });
});

describe('a drop', () => {
  test('between two priorities stays with the neighbour of its own', () => {
    const model = buildQueue(yard(), 'workstation', NONE, false);
    expect(landingAt(model, { section: 'queued', index: 2 }, pick(model, 5))).toEqual({
      to: { place: 'ahead', anchorId: 3 },
      place: 3,
      takesPriority: null,
    });
    expect(landingAt(model, { section: 'queued', index: 2 }, pick(model, 1))).toEqual({
      to: { place: 'behind', anchorId: 2 },
      place: 2,
      takesPriority: null,
    });
  });

  test('among another priority says which one it takes', () => {
    const model = buildQueue(yard(), 'workstation', NONE, false);
    expect(landingAt(model, { section: 'queued', index: 0 }, pick(model, 3, 5))).toEqual({
      to: { place: 'ahead', anchorId: 1 },
      place: 1,
      takesPriority: 10,
    });
  });

  test('where the trials already stand is no move', () => {
    const model = buildQueue(yard(), 'workstation', NONE, false);
    expect(landingAt(model, { section: 'queued', index: 0 }, pick(model, 1))).toBeNull();
    expect(landingAt(model, { section: 'queued', index: 1 }, pick(model, 1))).toBeNull();
    expect(landingAt(model, { section: 'queued', index: 2 }, pick(model, 1, 2))).toBeNull();
  });
});

describe('a sweep in the line', () => {
  const sweep = () => [
    makeTrial({ id: 1, rank: 'a0' }),
    ...[2, 3, 4].map((id) => makeTrial({ id, rank: `a${id}`, experimentId: 7, inSweep: `t${id}` })),
    makeTrial({ id: 5, rank: 'a5' }),
  ];

  test('is one row that stands for all of its trials, and opens', () => {
    const model = buildQueue(sweep(), 'workstation', NONE, false);
    const ids = (of: typeof model) => of.items.flatMap((item) => (item.kind === 'trial' ? [item.id] : []));
    expect(ids(model)).toEqual([1, 2, 5]);
    expect(model.items[model.indexOf.get(4)!]).toMatchObject({
      id: 2,
      place: 2,
      sweep: { ids: [2, 3, 4], isOpen: false },
    });
    expect([...withFolded(model, [2, 5])]).toEqual([2, 3, 4, 5]);
    const open = buildQueue(sweep(), 'workstation', new Set([openSweepKey(7)]), false);
    expect(ids(open)).toEqual([1, 2, 3, 4, 5]);
    expect([...withFolded(open, [2])]).toEqual([2]);
  });

  test('moves as one, and others move past it as one', () => {
    const model = buildQueue(sweep(), 'workstation', NONE, false);
    expect(landingAt(model, { section: 'queued', index: 3 }, pick(model, 2, 3, 4))).toMatchObject({
      to: { place: 'behind', anchorId: 5 },
      place: 3,
    });
    expect(landingAt(model, { section: 'queued', index: 2 }, pick(model, 1))).toMatchObject({
      to: { place: 'behind', anchorId: 4 },
      place: 4,
    });
    expect(landingAt(model, { section: 'queued', index: 1 }, pick(model, 5))).toMatchObject({
      to: { place: 'behind', anchorId: 1 },
      place: 2,
    });
  });
});
