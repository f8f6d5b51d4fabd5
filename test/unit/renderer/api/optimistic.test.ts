import { expect, test } from 'vitest';
import { stepMove } from '../../../../renderer/api/optimistic.ts';
import { makeTrial } from '../../../fakes/trial.ts';

const line = [
  makeTrial({ id: 1 }),
  makeTrial({ id: 2, state: 'paused' }),
  makeTrial({ id: 3, state: 'paused' }),
  makeTrial({ id: 4 }),
  makeTrial({ id: 5 }),
];
const step = (ids: number[], direction: -1 | 1) => stepMove(line, new Set(ids), direction)?.to ?? null;

test('a step goes over the trials that are shown in another section', () => {
  expect(step([4], -1)).toEqual({ place: 'ahead', anchorId: 1 });
  expect(step([1], 1)).toEqual({ place: 'behind', anchorId: 4 });
  expect(step([3], -1)).toEqual({ place: 'ahead', anchorId: 2 });
});

test('several step together, over the neighbour of the outermost; at the end there is nothing to step over', () => {
  expect(step([4, 1], 1)).toEqual({ place: 'behind', anchorId: 5 });
  expect(stepMove(line, new Set([5, 4]), -1)?.moved.map((trial) => trial.id)).toEqual([4, 5]);
  expect(step([1], -1)).toBeNull();
  expect(step([3], 1)).toBeNull();
});
