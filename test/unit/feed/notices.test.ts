import { expect, it } from 'vitest';
import { createNotices } from '../../../electron/feed/notices.ts';

it('tells of a notice when it comes, when it says something else and when it goes, and not in between', () => {
  let nowMs = 1;
  const told: string[][] = [];
  const notices = createNotices(
    () => nowMs,
    (list) => told.push(list.map(({ id, text }) => `${id}: ${text}`)),
  );
  const raise = (text: string): void => notices.raise({ id: 'a', level: 'warning', text, remedy: null });
  raise('low');
  nowMs = 2;
  raise('low');
  raise('lower');
  expect(notices.list()).toMatchObject([{ text: 'lower', sinceMs: 1 }]);
  notices.lower('a');
  notices.lower('a');
  expect(told).toEqual([['a: low'], ['a: lower'], []]);
});
